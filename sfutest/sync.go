package sfutest

import (
	"time"
)

const (
	reportsCompared = 8    // Sender Reports of which the one that came through the fastest counts
	clockSlope      = 1000 // clocks may be wrong by a thousandth
)

// checkLine checks that a Sender Report continues the line of the one before: RTP time and NTP time pass at one pace.
func (s *stream) checkLine(before, r *SenderReport) {
	wall := r.Arrival.Sub(before.Arrival)
	media := duration(mediaTime(before.Timestamp, r.Timestamp, ticks(wall, s.format.clockRate)), s.format.clockRate)
	off := r.NTP.Sub(before.NTP) - media
	if excess := off.Abs() - s.tolerances.ClockLine - wall.Abs()/clockSlope; excess > 0 && s.timeline.stalls.excuse(before.Arrival, r.Arrival) < excess {
		s.ledger.add(ViolationClock, "%s: from one Sender Report to the next NTP time advances by %v and media time by %v", s.media,
			r.NTP.Sub(before.NTP).Round(time.Millisecond), media.Round(time.Millisecond))
	}
}

// transit returns how much later than their NTP times the latest Sender Reports arrived, by the one that came through the fastest.
func (s *stream) transit() (least time.Duration, ok bool) {
	for n := max(s.reports.oldest(), s.reports.total-reportsCompared); n < s.reports.total; n++ {
		r := s.reports.at(n)
		if t := r.Arrival.Sub(r.NTP); !ok || t < least {
			least, ok = t, true
		}
	}
	return least, ok
}

// legs returns the streams of sound and picture, nil where there is none. It needs the lock.
func (e *Endpoint) legsLocked() (sound, picture *stream) {
	return e.streams[e.AudioSSRC()], e.streams[e.VideoSSRC()]
}

// checkClocksLocked checks that sound and picture have one NTP clock. It needs the lock.
func (e *Endpoint) checkClocksLocked(now time.Time) {
	sound, picture := e.legsLocked()
	if sound == nil || picture == nil {
		return
	}
	a, ok1 := sound.transit()
	v, ok2 := picture.transit()
	off := (a - v).Abs() - e.cfg.tolerances.ClockLine - e.cfg.network.reorderDelay
	if ok1 && ok2 && off > 0 && e.srv.stalls.excuse(now, now) < off {
		e.violations.add(ViolationClock, "the Sender Reports of sound and picture are by different clocks: the picture's is %v ahead",
			(a - v).Round(time.Millisecond))
	}
}

// AVOffset returns how much later the picture arrives than the sound that belongs to it, negative when it is earlier: the difference
// between both legs' latest media in arrival time minus sender time (see SenderTime). False without media and a Sender Report of both legs.
// Delays that the server's options add are not in it. What a leg that is silent by now has sent last counts.
func (e *Endpoint) AVOffset() (time.Duration, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	sound, picture := e.legsLocked()
	if sound == nil || picture == nil {
		return 0, false
	}
	a, ok1 := sound.lag()
	v, ok2 := picture.lag()
	return v - a, ok1 && ok2
}

// lag returns how much later than its sender time media arrives, by that of the latest which came through the fastest.
func (s *stream) lag() (least time.Duration, ok bool) {
	if s.reports.total == 0 {
		return 0, false
	}
	for _, l := range s.timeline.begins {
		if lag := l.arrival.Sub(s.senderTime(l.stamp)); !ok || lag < least {
			least, ok = lag, true
		}
	}
	return least, ok
}

// senderTime translates a timestamp by the latest Sender Report, of which there is one.
func (s *stream) senderTime(timestamp uint32) time.Time {
	r := s.reports.at(s.reports.total - 1)
	return r.NTP.Add(duration(int64(int32(timestamp-r.Timestamp)), s.format.clockRate)) // timestamps wrap at 2^32
}
