package instances

import (
	"errors"
	"time"

	"gotgcall/media"
)

// pushLimits are the durations a broadcast works with; tests shorten them.
type pushLimits struct {
	// minBackoff and maxBackoff bound the wait between two attempts to reach the server; it doubles from one to the other. Each is up to a
	// quarter shorter or longer, so that a thousand broadcasts do not come back at one moment.
	minBackoff, maxBackoff time.Duration
	// refusedBackoff is the longest wait while nobody listens at all: the server is being restarted, and is to be found soon after.
	refusedBackoff time.Duration
	// renews is how long a connection lasts after which the next wait is short again.
	renews time.Duration
	// patience is how long a broadcast goes on trying without a connection that holds, and holds how long one lasts that does.
	patience, holds time.Duration
	// backlog is how much media may wait for an encoder or a server that takes nothing.
	backlog time.Duration
	// farewell is how long the end of a broadcast may take.
	farewell time.Duration
	// mature is the age from which on a connection is made anew in the next pause, oldest that at which it is whatever plays: the timestamps
	// of FLV have 31 bits, of milliseconds, which is 24.8 days.
	mature, oldest time.Duration
}

var defaultPushLimits = pushLimits{
	minBackoff: 250 * time.Millisecond, maxBackoff: 10 * time.Second, refusedBackoff: 1500 * time.Millisecond, renews: 2 * time.Second,
	patience: 60 * time.Second, holds: 30 * time.Second,
	backlog: 8 * time.Second, farewell: 1500 * time.Millisecond,
	mature: 20 * day, oldest: 22 * day,
}

const day = 24 * time.Hour

// retry decides when a broadcast without a connection tries again, and until when.
type retry struct {
	limits  pushLimits
	backoff time.Duration // before the next attempt, but for chance
	until   time.Time     // then it gives up
}

func newRetry(limits pushLimits, now time.Time) *retry {
	return &retry{limits: limits, backoff: limits.minBackoff, until: now.Add(limits.patience)}
}

// lost takes note of a connection that lasted so long, 0 for one that never stood, and has ended now.
func (r *retry) lost(held time.Duration, now time.Time) {
	switch {
	case held >= r.limits.holds:
		r.until = now.Add(r.limits.patience)
	case held > 0: // that time was not spent waiting; but who takes everyone and hangs up soon is given up after some times, too
		r.until = r.until.Add(held - r.limits.patience/6)
	}
	if held >= r.limits.renews {
		r.backoff = r.limits.minBackoff
	}
}

// hopeless tells whether it is of no use to try again after that error.
func (r *retry) hopeless(err error, now time.Time) bool {
	return errors.Is(err, media.ErrNoEncoder) || errors.Is(err, media.ErrUntrusted) || now.After(r.until)
}

// wait returns how long to wait before the next attempt. chance is from 0 to 1, and makes it a quarter shorter or longer.
func (r *retry) wait(err error, chance float64) time.Duration {
	longest := r.limits.maxBackoff
	if errors.Is(err, media.ErrNoServer) {
		longest = min(longest, r.limits.refusedBackoff)
	}
	wait := min(longest, time.Duration(float64(r.backoff)*(0.75+chance/2)))
	r.backoff = min(2*r.backoff, r.limits.maxBackoff)
	return wait
}
