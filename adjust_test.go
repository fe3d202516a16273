package gotgcall_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/media"
)

// tuned is an album that keeps with which options, and where, it was opened last; after a delay, if there is one.
type tuned struct {
	album
	options *atomic.Pointer[gotgcall.EncodeOptions]
	offset  *atomic.Int64
	delay   time.Duration
}

func newTuned(a album, delay time.Duration) tuned {
	return tuned{album: a, options: new(atomic.Pointer[gotgcall.EncodeOptions]), offset: new(atomic.Int64), delay: delay}
}

func (s tuned) Open(ctx context.Context) (*media.Streams, error) { return s.OpenAt(ctx, 0) }

func (s tuned) OpenAt(ctx context.Context, offset time.Duration) (*media.Streams, error) {
	o := media.OptionsFrom(ctx)
	s.options.Store(&o)
	s.offset.Store(int64(offset))
	if offset > 0 {
		time.Sleep(s.delay)
	}
	return s.album.OpenAt(ctx, offset)
}

func TestAnotherVolumeIsHeardAtTheSamePlaceAndNothingTwice(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"at once": 0, "opened in 300 ms": 300 * time.Millisecond, "opened in 1.2 s": 1200 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				source := newTuned(album{packets: 500}, delay)
				must(t, w.client.SetStreamSources(1, source, gotgcall.EncodeOptions{AudioBitrateKbps: 64}))
				time.Sleep(2 * time.Second)
				must(t, w.client.SetVolume(1, 0.5))
				if o := source.options.Load(); o.Volume != 0.5 || o.AudioBitrateKbps != 64 {
					t.Errorf("opened with %+v", o)
				}
				must(t, w.client.SetSpeed(1, 2))
				if o := source.options.Load(); o.Volume != 0.5 || o.Speed != 2 {
					t.Errorf("opened with %+v: the volume is not kept", o)
				}
				time.Sleep(20 * time.Second)
				packets := w.records(1)
				seamless(t, packets, 500)
				for i, place := range places(packets) {
					if place != i {
						t.Fatalf("packet %d is from place %d", i, place)
					}
				}
				if ends := w.log.ended(); !slices.Equal(ends, []error{nil}) {
					t.Errorf("ended with %v", ends)
				}
			})
		})
	}
}

func TestAnotherVolumeInAPauseIsHeardAfterIt(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		source := newTuned(album{packets: 500}, 0)
		must(t, w.client.SetStreamSources(1, source))
		time.Sleep(2 * time.Second)
		_, err := w.client.Pause(1)
		must(t, err)
		at := w.position(1)
		must(t, w.client.SetVolume(1, 2)) // does not wait for Resume
		if w.position(1) != at || time.Duration(source.offset.Load()) != at {
			t.Errorf("paused at %s, opened at %s, the position is %s", at, time.Duration(source.offset.Load()), w.position(1))
		}
	})
}

func TestOfVolumeAndSpeedAtOnceNeitherIsLost(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		source := newTuned(album{packets: 500}, 300*time.Millisecond)
		must(t, w.client.SetStreamSources(1, source))
		time.Sleep(2 * time.Second)
		for _, pause := range []time.Duration{0, 100 * time.Millisecond, 400 * time.Millisecond} { // while the first opens, and while it waits for its place
			done := make(chan error)
			go func() { done <- w.client.SetVolume(1, 2) }()
			time.Sleep(pause)
			synctest.Wait()
			must(t, w.client.SetSpeed(1, 1))
			must(t, <-done)
			if o := source.options.Load(); o.Volume != 2 || o.Speed != 1 {
				t.Errorf("after %s: volume %v, speed %v", pause, o.Volume, o.Speed)
			}
			must(t, w.client.SetVolume(1, 1))
		}
		done := make(chan error)
		go func() { done <- w.client.SetVolume(1, 2) }()
		time.Sleep(100 * time.Millisecond)
		must(t, w.client.SetStreamSources(1, seconds(1, 0)))
		is(t, <-done, context.Canceled) // the source that it was for is gone
		time.Sleep(time.Second)         // that source does not heed its context
	})
}

func TestAPauseWhileAnotherVolumeIsOnItsWayDoesNotHangIt(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, newTuned(album{packets: 500}, 0)))
		time.Sleep(2 * time.Second)
		done := make(chan error)
		go func() { done <- w.client.SetVolume(1, 2) }()
		time.Sleep(100 * time.Millisecond)
		_, err := w.client.Pause(1)
		must(t, err)
		must(t, <-done)
	})
}

func TestASeekWhileAnotherVolumeIsOnItsWayKeepsIt(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		source := newTuned(album{packets: 5000}, 100*time.Millisecond)
		must(t, w.client.SetStreamSources(1, source))
		time.Sleep(2 * time.Second)
		done := make(chan error)
		go func() { done <- w.client.SetVolume(1, 2) }()
		time.Sleep(50 * time.Millisecond)
		must(t, w.client.SeekBy(1, 10_000))
		must(t, <-done)
		if o := source.options.Load(); o.Volume != 2 {
			t.Errorf("after the seek the volume is %v", o.Volume)
		}
		if at := w.position(1); at < 12*time.Second || at > 13*time.Second {
			t.Errorf("after the seek the position is %s", at)
		}
	})
}

func TestVolumeAndSpeedOfAPlaylistHoldForWhatFollows(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		first, second := newTuned(album{packets: 150}, 0), newTuned(album{packets: 150}, 0)
		must(t, w.client.SetStreamSources(1, gotgcall.NewPlaylist(first, second)))
		time.Sleep(2200 * time.Millisecond) // the second one is open already
		must(t, w.client.SetVolume(1, 0.5))
		time.Sleep(2 * time.Second)
		if o := second.options.Load(); o == nil || o.Volume != 0.5 {
			t.Errorf("the second track is opened with %+v", o)
		}
		time.Sleep(5 * time.Second)
		seamless(t, w.records(1), 300)
	})
}

func TestVolumeAndSpeedThatCannotBe(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		for _, v := range []float64{0, -1, 0.001, 4.1, math.NaN(), math.Inf(1)} {
			is(t, w.client.SetVolume(1, v), gotgcall.ErrInvalidParams)
			is(t, w.client.SetSpeed(1, v), gotgcall.ErrInvalidParams)
		}
		is(t, w.client.SetSpeed(1, 0.4), gotgcall.ErrInvalidParams)
		is(t, w.client.SetVolume(1, 1), gotgcall.ErrNoSource)
		is(t, w.client.SetSpeed(2, 1), gotgcall.ErrConnectionNotFound)
		must(t, w.client.SetStreamSources(1, seconds(5, 0)))
		is(t, w.client.SetVolume(1, 1), gotgcall.ErrSeekUnsupported)
		is(t, w.client.SetSpeed(1, 1), gotgcall.ErrSeekUnsupported)
	})
}

// TestAVolumeThatComesTooLateForASongHoldsForTheNextOne: nobody can tell when the last half second of a song begins.
func TestAVolumeThatComesTooLateForASongHoldsForTheNextOne(t *testing.T) {
	for name, tt := range map[string]struct {
		at, delay time.Duration // when it is asked for, and how long it takes to open a song in its middle
	}{
		"in its last half second":     {1700 * time.Millisecond, 0},
		"as late as can be":           {1990 * time.Millisecond, 0},
		"opened when it has ended":    {time.Second, 1200 * time.Millisecond},
		"opened much later than that": {1200 * time.Millisecond, 1500 * time.Millisecond},
	} {
		for _, list := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, list %v", name, list), func(t *testing.T) {
				inFakeTime(t, func(t *testing.T, w *world) {
					w.join(1)
					first, second := newTuned(album{packets: 100}, tt.delay), newTuned(album{packets: 150}, 0)
					var source gotgcall.Source = first
					want := 100
					if list {
						source, want = gotgcall.NewPlaylist(first, second), 250
					}
					must(t, w.client.SetStreamSources(1, source))
					time.Sleep(tt.at)
					must(t, w.client.SetVolume(1, 2))
					time.Sleep(100 * time.Millisecond)
					if o := second.options.Load(); list && (o == nil || o.Volume != 2) {
						t.Errorf("the next song is opened with %+v", o)
					}
					time.Sleep(10 * time.Second)
					seamless(t, w.records(1), want)
					if ends := w.log.ended(); !slices.Equal(ends, []error{nil}) {
						t.Errorf("ended with %v", ends)
					}
				})
			})
		}
	}
}

func TestSeveralVolumesInARowSkipNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		source := newTuned(album{packets: 500}, 0)
		must(t, w.client.SetStreamSources(1, source))
		time.Sleep(2 * time.Second)
		for i := range 3 {
			go func() { _ = w.client.SetVolume(1, 0.5+0.1*float64(i)) }()
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(20 * time.Second)
		w.consecutive(1)
		if o := source.options.Load(); o.Volume != 0.7 {
			t.Errorf("the last volume is %v", o.Volume)
		}
	})
}

func TestAVolumeThatIsPausedBeforeItIsHeardSkipsNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		source := newTuned(album{packets: 500}, 0)
		must(t, w.client.SetStreamSources(1, source))
		time.Sleep(2 * time.Second)
		go func() { _ = w.client.SetVolume(1, 0.5) }()
		time.Sleep(100 * time.Millisecond)
		_, err := w.client.Pause(1)
		must(t, err)
		time.Sleep(time.Second)
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(20 * time.Second)
		w.consecutive(1)
	})
}

func TestATrackAfterAnotherVolumeBeginsAtItsBeginning(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		list := gotgcall.NewPlaylist(newTuned(album{packets: 5000}, 0), album{packets: 5000})
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(2 * time.Second)
		must(t, w.client.SetVolume(1, 0.5))
		time.Sleep(8 * time.Second)
		before := len(w.records(1))
		must(t, list.Next())
		time.Sleep(time.Second)
		if heard := places(w.records(1)[before:]); !slices.Contains(heard, 0) || !slices.Contains(heard, 10) {
			t.Errorf("the places %v were heard", heard)
		}
		if at := w.position(1); at > 1100*time.Millisecond {
			t.Errorf("a second after its beginning the track is at %s", at)
		}
	})
}

func TestEachVolumeHasTheLeadOfItsOwn(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		source := newTuned(album{packets: 5000}, 0)
		must(t, w.client.SetStreamSources(1, source))
		for range 3 {
			time.Sleep(2 * time.Second)
			at := w.position(1)
			must(t, w.client.SetVolume(1, 0.5))
			if lead := time.Duration(source.offset.Load()) - at; lead < 400*time.Millisecond {
				t.Errorf("at %s it was opened %s ahead", at, lead)
			}
		}
		w.consecutive(1)
	})
}
