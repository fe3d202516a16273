//go:build unix

package media

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/models"
)

// strangeNames would each be something else than a file name to somebody.
var strangeNames = []string{
	"-", "-vn.mp3", "--", "a:b.mp3", "concat:x|y", "pipe:0", "file:x.mp3", "data:audio", "subfile,,start,0,end,9,,:x",
	"%03d.mp3", "%d.mp3", "*.mp3", "[a-z]?.mp3", "new\nline.mp3", "q'uo\"te`$(id).mp3", `back\slash.mp3`, " blanks .mp3", "x.m3u8 mix.mp3",
	"x.m3u8", "\xff\xfe.mp3", "~", "пісня.mp3", strings.Repeat("n", 251) + ".mp3",
}

func TestFilesOfStrangeNamesPlay(t *testing.T) {
	data := readFile(t, encode(t, "short.mp3", "-i", song, "-t", "0.5"))
	dir := t.TempDir()
	for _, name := range strangeNames {
		t.Run(name, func(t *testing.T) {
			path := dir + "/" + name
			writeFile(t, path, data)
			plays(t, t.Context(), FromFile(path), 500*time.Millisecond)
		})
	}
	t.Run("relative", func(t *testing.T) {
		t.Chdir(dir)
		for _, name := range strangeNames {
			plays(t, t.Context(), FromFile(name), 500*time.Millisecond)
		}
	})
}

func TestANamedPipePlays(t *testing.T) {
	leak.Check(t)
	fifo := filepath.Join(t.TempDir(), "pipe")
	makeFIFO(t, fifo)
	written := make(chan error, 1)
	go func() { written <- copyInto(fifo, song) }()
	plays(t, t.Context(), FromFile(fifo), songLength)
	if err := <-written; err != nil {
		t.Error(err)
	}
}

func TestANamedPipeNobodyWritesToEndsWithItsContext(t *testing.T) {
	leak.Check(t)
	fifo := filepath.Join(t.TempDir(), "pipe")
	makeFIFO(t, fifo)
	endsWithItsContext(t, FromFile(fifo))
}

func TestAFileThatMayNotBeReadIsRefused(t *testing.T) {
	dir, err := os.MkdirTemp("", "media") // its folders may be entered by everybody, unlike those of t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "secret.mp3")
	writeFile(t, path, readFile(t, song))
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t)
	_, err = FromFile(path).Open(t.Context())
	mustBe(t, err, models.ErrFile, path, "permissions")
	mustBe(t, err, syscall.EACCES)
}

func makeFIFO(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// copyInto writes a file into a named pipe, for which it waits.
func copyInto(fifo, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func TestAFilmFromANamedPipePlaysWithOneProcess(t *testing.T) {
	leak.Check(t)
	film := encode(t, "film.mkv", "-i", flashBeep, "-c", "copy") // a pipe cannot be sought in
	fifo := filepath.Join(t.TempDir(), "pipe")
	makeFIFO(t, fifo)
	written := make(chan error, 1)
	go func() { written <- copyInto(fifo, film) }()
	p := play(t, open(t, WithSeparateLegs(timeless(t)), FromFile(fifo, withPicture)))
	if p.audioErr != nil || p.videoErr != nil || len(p.audio) < 450 || len(p.video) != 300 {
		t.Errorf("%d and %d frames, %v, %v", len(p.audio), len(p.video), p.audioErr, p.videoErr)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

func TestWhatANamedPipeLacksCannotBeTriedAgain(t *testing.T) {
	leak.Check(t)
	fifo := filepath.Join(t.TempDir(), "pipe")
	makeFIFO(t, fifo)
	written := make(chan error, 1)
	go func() { written <- copyInto(fifo, song) }()
	_, err := FromFile(fifo, withPicture).Open(t.Context())
	mustBe(t, err, models.ErrFile, fifo, "no picture", "TrackAudio")
	<-written // a broken pipe, or nothing: the song may have fitted in
}

func TestAFilmNobodyWritesEndsWithItsContextWhileItIsOpened(t *testing.T) {
	leak.Check(t)
	fifo := filepath.Join(t.TempDir(), "pipe")
	makeFIFO(t, fifo)
	reason := errors.New("enough")
	ctx, cancel := contextWithCause(t, reason)
	started := make(chan struct{})
	h := &notingHandler{started: started}
	ctx = WithRunner(ctx, runner(t, ffmpeg.Config{Logger: slog.New(h)}))
	opened := make(chan error, 1)
	go func() {
		_, err := FromFile(fifo, withPicture).Open(ctx)
		opened <- err
	}()
	select {
	case <-started:
	case <-time.After(patience):
		t.Fatal("nothing was started")
	}
	cancel()
	select {
	case err := <-opened:
		mustBe(t, err, reason)
	case <-time.After(patience):
		t.Fatal("Open goes on after the cancellation")
	}
}

func TestAnOpenedFilmNobodyClosesIsGoneWithItsContext(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancel(timeless(t))
	if _, err := FromFile(flashBeep, withPicture).Open(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
}

func TestClosingAFilmEndsBothLegs(t *testing.T) {
	for name, ctx := range bothWays(t) {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			streams, err := FromFile(flashBeep, withPicture).Open(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := streams.Close(); err != nil {
				t.Error(err)
			}
			for _, leg := range []io.Reader{streams.Audio, streams.Video} {
				if _, err := io.Copy(io.Discard, leg); !errors.Is(err, os.ErrClosed) {
					t.Errorf("a leg ended with %v", err)
				}
			}
		})
	}
}

// notingHandler is a log that tells of its first record.
type notingHandler struct {
	started chan struct{}
	once    sync.Once
}

func (h *notingHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *notingHandler) Handle(context.Context, slog.Record) error {
	h.once.Do(func() { close(h.started) })
	return nil
}

func (h *notingHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *notingHandler) WithGroup(string) slog.Handler      { return h }
