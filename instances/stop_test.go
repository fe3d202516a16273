package instances

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// tally counts the ends that are told.
type tally struct {
	Events
	ends atomic.Int64
}

func (t *tally) StreamEnd(int64, models.StreamType, models.Device, error) { t.ends.Add(1) }
func (t *tally) TrackEnd(int64, PlaylistTrack, error)                     { t.ends.Add(1) }
func (t *tally) TrackStart(int64, PlaylistTrack)                          {}

// hiccup is a Source that gives so many packets and then nothing, until its context ends: at that very moment it has an error.
type hiccup struct{ packets int }

func (hiccup) Tracks() media.Track { return media.TrackAudio }

func (s hiccup) Open(ctx context.Context) (*media.Streams, error) {
	song := oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(s.packets, 960, 101)))
	return media.NewStreams(io.MultiReader(strings.NewReader(string(song)), hangup{ctx}), nil, nil), nil
}

// hangup is a reader that has nothing but the end of its context.
type hangup struct{ ctx context.Context }

func (h hangup) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

// TestStopTellsNoEndOfWhatHasNothingToPlayAtThatMoment: what Stop ends has an end of its own, of which nobody is to hear.
func TestStopTellsNoEndOfWhatHasNothingToPlayAtThatMoment(t *testing.T) {
	for name, source := range map[string]func() media.Source{
		"a source that hangs":                       func() media.Source { return hiccup{5} },
		"a list of which the next track is opening": func() media.Source { return NewPlaylist(verse(1), hiccup{0}, hiccup{0}) },
		"a shared source that hangs":                func() media.Source { return NewShared(hiccup{5}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				heard := &tally{}
				env := &Environment{
					Logger: slog.New(slog.DiscardHandler), Scheduler: pacer.NewScheduler(), Runner: ffmpeg.New(ffmpeg.Config{Path: os.DevNull}), Events: heard,
				}
				defer env.Scheduler.Close()
				for range 200 {
					var c call
					c.begin(1, env, encoded)
					c.play.connect(&nowhere{}, true)
					if err := c.play.setSource(t.Context(), request{source: source()}); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
					before := heard.ends.Load()
					c.stop(t.Context(), models.ErrConnectionNotFound, func() {})
					if n := heard.ends.Load() - before; n != 0 {
						t.Fatalf("%d ends were told", n)
					}
				}
			})
		})
	}
}

// doorway is an outlet that holds the first packet until it is opened.
type doorway struct {
	nowhere
	reached, opened chan struct{}
}

func (o *doorway) audio(l *leg, f demux.Frame, muted bool, due, now time.Time) {
	if o.frames == 0 {
		close(o.reached)
		<-o.opened
	}
	o.nowhere.audio(l, f, muted, due, now)
}

// TestASourceHearsOfStopOnlyWhenItsEndIsNotToldAnyMore: to it the end of its context is an error.
func TestASourceHearsOfStopOnlyWhenItsEndIsNotToldAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := &Environment{
			Logger: slog.New(slog.DiscardHandler), Scheduler: pacer.NewScheduler(), Runner: ffmpeg.New(ffmpeg.Config{Path: os.DevNull}), Events: &tally{},
		}
		defer env.Scheduler.Close()
		var c call
		c.begin(1, env, encoded)
		door := &doorway{reached: make(chan struct{}), opened: make(chan struct{})}
		c.play.connect(door, true)
		if err := c.play.setSource(t.Context(), request{source: hiccup{5}}); err != nil {
			t.Fatal(err)
		}
		<-door.reached
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			c.stop(t.Context(), models.ErrConnectionNotFound, func() {})
		}()
		synctest.Wait()
		if c.life.Err() != nil {
			t.Error("it has heard of Stop while a packet is being sent")
		}
		close(door.opened)
		<-stopped
		if c.life.Err() == nil {
			t.Error("it has not heard of Stop")
		}
	})
}
