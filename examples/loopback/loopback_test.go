package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gotgcall/internal/score"
)

// makeSong writes so many seconds of the piece of package score as a WAV file.
func makeSong(t *testing.T, seconds int) string {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatalf("%v; make test installs it", err)
	}
	pcm := score.Samples(0, int64(seconds)*score.Rate)
	size := uint32(2 * len(pcm))
	b := []byte("RIFF")
	b = binary.LittleEndian.AppendUint32(b, 36+size)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00"...) // PCM, two channels
	b = binary.LittleEndian.AppendUint32(b, score.Rate)
	b = binary.LittleEndian.AppendUint32(b, 4*score.Rate)
	b = append(b, "\x04\x00\x10\x00data"...) // bytes a frame, bits a sample
	b = binary.LittleEndian.AppendUint32(b, size)
	for _, v := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	path := filepath.Join(t.TempDir(), "song.wav")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASongIsPlayedAndMeasured(t *testing.T) {
	song, recorded := makeSong(t, 3), filepath.Join(t.TempDir(), "got.ogg")
	var out, steps bytes.Buffer
	if code := demo(t.Context(), []string{"-json", "-v", "-o", recorded, song}, &out, &steps); code != exitGood {
		t.Fatalf("exit code %d\n%s\n%s", code, out.String(), steps.String())
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	number := func(path string) float64 {
		var v any = got
		for _, name := range strings.Split(path, ".") {
			v = v.(map[string]any)[name]
		}
		n, ok := v.(float64)
		if !ok {
			t.Errorf("%s is %v, want a number", path, v)
		}
		return n
	}
	if v := got["violations"].([]any); len(v) > 0 {
		t.Errorf("violations %v", v)
	}
	if n := number("packets.received"); n < 150 || n > 152 || number("packets.sent") != n || number("packets.lost") != 0 {
		t.Errorf("packets %v, want 150 or one or two more, none lost", got["packets"])
	}
	for _, path := range []string{
		"connect_ms", "song_seconds_by_ffmpeg", "first_packet.after_connect_ms", "rtp_interarrival.p50_ms", "bare_ticker_interarrival.p50_ms",
		"rtp_interarrival.p99_ms", "longest_gap.length_ms", "recording.seconds_by_ffmpeg", "packets.sender_reports",
	} {
		if number(path) <= 0 {
			t.Errorf("%s is %v", path, number(path))
		}
	}
	if least, most := number("drift.min_ms"), number("drift.max_ms"); least > 0 || most < 0 || max(-least, most) > 1000 {
		t.Errorf("drift %v, want 0 within it, and no more than the second that would be a violation", got["drift"])
	}
	if notes := got["recording"].(map[string]any)["notes"]; !strings.HasPrefix(notes.(string), "all ") {
		t.Errorf("notes: %v", notes)
	}
	if info, err := os.Stat(recorded); err != nil || info.Size() < 10_000 {
		t.Errorf("the recording is %v, %v", info, err)
	}
	if s := steps.String(); !strings.Contains(s, `"ufrag"`) || !strings.Contains(s, `"transport"`) || !strings.Contains(s, "OnStreamEnd") {
		t.Errorf("the steps lack the texts or the end:\n%s", s)
	}
}

func TestPauseSwitchAndLossAreReported(t *testing.T) {
	song := makeSong(t, 2)
	s := settings{song: song, next: song, pause: true, loss: 0.2, recording: filepath.Join(t.TempDir(), "got.ogg")}
	var steps, table bytes.Buffer
	r, err := run(t.Context(), s, newScreen(&steps, false))
	if err != nil {
		t.Fatalf("%v\n%s", err, steps.String())
	}
	if err := r.print(&table); err != nil {
		t.Fatal(err)
	}
	if r.Pause == nil || r.Change == nil || r.Packets.Lost == 0 || r.Packets.Lost > r.Packets.LostOnPurpose || len(r.Violations) > 0 {
		t.Errorf("pause %v, switch %v, packets %+v, violations %q", r.Pause, r.Change, r.Packets, r.Violations)
	}
	if p := r.Pause; p != nil && (p.Before <= 0 || p.Heard <= 0 || p.Heard > p.Before+maxPositionError || p.Restart <= 0) {
		t.Errorf("pause %+v, want about as much heard as the position says, less what was lost, and a packet after it", *p)
	}
	if len(r.Failures) > 0 {
		t.Errorf("failures %q", r.Failures)
	}
	for _, row := range []string{"pause ", "switch ", "bare ticker ", "on purpose", "verdict "} {
		if !strings.Contains(table.String(), row) {
			t.Errorf("no %q in\n%s", row, table.String())
		}
	}
}

func TestAnInterruptedSongHasASummary(t *testing.T) {
	song := makeSong(t, 20)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var steps, out bytes.Buffer
	code := demo(ctx, []string{"-o", filepath.Join(t.TempDir(), "got.ogg"), song}, writerFunc(func(b []byte) (int, error) {
		if bytes.Contains(b, []byte("SetStreamSources plays")) {
			interrupt()
		}
		return out.Write(b)
	}), &steps)
	if code != exitGood && !strings.Contains(out.String(), "nothing arrived") {
		t.Errorf("exit code %d\n%s%s", code, out.String(), steps.String())
	}
	if s := out.String(); !strings.Contains(s, "interrupted") || !strings.Contains(s, "verdict") {
		t.Errorf("no summary in %q", s)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestWhatCannotBePlayedIsToldInOneLine(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.mp3")
	if err := os.WriteFile(text, []byte("this is no song\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"a flag that does not exist": {"-nonsense"},
		"a missing file":             {filepath.Join(dir, "none.mp3")},
		"a text":                     {"-o", filepath.Join(dir, "got.ogg"), text},
		"nowhere to write":           {"-o", filepath.Join(dir, "none", "got.ogg"), text},
	} {
		var out, complaint bytes.Buffer
		code := demo(t.Context(), args, &out, &complaint)
		if code != exitUnusable || strings.Count(complaint.String(), "\n") != 1 || !strings.HasPrefix(complaint.String(), "loopback: ") {
			t.Errorf("%s: exit code %d and %q", name, code, complaint.String())
		}
	}
}
