package instances

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// newRadio is a concert of a live source that cannot be opened again.
func newRadio(t *testing.T) *concert {
	c := newConcert(t, packet)
	c.entry.Remove()
	c.env.Runner = ffmpeg.New(ffmpeg.Config{Path: "/nowhere/ffmpeg"})
	c.current, c.next = c.next, nil
	c.current.request.source = media.FromURL("rtmp://192.0.2.1/live/key")
	return c
}

// TestTheTriesOfALiveSourceAreCountedAnewAfterAMinuteOfPlay: one that stalls now and then is not given up for what was long ago.
func TestTheTriesOfALiveSourceAreCountedAnewAfterAMinuteOfPlay(t *testing.T) {
	for played, want := range map[time.Duration]bool{liveHealthy - packet: false, liveHealthy: true} {
		synctest.Test(t, func(t *testing.T) {
			c := newRadio(t)
			c.current.request.stalls = liveTries
			c.sound.next = pacer.Ticks(played, soundRate)
			if got := c.revives(c.sound, models.ErrStalled); got != want {
				t.Errorf("after the last try it has played %s: it is opened again: %v, expected %v", played, got, want)
			}
			c.background.Wait()
		})
	}
}

// TestTheTriesOfALiveSourceAreApart: so long a server takes that starts anew.
func TestTheTriesOfALiveSourceAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRadio(t)
		for _, want := range []time.Duration{0, 2 * time.Second, 8 * time.Second} {
			begin := time.Now()
			if !c.revives(c.sound, models.ErrStalled) {
				t.Fatal("it is not opened again")
			}
			c.background.Wait()
			if took := time.Since(begin); took != want {
				t.Errorf("it was opened after %s, expected %s", took, want)
			}
		}
		if c.revives(c.sound, models.ErrStalled) {
			t.Error("it is opened once more after the last try")
		}
	})
}

func TestOnlyWhatStallsOrBreaksOffIsOpenedAgain(t *testing.T) {
	c := newRadio(t)
	for _, end := range []error{nil, io.ErrUnexpectedEOF, fmt.Errorf("killed: %w", models.ErrFFmpegCrashed)} {
		if c.revives(c.sound, end) {
			t.Errorf("it is opened again after its end with %v", end)
		}
	}
	c.current.request.source = media.FromFile("song.mp3")
	if c.revives(c.sound, models.ErrStalled) {
		t.Error("a file is opened again")
	}
}

func TestTwoStreamsBeginTheSameWhenAllThatIsKnownOfBothIs(t *testing.T) {
	intro := func(sounds string) *intro {
		i := new(intro)
		for _, s := range sounds {
			i.add(demux.Frame{Data: []byte(string(s))})
		}
		return i
	}
	long := string(make([]rune, introFrames))
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"abc", "abc", true}, {"abc", "ab", true}, {"abc", "abd", false}, {"abc", "bc", false}, {"", "abc", false}, {"", "", false}, {long + "a", long + "b", true},
	} {
		if a, b := intro(tt.a), intro(tt.b); a.same(b) != tt.same || b.same(a) != tt.same {
			t.Errorf("%q and %q begin the same: %v", tt.a, tt.b, a.same(b))
		}
	}
}

// stuck is a slog.Handler that writes nothing until it is freed.
type stuck struct {
	slog.Handler
	freed chan struct{}
}

func (stuck) Enabled(context.Context, slog.Level) bool { return true }

func (s stuck) Handle(context.Context, slog.Record) error {
	<-s.freed
	return nil
}

// TestALoggerThatHangsDoesNotHoldUpTheOpeningAnew: all calls would stand still, for it is the scheduler's goroutine that begins it.
func TestALoggerThatHangsDoesNotHoldUpTheOpeningAnew(t *testing.T) {
	for name, begin := range map[string]func(c *concert){
		"a live source stalls": func(c *concert) { c.revives(c.sound, models.ErrStalled) },
		"the legs lie too far apart": func(c *concert) {
			c.current.request.source = media.FromFile("film.mkv")
			c.sound.queue.end(errTangled)
			c.untangles()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newRadio(t)
				log := stuck{slog.DiscardHandler, make(chan struct{})}
				c.env.Logger = slog.New(log)
				var reopening bool
				begun := make(chan struct{})
				go func() {
					defer close(begun)
					begin(c)
					reopening = c.current.reopening.Load()
				}()
				synctest.Wait()
				if !isClosed(begun) {
					t.Error("it waits for the logger")
				}
				close(log.freed)
				<-begun
				c.background.Wait()
				if !reopening {
					t.Error("it was not opened again")
				}
			})
		})
	}
}

// late is a source that takes its time.
type late struct{ wait time.Duration }

func (late) Tracks() media.Track { return media.TrackAudio }

func (l late) Open(ctx context.Context) (*media.Streams, error) {
	return nil, sleep(ctx, l.wait)
}

// TestTheWaitBeforeALiveSourceIsOpenedAgainIsNotTakenFromItsTime: each try has the whole time for its first frame.
func TestTheWaitBeforeALiveSourceIsOpenedAgainIsNotTakenFromItsTime(t *testing.T) {
	const wait = 8 * time.Second
	for takes, want := range map[time.Duration]bool{openTimeout - time.Second: false, openTimeout + time.Second: true} {
		synctest.Test(t, func(t *testing.T) {
			c := newRadio(t)
			r := c.current.request
			r.source = late{takes}
			c.reopen(c.current, r, wait, func(err error) {
				if timeout := errors.Is(err, models.ErrSourceTimeout); timeout != want {
					t.Errorf("a source that takes %s after a wait of %s: %v", takes, wait, err)
				}
			})
			c.background.Wait()
		})
	}
}
