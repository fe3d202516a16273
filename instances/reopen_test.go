package instances

import (
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/pacer"
	"gotgcall/media"
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
			if got := c.revives(c.sound); got != want {
				t.Errorf("after the last try it has played %s: it is opened again: %v, expected %v", played, got, want)
			}
			c.background.Wait()
		})
	}
}

// TestTheTriesOfALiveSourceAreApart: 0, 1 and 2 s.
func TestTheTriesOfALiveSourceAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRadio(t)
		for _, want := range []time.Duration{0, liveBackoff, 2 * liveBackoff} {
			begin := time.Now()
			if !c.revives(c.sound) {
				t.Fatal("it is not opened again")
			}
			c.background.Wait()
			if took := time.Since(begin); took != want {
				t.Errorf("it was opened after %s, expected %s", took, want)
			}
		}
		if c.revives(c.sound) {
			t.Error("it is opened once more after the last try")
		}
	})
}
