package pacer

import "time"

// Timeline is the one clock of a call's outgoing media: it maps the presentation times of the current source to wall-clock deadlines and
// to RTP timestamps. Every deadline is absolute (origin + PTS), so waking late never accumulates; only [Timeline.Shift] and
// [Timeline.Start] move the origin, and then the RTP timestamps of all legs move by the same wall time.
//
// A Timeline reads no clock and is not safe for concurrent use.
type Timeline struct {
	epoch  time.Time     // the wall-clock moment that the RTP timestamps of the call count from
	origin time.Duration // when PTS 0 of the current source is due, since epoch
}

// NewTimeline returns a Timeline whose RTP timestamps count from epoch. The epoch must carry a monotonic reading (time.Now).
func NewTimeline(epoch time.Time) *Timeline {
	return &Timeline{epoch: epoch}
}

// Start makes pts (of a leg with the given clock rate, in Hz) due at the moment at.
func (t *Timeline) Start(at time.Time, pts int64, rate int) {
	t.origin = at.Sub(t.epoch) - Duration(pts, rate)
}

// Shift postpones everything that is still to come: after a pause, or when the source had nothing to give.
func (t *Timeline) Shift(d time.Duration) {
	t.origin += d
}

// Due returns when the frame at pts is to be sent.
func (t *Timeline) Due(pts int64, rate int) time.Time {
	return t.epoch.Add(t.origin + Duration(pts, rate))
}

// RTP returns the RTP timestamp of pts, counted from base, the random first timestamp of the stream (RFC 3550 §5.1). Within one origin it
// is exact: the difference of two timestamps is the difference of their PTS.
func (t *Timeline) RTP(base uint32, pts int64, rate int) uint32 {
	return base + uint32(Ticks(t.origin, rate)+pts)
}

// RTPAt returns the RTP timestamp that corresponds to the moment at: the mapping a Sender Report announces (RFC 3550 §6.4.1).
func (t *Timeline) RTPAt(base uint32, at time.Time, rate int) uint32 {
	return base + uint32(Ticks(t.origin, rate)+Ticks(at.Sub(t.epoch)-t.origin, rate))
}

// Wall returns the wall-clock reading of at as the call's one clock sees it: the epoch's wall time plus the monotonic time since, so that
// an adjusted system clock does not bend the NTP times of Sender Reports.
func (t *Timeline) Wall(at time.Time) time.Time {
	return t.epoch.Round(0).Add(at.Sub(t.epoch))
}

// Ticks converts d to ticks of a clock of the given rate in Hz, rounded to the nearest. It is exact and does not overflow for any Duration
// and every media clock (rates up to 192 kHz).
func Ticks(d time.Duration, rate int) int64 {
	r := int64(rate)
	sec, frac := int64(d/time.Second), int64(d%time.Second)
	half := int64(time.Second / 2)
	if frac < 0 {
		half = -half
	}
	return sec*r + (frac*r+half)/int64(time.Second)
}

// Duration converts ticks of a clock of the given rate in Hz to a Duration, rounded to the nearest nanosecond.
func Duration(ticks int64, rate int) time.Duration {
	r := int64(rate)
	sec, rest := ticks/r, ticks%r
	half := r / 2
	if rest < 0 {
		half = -half
	}
	return time.Duration(sec)*time.Second + time.Duration((rest*int64(time.Second)+half)/r)
}
