package sfutest

import "time"

// silence watches a declared video that sends nothing while there is sound: the server's binding needs a packet of padding now and then
// (docs/WIRE.md §5).
type silence struct {
	heard   time.Time // last packet of sound
	flowing time.Time // since when there is sound without a pause
	alive   time.Time // last packet of the video, padding included, or complaint about a missing one
	shown   time.Time // last packet of a frame
}

// sound takes a packet of sound. It returns how long nothing had come of the video, and from when on, if there was sound all the time.
func (s *silence) sound(now time.Time) (from time.Time, lasted time.Duration) {
	if now.Sub(s.heard) >= flowGap {
		s.flowing = now
	}
	s.heard = now
	from = maxTime(s.flowing, s.alive)
	return from, now.Sub(from)
}

// picture takes a packet of the video. It tells for how long there was sound and no frame.
func (s *silence) picture(now time.Time, padding bool) (lasted time.Duration) {
	s.alive = now
	if padding {
		return 0
	}
	if now.Sub(s.heard) < flowGap {
		lasted = now.Sub(maxTime(s.flowing, s.shown))
	}
	s.shown = now
	return lasted
}

// silenceLocked looks at a packet for what it tells of the silence of the video. It needs the lock.
func (e *Endpoint) silenceLocked(p *Packet, media Media) {
	limit := e.cfg.tolerances.Padding
	switch {
	case media == MediaVideo:
		p.anew = e.silence.picture(p.Arrival, p.Size == 0) > limit
	case media == MediaAudio && e.VideoSSRC() != 0:
		from, lasted := e.silence.sound(p.Arrival)
		if lasted > limit && !e.cfg.tolerances.Loss && e.srv.stalls.excuse(from, p.Arrival) < lasted-limit {
			e.silence.alive = p.Arrival
			e.violations.add(ViolationMissingPadding, "the video was declared, and nothing was sent on its SSRC %d for %v while there was sound",
				e.VideoSSRC(), lasted.Round(time.Millisecond))
		}
	}
}
