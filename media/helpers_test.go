package media

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/ffmpeg"
)

const (
	song       = "../testdata/song.mp3"
	songLength = 20 * time.Second
	// A codec begins and ends a little off the sample.
	tolerance = 60 * time.Millisecond
	// patience is a guard against hanging, not an expectation.
	patience = 60 * time.Second
)

// ffmpegPath is the real ffmpeg.
func ffmpegPath(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("these tests play with the real ffmpeg, which is not in PATH: make test installs it")
	}
	return path
}

// encode makes a file with the real ffmpeg and returns its path.
func encode(t testing.TB, name string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	args = append(append([]string{"-nostdin", "-v", "error", "-y"}, args...), out)
	if text, err := exec.Command(ffmpegPath(t), args...).CombinedOutput(); err != nil {
		t.Fatalf("making %s: %v: %s", name, err, text)
	}
	return out
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// open opens a source and closes it at the end of the test.
func open(t testing.TB, ctx context.Context, s Source) *Streams {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	streams, err := s.Open(ctx)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := streams.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return streams
}

// listen reads a leg to its end and returns how long it played. At the natural end the error is nil.
func listen(audio io.Reader) (time.Duration, error) {
	d := demux.NewOgg(audio)
	var ticks int64
	for {
		f, err := d.Next()
		switch {
		case err == io.EOF:
			return time.Duration(ticks) * time.Second / 48000, nil
		case err != nil:
			return time.Duration(ticks) * time.Second / 48000, err
		}
		ticks += f.Duration
	}
}

// plays fails the test unless the source plays for about as long as expected.
func plays(t *testing.T, ctx context.Context, s Source, want time.Duration) {
	t.Helper()
	got, err := listen(open(t, ctx, s).Audio)
	if err != nil {
		t.Fatalf("played %v, then: %v", got, err)
	}
	if (got - want).Abs() > tolerance {
		t.Errorf("played %v, expected %v", got, want)
	}
}

// fails returns the error with which a source fails before its first byte, from Open or from Read.
func fails(t *testing.T, ctx context.Context, s Source) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	streams, err := s.Open(ctx)
	if err != nil {
		if streams != nil {
			t.Errorf("Open returned streams and the error %v", err)
		}
		return err
	}
	defer streams.Close()
	b := make([]byte, 1)
	n, err := streams.Audio.Read(b)
	if n > 0 || err == nil {
		t.Fatalf("Read returned %d bytes and %v, expected an error", n, err)
	}
	if _, again := streams.Audio.Read(b); !errors.Is(again, err) {
		t.Errorf("the next Read returned %v, after %v", again, err)
	}
	return err
}

// mustBe fails the test unless err is the sentinel and its text has all parts.
func mustBe(t *testing.T, err, sentinel error, parts ...string) {
	t.Helper()
	if !errors.Is(err, sentinel) {
		t.Errorf("the error is %v, expected %v", err, sentinel)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error does not say %q: %v", p, err)
		}
	}
}

// stub makes an executable that plays ffmpeg, of a shell script.
func stub(t *testing.T, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not run scripts as programs")
	}
	path := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// countingRunner counts what it starts.
type countingRunner struct {
	*ffmpeg.Runner
	t       *testing.T
	records *countingHandler
}

func counting(t *testing.T) countingRunner {
	t.Helper()
	h := &countingHandler{}
	r := ffmpeg.New(ffmpeg.Config{Logger: slog.New(h)})
	t.Cleanup(func() { r.Close() })
	return countingRunner{r, t, h}
}

// expectNone fails the test if anything was started.
func (r countingRunner) expectNone() {
	r.t.Helper()
	if n := r.records.n.Load(); n != 0 {
		r.t.Errorf("a process was started: %d log records", n)
	}
}

// countingHandler is a log that counts. A Runner logs every start.
type countingHandler struct{ n, starts atomic.Int64 }

func (h *countingHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *countingHandler) Handle(_ context.Context, r slog.Record) error {
	h.n.Add(1)
	if r.Message == "program started" {
		h.starts.Add(1)
	}
	return nil
}

func (h *countingHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *countingHandler) WithGroup(string) slog.Handler      { return h }

// endsWithItsContext opens a source that gives nothing and expects its Read to return when the context is cancelled. What precedes the
// cancellation may be given.
func endsWithItsContext(t *testing.T, s Source, before ...func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	streams, err := s.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer streams.Close()
	read := make(chan error, 1)
	go func() {
		_, err := streams.Audio.Read(make([]byte, 1))
		read <- err
	}()
	for _, f := range before {
		f()
	}
	select {
	case err := <-read:
		t.Fatalf("Read returned before the end: %v", err)
	default:
	}
	cancel()
	select {
	case err := <-read:
		if !errors.Is(err, context.Canceled) && !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read returned %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Read goes on after the cancellation")
	}
}

func contextWithCause(t *testing.T, cause error) (context.Context, func()) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	return ctx, func() { cancel(cause) }
}
