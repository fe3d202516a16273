package instances

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// stone is an outlet over which a playback stumbles at a certain packet.
type stone struct {
	nowhere
	at int
}

func (o *stone) audio(l *leg, f demux.Frame, muted bool, due, now time.Time) {
	o.nowhere.audio(l, f, muted, due, now)
	if o.frames == o.at {
		panic("a defect of the library")
	}
}

// chronicle keeps the ends that are told.
type chronicle struct {
	Events
	mu   sync.Mutex
	ends []error // guarded by mu
}

func (c *chronicle) StreamEnd(_ int64, _ models.StreamType, _ models.Device, err error) { c.note(err) }
func (c *chronicle) TrackEnd(_ int64, _ PlaylistTrack, err error)                       { c.note(err) }
func (c *chronicle) TrackStart(int64, PlaylistTrack)                                    {}

func (c *chronicle) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends = append(c.ends, err)
}

// take returns the ends since it was last called.
func (c *chronicle) take() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	ends := c.ends
	c.ends = nil
	return ends
}

// TestADefectInThePacingEndsWhatPlaysThereAndNothingElse: the goroutine paces many calls, and the next source of the same call.
func TestADefectInThePacingEndsWhatPlaysThereAndNothingElse(t *testing.T) {
	for name, source := range map[string]media.Source{
		"a source":        hiccup{50},
		"a shared source": NewShared(hiccup{50}),
		"a track":         NewPlaylist(hiccup{50}, hiccup{50}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				heard := &chronicle{}
				var log strings.Builder
				env := &Environment{
					Logger: slog.New(slog.NewTextHandler(&log, nil)), Scheduler: pacer.NewScheduler(), Runner: ffmpeg.New(ffmpeg.Config{Path: os.DevNull}),
					Events: heard,
				}
				defer env.Scheduler.Close()
				var c call
				c.begin(1, env, encoded)
				c.play.connect(&stone{at: 20}, true)
				if err := c.play.setSource(t.Context(), request{source: source}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				if ends := heard.take(); len(ends) != 1 || !errors.Is(ends[0], models.ErrInternal) {
					t.Errorf("the ends were %v, expected one with ErrInternal", ends)
				}
				before := c.play.audio.frames.Load()
				if err := c.play.setSource(t.Context(), request{source: hiccup{50}}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(900 * time.Millisecond)
				if n := c.play.audio.frames.Load() - before; n < 40 {
					t.Errorf("%d packets of the next source were sent in 0.9 s", n)
				}
				c.stop(t.Context(), models.ErrConnectionNotFound, func() {})
				if text := log.String(); strings.Count(text, "a defect of the library") != 1 || !strings.Contains(text, "stumble_test.go") {
					t.Errorf("the log does not show where the defect is, once: %s", text)
				}
			})
		})
	}
}

// TestAPlaybackThatCannotEvenEndWhatPlaysRests: it does not try for ever.
func TestAPlaybackThatCannotEvenEndWhatPlaysRests(t *testing.T) {
	c := newConcert(t, packet).byHand()
	c.env.Events = nil // nobody can be told
	c.connect(&stone{at: 1}, true)
	c.push(1)
	now := time.Now()
	if next := c.Run(now); !next.Equal(now) {
		t.Errorf("it wants to end what plays in %s, expected at once", next.Sub(now))
	}
	if next := c.Run(now); !next.IsZero() {
		t.Errorf("it wants to try again in %s", next.Sub(now))
	}
	c.background.Wait()
}
