package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotgcall/internal/leak"
)

// film makes a short film, so that the tests do not take long.
func film(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatalf("%v; make test installs it", err)
	}
	path := filepath.Join(t.TempDir(), "film.mkv")
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x90:r=10:d=3", "-f", "lavfi", "-i", "sine=d=3:r=48000",
		"-c:v", "mpeg4", "-c:a", "aac", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func TestAFilmIsPushedWithSeekPauseMuteAndSwitch(t *testing.T) {
	leak.Check(t)
	name, recorded := film(t), filepath.Join(t.TempDir(), "got.flv")
	var out, complaint bytes.Buffer
	code := run(t.Context(), []string{"-o", recorded, "-seek", "-1s", "-pause", "-mute", "-switch", name, name}, &out, &complaint)
	if code != exitGood || complaint.Len() > 0 {
		t.Errorf("exit code %d, %s", code, &complaint)
	}
	for _, part := range []string{
		"the connection is connected", "SeekBy -1s", "Mute", "Unmute", "Pause", "Resume", "SetStreamSources", "the natural end of the video", "the natural end of the audio",
		"connections  1", "video        h264 1280x720, ", "audio        aac, ", "against the wall", recorded,
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, &out)
		}
	}
	if strings.Contains(out.String(), "/live/key") {
		t.Errorf("the stream key is shown:\n%s", &out)
	}
	if info, err := os.Stat(recorded); err != nil || info.Size() < 10_000 {
		t.Errorf("the recording is %v, %v", info, err)
	}
}

func TestAnInterruptedBroadcastEndsPolitely(t *testing.T) {
	leak.Check(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	name := film(t)
	var out, complaint bytes.Buffer
	code := run(ctx, []string{"-o", filepath.Join(t.TempDir(), "got.flv"), name}, writerFunc(func(b []byte) (int, error) {
		if bytes.HasSuffix(b, []byte(" s\n")) { // a second has passed
			interrupt()
		}
		return out.Write(b)
	}), &complaint)
	if s := out.String(); code != exitGood || !strings.Contains(s, "interrupted") || !strings.Contains(s, "wall time") || strings.Contains(s, "natural end") {
		t.Errorf("exit code %d\n%s%s", code, s, &complaint)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestWhatCannotBePushedIsToldInOneLineWithoutTheKey(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.mp4")
	if err := os.WriteFile(text, []byte("this is no film\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	name, key := film(t), "Planted5ecret"
	for what, args := range map[string][]string{
		"a flag that does not exist":  {"-nonsense"},
		"two films":                   {name, "rtmp://example.com/live/" + key},
		"a missing film":              {filepath.Join(dir, "none.mp4")},
		"a missing one to switch to":  {"-switch", filepath.Join(dir, "none.mp4"), name},
		"a text":                      {"-o", filepath.Join(dir, "got.flv"), text},
		"the film as the recording":   {"-o", name, name},
		"a recording in no folder":    {"-o", filepath.Join(dir, "none", "got.flv"), name},
		"no RTMP":                     {"-to", "https://example.com/live/" + key, name},
		"an address without its path": {"-to", "rtmp://" + key + "@example.com", name},
	} {
		var out, complaint bytes.Buffer
		code := run(t.Context(), args, &out, &complaint)
		if code != exitUnusable || strings.Count(complaint.String(), "\n") != 1 || !strings.HasPrefix(complaint.String(), "rtmp: ") {
			t.Errorf("%s: exit code %d and %q", what, code, complaint.String())
		}
		if strings.Contains(out.String()+complaint.String(), key) {
			t.Errorf("%s: the key is shown: %s%s", what, &out, &complaint)
		}
	}
	if info, err := os.Stat(name); err != nil || info.Size() == 0 {
		t.Errorf("the film is gone: %v", err)
	}
}

func TestARecordingThatIsNotWhatWasSentIsAFailure(t *testing.T) {
	name := film(t)
	b := &broadcast{show: &bytes.Buffer{}, connections: 1}
	b.stop = b.begin.Add(30e9)
	err := readBack(t.Context(), name, b)
	if err == nil || !strings.Contains(err.Error(), "the video is -27") || !strings.Contains(err.Error(), "the audio is -2") {
		t.Errorf("a film of 3s after 30s says %v", err)
	}
	b.stop, b.connections = b.begin.Add(3e9), 2
	if err := readBack(t.Context(), name, b); err == nil || !strings.Contains(err.Error(), "2 connections") {
		t.Errorf("two connections say %v", err)
	}
	b.connections = 1
	if err := readBack(t.Context(), name, b); err != nil {
		t.Errorf("a good one says %v", err)
	}
}
