package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

// runFFmpeg returns what ffmpeg says. What it leaves behind, a -report, goes with the test.
func runFFmpeg(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(ffmpegPath(t), args...)
	cmd.Dir = t.TempDir()
	text, _ := cmd.CombinedOutput() // it fails, that is what it is about
	return string(text)
}

// logBuffer is a log that may be written to by several goroutines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func loggingRunner(t *testing.T, to io.Writer) *ffmpeg.Runner {
	t.Helper()
	h := slog.NewTextHandler(to, &slog.HandlerOptions{Level: slog.LevelDebug})
	return runner(t, ffmpeg.Config{Logger: slog.New(h)})
}

func runner(t *testing.T, c ffmpeg.Config) *ffmpeg.Runner {
	t.Helper()
	r := ffmpeg.New(c)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("closing the runner: %v", err)
		}
	})
	return r
}

func TestAPartialCommandPlays(t *testing.T) {
	for _, line := range []string{
		"ffmpeg -i " + song,
		"ffmpeg -i '" + song + "' -b:a 64k -frame_duration 60",
		"ffmpeg\n  -i \"" + song + "\" \\\n  -map_metadata -1 -",
		ffmpegPath(t) + " -i " + song + " -ac 1 pipe:1",
	} {
		t.Run(line, func(t *testing.T) {
			leak.Check(t)
			plays(t, t.Context(), FromShell(line, TrackAudio), songLength)
		})
	}
}

func TestAnotherProgramIsLeftAsItIs(t *testing.T) {
	leak.Check(t)
	plays(t, t.Context(), FromShell("cat ../testdata/song.ogg", TrackAudio), 5*time.Second)
	s := open(t, t.Context(), FromShell(`printf '%s|' "" 'a b' $HOME *.mp3`, TrackVideo))
	if s.Audio != nil {
		t.Error("there is an audio leg")
	}
	if got, err := io.ReadAll(s.Video); err != nil || string(got) != "|a b|$HOME|*.mp3|" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPlainFFmpegIsTheClients(t *testing.T) {
	own := stub(t, "echo own")
	ctx := WithRunner(t.Context(), runner(t, ffmpeg.Config{Path: own}))
	if got, err := io.ReadAll(open(t, ctx, FromShell("ffmpeg -i x", TrackAudio)).Audio); err != nil || string(got) != "own\n" {
		t.Errorf("ffmpeg: %q, %v", got, err)
	}
	other := stub(t, "echo other")
	if got, err := io.ReadAll(open(t, ctx, FromShell(other+" -i x", TrackAudio)).Audio); err != nil || string(got) != "other\n" {
		t.Errorf("a path: %q, %v", got, err)
	}
}

func TestAPartialVideoCommandGivesIVF(t *testing.T) {
	leak.Check(t)
	s := open(t, t.Context(), FromShell("ffmpeg -f lavfi -i testsrc=d=1:s=64x64:r=10", TrackVideo))
	got, err := io.ReadAll(s.Video)
	if err != nil || !bytes.HasPrefix(got, []byte("DKIF\x00\x00\x20\x00VP80")) {
		t.Errorf("got %d bytes, %.16q, %v", len(got), got, err)
	}
}

func TestHowAProcessEnds(t *testing.T) {
	for name, c := range map[string]struct {
		source   Source
		script   string
		sentinel error
		not      error
		parts    []string
	}{
		"file, fails at once":        {FromFile(song), "echo 'no such luck' >&2; exit 3", models.ErrFile, models.ErrFFmpegCrashed, []string{song, "code 3", "no such luck"}},
		"URL, fails at once":         {FromURL("http://192.0.2.1/x"), "exit 3", models.ErrFile, models.ErrFFmpegCrashed, []string{"http://192.0.2.1/x", "code 3"}},
		"command, fails at once":     {FromShell("ffmpeg -i x", TrackAudio), "exit 3", models.ErrFFmpegCrashed, models.ErrFile, []string{"code 3"}},
		"file, fails later":          {FromFile(song), "echo OggS; exit 3", models.ErrFFmpegCrashed, models.ErrFile, []string{"code 3"}},
		"file, killed at once":       {FromFile(song), "kill -9 $$", models.ErrFFmpegCrashed, models.ErrFile, []string{"SIGKILL"}},
		"command, killed later":      {FromShell("ffmpeg -i x", TrackAudio), "echo OggS; kill -9 $$", models.ErrFFmpegCrashed, nil, []string{"SIGKILL"}},
		"file, nothing":              {FromFile(song), "echo 'not today' >&2", models.ErrFile, nil, []string{song, "nothing to play", "not today"}},
		"command, nothing":           {FromShell("ffmpeg -i x", TrackAudio), "exit 0", models.ErrFile, nil, []string{"FromShell", "nothing to play"}},
		"file, not even a word":      {FromFile(song), "exit 0", models.ErrFFmpegSpawn, models.ErrFile, []string{song, "WithFFmpegPath"}},
		"file, no encoder":           {FromFile(song), `echo "Unknown encoder 'libopus'" >&2; exit 1`, models.ErrFFmpegSpawn, models.ErrFile, []string{`"libopus"`, "install", "WithFFmpegPath"}},
		"command, no encoder":        {FromShell("ffmpeg -i x", TrackVideo), `echo "Unknown encoder 'libvpx'" >&2; exit 1`, models.ErrFFmpegSpawn, nil, []string{`"libvpx"`}},
		"URL, no answer":             {FromURL("http://192.0.2.1/x"), "echo 'http://192.0.2.1/x: Connection timed out' >&2; exit 1", models.ErrFile, nil, []string{"does not answer", "timed out"}},
		"URL, broken off":            {FromURL("http://192.0.2.1/x"), "echo OggS; echo 'http://192.0.2.1/x: Connection reset by peer' >&2", models.ErrFile, nil, []string{"broke off", "reset by peer"}},
		"URL, broken off, version 7": {FromURL("http://192.0.2.1/x"), "echo OggS; echo '[in#0/mp3 @ 0x5] Error during demuxing: Connection timed out' >&2", models.ErrFile, nil, []string{"broke off", "timed out"}},
		"URL, less than announced":   {FromURL("http://192.0.2.1/x"), "echo OggS; printf '[http @ 0x5] Stream ends prematurely at 5, should be 9\\nhttp://x: Input/output error\\n' >&2", models.ErrFile, nil, []string{"broke off", "5, should be 9"}},
		"URL, nothing announced":     {FromURL("http://192.0.2.1/x"), "echo OggS; printf '[http @ 0x5] Stream ends prematurely at 5, should be 18446744073709551615\\nhttp://x: Input/output error\\n' >&2", nil, nil, nil},
		"URL, complaint in between":  {FromURL("http://192.0.2.1/x"), "echo OggS; printf '[hls @ 0x5] Failed to open segment 1: Connection reset by peer\\n' >&2", nil, nil, nil},
		"file, natural end":          {FromFile(song), "echo OggS; echo 'x: Connection reset by peer' >&2", nil, nil, nil},
		"file, no program":           {FromFile(song), "", models.ErrFFmpegSpawn, nil, []string{"/nowhere/ffmpeg"}},
		"command, no program":        {FromShell("/nowhere/player x", TrackAudio), "", models.ErrFFmpegSpawn, nil, []string{"/nowhere/player"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/nowhere/ffmpeg"
			if c.script != "" {
				path = stub(t, c.script)
			}
			err := outcome(t, c.source, runner(t, ffmpeg.Config{Path: path}))
			if c.sentinel == nil {
				if err != nil {
					t.Errorf("the end was not natural: %v", err)
				}
				return
			}
			mustBe(t, err, c.sentinel, c.parts...)
			if c.not != nil && errors.Is(err, c.not) {
				t.Errorf("the error is %v too: %v", c.not, err)
			}
		})
	}
}

// outcome is the error a source ends with, nil for its natural end.
func outcome(t *testing.T, s Source, r *ffmpeg.Runner) error {
	t.Helper()
	streams, err := s.Open(WithRunner(t.Context(), r))
	if err != nil {
		return err
	}
	defer streams.Close()
	leg := streams.Audio
	if leg == nil {
		leg = streams.Video
	}
	_, err = io.Copy(io.Discard, leg)
	return err
}

func TestClosingEndsTheProcess(t *testing.T) {
	for name, given := range map[string]bool{"own runner": false, "runner of the context": true} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			ctx := t.Context()
			if given {
				ctx = WithRunner(ctx, runner(t, ffmpeg.Config{}))
			}
			s, err := FromShell("sleep 1000", TrackAudio).Open(ctx)
			if err != nil {
				t.Fatal(err)
			}
			read := make(chan error, 1)
			go func() {
				_, err := s.Audio.Read(make([]byte, 1))
				read <- err
			}()
			for range 2 {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}
			if err := <-read; !errors.Is(err, os.ErrClosed) {
				t.Errorf("Read returned %v", err)
			}
		})
	}
}

func TestACommandEndsWithItsContext(t *testing.T) {
	leak.Check(t)
	endsWithItsContext(t, FromShell("sleep 1000", TrackAudio))
}

func TestAStreamNobodyClosesIsGoneWithItsContext(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := FromShell("sleep 1000", TrackAudio).Open(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
}

func TestNothingIsOpenedInAnEndedContext(t *testing.T) {
	leak.Check(t)
	reason := errors.New("enough")
	ctx, cancel := contextWithCause(t, reason)
	cancel()
	for _, s := range []Source{FromFile(song), FromURL("http://192.0.2.1/"), FromShell("ffmpeg -i x", TrackAudio)} {
		if _, err := s.Open(ctx); !errors.Is(err, reason) {
			t.Errorf("%T: %v", s, err)
		}
	}
}

func TestOptionsReachACommandOnlyWhereItHasNone(t *testing.T) {
	ctx := WithOptions(t.Context(), EncodeOptions{AudioBitrateKbps: 64, AudioChannels: 1})
	ctx = WithRunner(ctx, runner(t, ffmpeg.Config{Path: stub(t, `printf '%s\n' "$@"`)}))
	got, err := io.ReadAll(open(t, ctx, FromShell("ffmpeg -i x -b:a 96k", TrackAudio)).Audio)
	if err != nil {
		t.Fatal(err)
	}
	expectPair(t, lines(got), "-b:a", "96k")
	expectPair(t, lines(got), "-ac", "1")
	if strings.Contains(string(got), "64k\n-ar") {
		t.Errorf("both bit rates are there: %q", got)
	}
	_, err = FromShell("ffmpeg -i x", TrackAudio).Open(WithOptions(t.Context(), EncodeOptions{AudioChannels: 3}))
	mustBe(t, err, models.ErrInvalidParams, "AudioChannels is 3")
}
