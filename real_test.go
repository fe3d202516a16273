package gotgcall_test

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/demux"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/internal/leak"
	"gotgcall/internal/score"
	"gotgcall/sfutest"
)

// hang is the deadline of what must not hang. No test in this file depends on how fast the machine is.
const hang = 2 * time.Minute

// studio is a Client with real ffmpeg and a loopback Telegram over real UDP.
type studio struct {
	t      testing.TB
	server *sfutest.Server
	client *gotgcall.Client
	ends   chan error
}

// newStudio also checks, when the test is over, that nothing was left behind and nothing was violated.
func newStudio(t testing.TB, opts ...gotgcall.Option) *studio {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatalf("%v; make test installs it", err)
	}
	leak.Check(t)
	server, err := sfutest.NewServer(sfutest.WithTolerances(sfutest.Patient()), sfutest.WithJoinTimeout(hang))
	must(t, err)
	client, err := gotgcall.New(append([]gotgcall.Option{
		gotgcall.WithLoopback(), gotgcall.WithConnectTimeout(hang), gotgcall.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))),
	}, opts...)...)
	must(t, err)
	s := &studio{t: t, server: server, client: client, ends: make(chan error, 16)}
	client.OnStreamEnd(func(_ int64, _ gotgcall.StreamType, _ gotgcall.Device, err error) { s.ends <- err })
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		for _, v := range server.Violations() {
			t.Errorf("violation: %+v", v)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *studio) join(chat int64) *sfutest.Endpoint {
	s.t.Helper()
	params, err := s.client.CreateCall(chat)
	must(s.t, err)
	answer, err := s.server.Join(chat, params)
	must(s.t, err)
	must(s.t, s.client.Connect(chat, answer))
	return s.server.Endpoint(chat)
}

// end waits for the next OnStreamEnd and returns its error.
func (s *studio) end() error {
	s.t.Helper()
	select {
	case err := <-s.ends:
		return err
	case <-time.After(hang):
		s.t.Fatal("the end of the stream never came")
		return nil
	}
}

// heard decodes what the listener got.
func heard(t *testing.T, ep *sfutest.Endpoint) []int16 {
	t.Helper()
	var ogg, pcm bytes.Buffer
	must(t, ep.WriteOgg(&ogg))
	cmd := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1")
	cmd.Stdin, cmd.Stdout = &ogg, &pcm
	must(t, cmd.Run())
	samples := make([]int16, pcm.Len()/2)
	must(t, binary.Read(&pcm, binary.LittleEndian, samples))
	return samples
}

func TestAnMP3ArrivesNoteForNote(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	stats := ep.Stats(ep.AudioSSRC())
	if stats.Lost != 0 || stats.Duplicates != 0 {
		t.Errorf("%d packets were lost and %d came twice", stats.Lost, stats.Duplicates)
	}
	samples := heard(t, ep)
	length := time.Duration(len(samples)) * time.Second / 48000
	position, err := s.client.Time(1)
	must(t, err)
	want := durationOf(t, "testdata/song.mp3")
	if diff := (length - want).Abs(); diff > 40*time.Millisecond {
		t.Errorf("the listener got %s of a song of %s", length, want)
	}
	if diff := (time.Duration(position)*time.Millisecond - want).Abs(); diff > 40*time.Millisecond {
		t.Errorf("the position at the end is %d ms of a song of %s", position, want)
	}
	if diff := score.Diff(score.Notes(0, want), score.Detect(samples, 48000), 100*time.Millisecond); diff != "" {
		t.Error(diff)
	}
}

// durationOf decodes a file and measures it.
func durationOf(t *testing.T, path string) time.Duration {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-i", path, "-f", "s16le", "-ac", "1", "-ar", "48000", "pipe:1").Output()
	must(t, err)
	return time.Duration(len(out)/2) * time.Second / 48000
}

func TestOpusArrivesWithTheFilesDuration(t *testing.T) {
	if !apart(t) {
		return
	}
	f, err := os.Open("testdata/pages1s.ogg")
	must(t, err)
	defer func() { _ = f.Close() }()
	d := demux.NewOgg(f)
	var ticks int64
	for {
		frame, err := d.Next()
		if err != nil {
			break
		}
		ticks += frame.Duration
	}
	s := newStudio(t)
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/pages1s.ogg")))
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	want := time.Duration(ticks) * time.Second / 48000
	if got := time.Duration(len(heard(t, ep))) * time.Second / 48000; (got - want).Abs() > 60*time.Millisecond {
		t.Errorf("the listener got %s of %s", got, want)
	}
}

func TestBadFilesAreErrFileAndTheOldSongGoesOn(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.ogg")))
	dir := t.TempDir()
	text, empty := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "empty.mp3")
	must(t, os.WriteFile(text, []byte(strings.Repeat("this is not a song\n", 100)), 0o600))
	must(t, os.WriteFile(empty, nil, 0o600))
	for _, path := range []string{filepath.Join(dir, "missing.mp3"), dir, text, empty, "", "/dev/zero"} {
		err := s.client.SetStreamSources(1, gotgcall.FromFile(path))
		is(t, err, gotgcall.ErrFile)
		if err != nil && !strings.Contains(err.Error(), filepath.Base(path)) && path != "" {
			t.Errorf("the error does not name %q: %v", path, err)
		}
	}
	if err := s.end(); err != nil {
		t.Errorf("the old song ended with %v", err)
	}
	if got, want := time.Duration(len(heard(t, ep)))*time.Second/48000, durationOf(t, "testdata/song.ogg"); (got - want).Abs() > 40*time.Millisecond {
		t.Errorf("the listener got %s of the old song's %s", got, want)
	}
}

func TestStrangeNamesPlay(t *testing.T) {
	song, err := os.ReadFile("testdata/pages1s.ogg")
	must(t, err)
	dir := t.TempDir()
	t.Chdir(dir)
	s := newStudio(t)
	s.join(1)
	for _, name := range []string{"-x.ogg", "a:b.ogg", "%d.ogg", `"quoted" it's.ogg`, "new\nline.ogg", "concat:x|y", "pipe:0", "-", "x.m3u8 mix.ogg"} {
		must(t, os.WriteFile(name, song, 0o600))
		if err := s.client.SetStreamSources(1, gotgcall.FromFile(name)); err != nil {
			t.Errorf("%q does not play: %v", name, err)
		}
	}
}

func TestAShellCommandIsHeard(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromShell(`ffmpeg -i "testdata/song.mp3" -t 3`, gotgcall.TrackAudio)))
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(len(heard(t, ep))) * time.Second / 48000; (got - 3*time.Second).Abs() > 60*time.Millisecond {
		t.Errorf("the listener got %s, the command gives 3s", got)
	}
}

func TestStopLeavesNoProcessWhateverIsPlaying(t *testing.T) {
	s := newStudio(t)
	for chat := range int64(4) {
		s.join(chat)
		must(t, s.client.SetStreamSources(chat, gotgcall.FromFile("testdata/song.mp3")))
		must(t, s.client.Stop(chat))
	}
	select {
	case err := <-s.ends:
		t.Errorf("Stop caused an end: %v", err)
	default:
	}
}

// oggFile makes a file of so many Opus packets of 20 ms.
func oggFile(t *testing.T, packets int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "song.ogg")
	must(t, os.WriteFile(path, oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(packets, 960, 101))), 0o600))
	return path
}
