package gotgcall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
	"gotgcall/sfutest"
)

// album is a SeekableSource of numbered packets of 20 ms: the first bytes of each tell its place.
type album struct {
	packets int
	picture int // frames at 30 a second, 0 for none
	opened  func(offset time.Duration) error
}

func (a album) Tracks() gotgcall.Track { return gotgcall.TrackAudio | gotgcall.TrackVideo }

func (a album) Open(ctx context.Context) (*media.Streams, error) { return a.OpenAt(ctx, 0) }

func (a album) OpenAt(ctx context.Context, offset time.Duration) (*media.Streams, error) {
	if a.opened != nil {
		if err := a.opened(offset); err != nil {
			return nil, err
		}
	}
	offset = min(offset, time.Hour)
	skipped := int(offset / (20 * time.Millisecond))
	packets := make([]oggtest.Packet, max(0, a.packets-skipped))
	for i := range packets {
		packets[i] = oggtest.Opus(960, 101, 0)
		packets[i].Data[1], packets[i].Data[2] = byte((skipped+i)>>8), byte(skipped+i)
	}
	audio := bytes.NewReader(oggtest.Join(oggtest.Stream{}.Pages(packets)))
	pictures, err := film{picture: max(0, a.picture-int(offset*30/time.Second))}.Open(ctx)
	if err != nil {
		return nil, err
	}
	return media.NewStreams(audio, pictures.Video, nil), nil
}

// places returns which packets of the album arrived.
func places(packets []sfutest.Packet) []int {
	var all []int
	for _, p := range packets {
		all = append(all, int(p.Payload[1])<<8|int(p.Payload[2]))
	}
	return all
}

func TestASeekGoesOnAtTheNewPlaceWithoutASeam(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, album{packets: 1000}))
		time.Sleep(time.Second)
		must(t, w.client.SeekBy(1, 10_000))
		if at := w.position(1); at < 10980*time.Millisecond || at > 11050*time.Millisecond {
			t.Errorf("after the seek the position is %s", at)
		}
		time.Sleep(time.Second)
		must(t, w.client.SeekBy(1, -5_000))
		if at := w.position(1); at < 6980*time.Millisecond || at > 7100*time.Millisecond {
			t.Errorf("after the seek back the position is %s", at)
		}
		time.Sleep(time.Second)
		packets := w.records(1)
		jumps := 0
		for i, place := range places(packets)[1:] {
			before := places(packets[i : i+1])[0]
			if place != before+1 {
				jumps++
			}
			if gap := packets[i+1].Arrival.Sub(packets[i].Arrival); gap != 20*time.Millisecond {
				t.Errorf("%s between packets %d and %d", gap, before, place)
			}
			if step := packets[i+1].Timestamp - packets[i].Timestamp; step != 960 || packets[i+1].Marker {
				t.Errorf("a step of %d between packets %d and %d, marker %v", step, before, place, packets[i+1].Marker)
			}
		}
		if jumps != 2 {
			t.Errorf("%d jumps: %v", jumps, places(packets))
		}
		if ends := w.log.ended(); len(ends) != 0 {
			t.Errorf("ended with %v", ends)
		}
	})
}

func TestSeeksInARowAddUp(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		slow := album{packets: 5000, opened: func(offset time.Duration) error {
			if offset > 0 {
				time.Sleep(300 * time.Millisecond)
			}
			return nil
		}}
		must(t, w.client.SetStreamSources(1, slow))
		time.Sleep(time.Second)
		results := make(chan error)
		for range 3 {
			go func() { results <- w.client.SeekBy(1, 10_000) }()
			time.Sleep(100 * time.Millisecond)
		}
		for range 3 {
			must(t, <-results)
		}
		if at := w.position(1); at < 30980*time.Millisecond || at > 31100*time.Millisecond {
			t.Errorf("after three seeks the position is %s", at)
		}
	})
}

func TestASeekBeyondEitherEndIsTheNaturalEnd(t *testing.T) {
	t.Parallel()
	for _, delta := range []int64{60_000, -60_000, math.MaxInt64, math.MinInt64} {
		t.Run(fmt.Sprint(delta), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				must(t, w.client.SetStreamSources(1, album{packets: 1000, picture: 600}))
				time.Sleep(time.Second)
				must(t, w.client.SeekBy(1, delta))
				synctest.Wait()
				if got := w.log.order(); !slices.Equal(got, []string{"1 video camera", "1 audio microphone"}) {
					t.Errorf("the ends were %v", got)
				}
				for _, err := range w.log.ended() {
					if err != nil {
						t.Errorf("ended with %v", err)
					}
				}
				is(t, w.client.SeekBy(1, 0), gotgcall.ErrNoSource)
				must(t, w.client.SetStreamSources(1, album{packets: 100}))
				time.Sleep(3 * time.Second)
				if ends := w.log.ended(); len(ends) != 3 {
					t.Errorf("%d ends after another source", len(ends))
				}
			})
		})
	}
}

func TestALegThatEndsBeforeTheNewPlaceEndsWithTheSeek(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, album{packets: 1000, picture: 90})) // 3 s of picture in 20 s of sound
		time.Sleep(time.Second)
		must(t, w.client.SeekBy(1, 5_000))
		synctest.Wait()
		if got := w.log.order(); !slices.Equal(got, []string{"1 video camera"}) {
			t.Errorf("the ends were %v", got)
		}
		if state, err := w.client.GetState(1); err != nil || !state.VideoStopped {
			t.Errorf("%+v, %v", state, err)
		}
		time.Sleep(20 * time.Second)
		if got := w.log.order(); !slices.Equal(got, []string{"1 video camera", "1 audio microphone"}) {
			t.Errorf("the ends were %v", got)
		}
	})
}

func TestASeekDuringAPauseMovesThePosition(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, album{packets: 1000}))
		time.Sleep(time.Second)
		_, err := w.client.Pause(1)
		must(t, err)
		time.Sleep(10 * time.Millisecond) // what had left before arrives
		before := len(w.records(1))
		must(t, w.client.SeekBy(1, 5_000))
		paused := w.position(1)
		time.Sleep(time.Minute)
		if at := w.position(1); at != paused || at < 5980*time.Millisecond || at > 6100*time.Millisecond || len(w.records(1)) != before {
			t.Errorf("paused at %s, then at %s, %d packets came", paused, at, len(w.records(1))-before)
		}
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(time.Second)
		if got := places(w.records(1)[before:]); len(got) < 48 || time.Duration(got[0])*20*time.Millisecond != paused {
			t.Errorf("after the pause %d packets came, from %v", len(got), got[:min(3, len(got))])
		}
	})
}

func TestWhatCannotBeSoughtSaysWhy(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		is(t, w.client.SeekBy(1, 1000), gotgcall.ErrConnectionNotFound)
		w.join(1)
		is(t, w.client.SeekBy(1, 1000), gotgcall.ErrNoSource)
		must(t, w.client.SetStreamSources(1, song{packets: 500}))
		time.Sleep(time.Second)
		is(t, w.client.SeekBy(1, 1000), gotgcall.ErrSeekUnsupported)

		broken := errors.New("the disk is gone")
		must(t, w.client.SetStreamSources(1, album{packets: 500, opened: func(offset time.Duration) error {
			if offset > 0 {
				return broken
			}
			return nil
		}}))
		time.Sleep(time.Second)
		before := w.position(1)
		is(t, w.client.SeekBy(1, 1000), broken)
		time.Sleep(time.Second)
		if at := w.position(1); (at - before - time.Second).Abs() > 20*time.Millisecond {
			t.Errorf("a seek that failed moved the position from %s to %s within a second", before, at)
		}

		go func() { // a source that takes its time
			_ = w.client.SetStreamSources(1, album{packets: 500, opened: func(time.Duration) error {
				time.Sleep(time.Second)
				return nil
			}})
		}()
		time.Sleep(100 * time.Millisecond)
		is(t, w.client.SeekBy(1, 1000), gotgcall.ErrBusy)
		time.Sleep(2 * time.Second)
		must(t, w.client.SeekBy(1, 1000))
		if ends := w.log.ended(); len(ends) != 0 {
			t.Errorf("ended with %v", ends)
		}
	})
}

func TestOnUpgradeTellsEveryRealChangeAndNothingElse(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		var got []gotgcall.MediaState
		w.client.OnUpgrade(func(_ int64, s gotgcall.MediaState) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, s)
		})
		w.join(1)
		must(t, w.client.SetStreamSources(1, album{packets: 1000, picture: 30}))
		time.Sleep(500 * time.Millisecond)
		for _, change := range []func(int64) (bool, error){
			w.client.Mute, w.client.Mute, w.client.Pause, w.client.Pause, w.client.Resume, w.client.Resume, w.client.Unmute, w.client.Unmute,
		} {
			_, err := change(1)
			must(t, err)
		}
		time.Sleep(2 * time.Second) // the picture ends
		must(t, w.client.SeekBy(1, 1000))
		must(t, w.client.SetStreamSources(1, song{packets: 100}))
		must(t, w.client.Stop(1))
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		want := []gotgcall.MediaState{
			{Muted: true},
			{Muted: true, Paused: true, PresentationPaused: true},
			{Muted: true},
			{},
			{VideoStopped: true},
		}
		if !slices.Equal(got, want) {
			t.Errorf("told %+v\nexpected %+v", got, want)
		}
	})
}

func TestASeekThatComesTooLateDoesNotBringAnEndedSourceBack(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, album{packets: 100, opened: func(offset time.Duration) error {
			if offset > 0 {
				time.Sleep(300 * time.Millisecond)
			}
			return nil
		}}))
		time.Sleep(1900 * time.Millisecond)
		is(t, w.client.SeekBy(1, -1000), gotgcall.ErrNoSource)
		time.Sleep(10 * time.Millisecond)
		before := len(w.records(1))
		time.Sleep(5 * time.Second)
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil || len(w.records(1)) != before {
			t.Errorf("ended with %v, %d packets after the end", ends, len(w.records(1))-before)
		}
	})
}

func TestASeekThatComesTooLateLeavesThePosition(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, album{packets: 100, opened: func(offset time.Duration) error {
			if offset > 0 {
				time.Sleep(500 * time.Millisecond)
			}
			return nil
		}}))
		time.Sleep(1800 * time.Millisecond)
		is(t, w.client.SeekBy(1, -1000), gotgcall.ErrNoSource)
		if at := w.position(1); at != 2*time.Second {
			t.Errorf("the position is %s", at)
		}
	})
}

func TestWhatFollowsASourceThatIsCutOffBeginsBehindItsLastPacket(t *testing.T) {
	for name, between := range map[string]func(w *world){
		"at once":            func(*world) {},
		"in the next packet": func(*world) { time.Sleep(25 * time.Millisecond) },
		"behind a short pause": func(w *world) {
			_, err := w.client.Pause(1)
			must(w.t, err)
			_, err = w.client.Resume(1)
			must(w.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				ep := w.join(1)
				for range 5 {
					must(t, w.client.SetStreamSources(1, album{packets: 500}))
					time.Sleep(507 * time.Millisecond) // in the middle of a packet
					must(t, w.client.SeekBy(1, time.Hour.Milliseconds()))
					between(w)
				}
				must(t, w.client.SetStreamSources(1, album{packets: 50}))
				time.Sleep(3 * time.Second)
				w.noViolations()
				if n := len(ep.Records(ep.AudioSSRC())); n < 5*25+50 {
					t.Errorf("%d packets came", n)
				}
			})
		})
	}
}
