package gotgcall_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
)

// errClumsy is what clumsy code panics with.
var errClumsy = errors.New("a defect of the bot")

// trap is a reader that passes n bytes and then panics.
type trap struct {
	r io.Reader
	n int
}

func (r *trap) Read(p []byte) (int, error) {
	if r.n <= 0 {
		panic(errClumsy)
	}
	n, err := r.r.Read(p[:min(len(p), r.n)])
	r.n -= n
	return n, err
}

func clumsyAfter(n int) func(io.Reader) io.Reader {
	return func(r io.Reader) io.Reader { return &trap{r, n} }
}

// clumsyClose is a reader whose Close panics.
type clumsyClose struct{ io.Reader }

func (clumsyClose) Close() error { panic(errClumsy) }

// clumsySeek is a source that cannot be sought in without a panic.
type clumsySeek struct{ song }

func (clumsySeek) OpenAt(context.Context, time.Duration) (*media.Streams, error) { panic(errClumsy) }

// overlong is a reader that claims to have given more than there was room for.
type overlong struct{}

func (overlong) Read(p []byte) (int, error) { return len(p) + 1, nil }

func clumsyOpen(context.Context) error { panic(errClumsy) }

func TestASourceThatPanicsIsAnErrorAndTheOldSongGoesOn(t *testing.T) {
	t.Parallel()
	ogg := oggtest.Join(oggtest.Stream{}.Pages([]oggtest.Packet{oggtest.Opus(960, 101, 0)}))
	for name, source := range map[string]gotgcall.Source{
		"in its Open":                     song{packets: 50, open: clumsyOpen},
		"in its first Read":               song{packets: 50, reader: clumsyAfter(0)},
		"in the Read of FromReader":       gotgcall.FromReader(&trap{bytes.NewReader(ogg), 100}),
		"in a Read that gives more bytes": gotgcall.FromReader(overlong{}),
		"in the first track of a list":    gotgcall.NewPlaylist(song{packets: 50, open: clumsyOpen}),
		"behind Shared":                   gotgcall.Shared(song{packets: 50, open: clumsyOpen}),
	} {
		t.Run(name, func(t *testing.T) {
			var log lockedBuffer
			logger := gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))
			inFakeTimeWith(t, []gotgcall.Option{logger}, func(t *testing.T, w *world) {
				w.join(1)
				must(t, w.client.SetStreamSources(1, song{packets: 500}))
				time.Sleep(time.Second)
				err := w.client.SetStreamSources(1, source)
				is(t, err, gotgcall.ErrInternal)
				if !strings.Contains(err.Error(), "panicked") {
					t.Errorf("the error is «%v», expected that it tells of a panic", err)
				}
				time.Sleep(time.Minute)
				if n := len(w.records(1)); n != 500 {
					t.Errorf("%d packets of the old song arrived, expected 500", n)
				}
			})
			if text := log.String(); strings.Count(text, "a panic") != 1 || !strings.Contains(text, "goroutine ") {
				t.Errorf("the log has no stack, or several: %s", text)
			}
		})
	}
}

func TestASourceThatPanicsInTheMiddleEndsOnceWithTheCause(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		w.join(2)
		must(t, w.client.SetStreamSources(1, song{packets: 500, reader: clumsyAfter(30_000)}))
		must(t, w.client.SetStreamSources(2, song{packets: 500}))
		time.Sleep(time.Minute)
		synctest.Wait()
		ends := w.log.ended()
		if len(ends) != 2 {
			t.Fatalf("there were %d ends, expected one for each call", len(ends))
		}
		is(t, ends[0], gotgcall.ErrInternal)
		is(t, ends[0], errClumsy)
		must(t, ends[1])
		if n := len(w.records(1)); n < 50 || n >= 500 {
			t.Errorf("%d packets arrived before the panic", n)
		}
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
	})
}

func TestASeekThatPanicsLeavesTheSongPlaying(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, clumsySeek{song{packets: 500}}))
		is(t, w.client.SeekBy(1, 2000), gotgcall.ErrInternal)
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 500 {
			t.Errorf("%d packets arrived, expected 500", n)
		}
	})
}

func TestASourceThatPanicsInItsCloseHoldsUpNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		clumsy := song{packets: 500, reader: func(r io.Reader) io.Reader { return clumsyClose{r} }}
		w.join(1)
		must(t, w.client.SetStreamSources(1, clumsy))
		must(t, w.client.SetStreamSources(1, clumsy))
		start := time.Now()
		must(t, w.client.Stop(1))
		if took := time.Since(start); took > time.Second {
			t.Errorf("Stop took %s", took)
		}
	})
}

func TestATrackThatPanicsHasItsEndAndTheListGoesOn(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var ends []error
		w.client.OnTrackEnd(func(_ int64, _ gotgcall.PlaylistTrack, err error) { ends = append(ends, err) })
		w.join(1)
		must(t, w.client.SetStreamSources(1, gotgcall.NewPlaylist(song{packets: 50}, song{packets: 50, open: clumsyOpen}, song{packets: 50})))
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(ends) != 3 || ends[0] != nil || ends[2] != nil || !errors.Is(ends[1], gotgcall.ErrInternal) {
			t.Errorf("the ends were %v", ends)
		}
		if n := len(w.records(1)); n != 100 {
			t.Errorf("%d packets arrived, expected 100", n)
		}
	})
}

func TestASignalerThatPanicsHasFailedThatTry(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
			if try == 1 {
				panic(errClumsy)
			}
			return nil
		}, onLeave: clumsyOpen}
		must(t, w.client.Play(t.Context(), 1, song{packets: 500}, c))
		is(t, w.client.Leave(t.Context(), 1), gotgcall.ErrInternal)
		c.expect(2, 1)
	})
}
