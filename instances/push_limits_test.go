package instances

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"gotgcall/media"
)

var (
	errAnything = errors.New("the server hung up")
	errNobody   = fmt.Errorf("%w: connection refused", media.ErrNoServer)
)

func TestTheWaitBetweenAttemptsDoublesUpToItsLimit(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		err    error
		chance float64
		want   []time.Duration
	}{
		"as it is":                   {errAnything, 0.5, []time.Duration{250 * ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 8000 * ms, 10000 * ms, 10000 * ms}},
		"a quarter shorter":          {errAnything, 0, []time.Duration{187500 * time.Microsecond, 375 * ms, 750 * ms, 1500 * ms, 3000 * ms, 6000 * ms, 7500 * ms, 7500 * ms}},
		"a quarter longer":           {errAnything, 1, []time.Duration{312500 * time.Microsecond, 625 * ms, 1250 * ms, 2500 * ms, 5000 * ms, 10000 * ms, 10000 * ms}},
		"while nobody listens":       {errNobody, 0.5, []time.Duration{250 * ms, 500 * ms, 1000 * ms, 1500 * ms, 1500 * ms}},
		"while nobody listens, less": {errNobody, 0, []time.Duration{187500 * time.Microsecond, 375 * ms, 750 * ms, 1500 * ms, 1500 * ms}},
	} {
		r := newRetry(defaultPushLimits, time.Now())
		for i, want := range c.want {
			if got := r.wait(c.err, c.chance); got != want {
				t.Errorf("%s: wait %d is %v, expected %v", name, i, got, want)
			}
		}
	}
}

func TestAConnectionThatLastedMakesTheNextWaitShort(t *testing.T) {
	for held, want := range map[time.Duration]time.Duration{
		0: 4 * time.Second, 1900 * time.Millisecond: 4 * time.Second, 2 * time.Second: 250 * time.Millisecond, time.Hour: 250 * time.Millisecond,
	} {
		r := newRetry(defaultPushLimits, time.Now())
		for range 4 {
			r.wait(errAnything, 0.5)
		}
		r.lost(held, time.Now())
		if got := r.wait(errAnything, 0.5); got != want {
			t.Errorf("after a connection of %v the wait is %v, expected %v", held, got, want)
		}
	}
}

func TestAServerIsGivenUpAfterAMinuteWithoutAConnectionThatHolds(t *testing.T) {
	const s = time.Second
	type step struct{ held, at time.Duration } // a connection that lasted so long was lost at that time
	for name, c := range map[string]struct {
		lost  []step
		until time.Duration
	}{
		"never one":                 {nil, 60 * s},
		"only attempts":             {[]step{{0, 10 * s}, {0, 50 * s}}, 60 * s},
		"one that held":             {[]step{{30 * s, 100 * s}}, 160 * s},
		"short ones cost ten each":  {[]step{{5 * s, 5 * s}, {5 * s, 11 * s}}, 50 * s},
		"a short one after one":     {[]step{{40 * s, 40 * s}, {1 * s, 50 * s}}, 91 * s},
		"time that was not waiting": {[]step{{29 * s, 29 * s}}, 79 * s},
	} {
		begin := time.Now()
		r := newRetry(defaultPushLimits, begin)
		for _, l := range c.lost {
			r.lost(l.held, begin.Add(l.at))
		}
		if r.hopeless(errAnything, begin.Add(c.until)) || !r.hopeless(errAnything, begin.Add(c.until+1)) {
			t.Errorf("%s: it is given up after %v, expected %v", name, r.until.Sub(begin), c.until)
		}
	}
	if r := newRetry(defaultPushLimits, time.Now()); !r.hopeless(fmt.Errorf("pushing: %w", media.ErrNoEncoder), time.Now()) {
		t.Error("an ffmpeg without the encoder is tried again")
	}
}

// TestTheLimitsOfABroadcastKeepWhatDependsOnThem: tests of what they do have limits of their own, which are shorter.
func TestTheLimitsOfABroadcastKeepWhatDependsOnThem(t *testing.T) {
	const timestamps = 1 << 31 * time.Millisecond // those of FLV
	l := defaultPushLimits
	if l.farewell >= stopTimeout {
		t.Errorf("the farewell may take %v, and Stop waits %v for it", l.farewell, stopTimeout)
	}
	if l.backlog >= 10*time.Second {
		t.Errorf("a connection counts as hung with %v that wait, and the mixer takes 10s at most", l.backlog)
	}
	if l.mature >= l.oldest || l.oldest >= timestamps {
		t.Errorf("a connection is made anew from %v on, after %v at the latest, and its timestamps last for %v", l.mature, l.oldest, timestamps)
	}
}
