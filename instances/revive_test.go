package instances

import (
	"fmt"
	"io"
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
