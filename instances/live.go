package instances

import (
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// liveKept is how much a live source that stands still keeps of its newest media, at least: so late it may be afterwards.
const liveKept = time.Second

// readOn sees to it that a live source is read on while it stands still, in a pause or for want of a connection: what comes takes the place of the
// oldest that waits. One that nobody reads would be late for good, by all that the pipes and the network hold, or its server would hang up.
func (p *playback) readOn(out outlet, frozen bool) {
	s := p.current
	if s == nil || s.rolling == frozen || !s.live() {
		return
	}
	s.rolling = frozen
	if frozen {
		s.roll()
		return
	}
	for _, l := range s.legs {
		if s.shared {
			l.queue.trim(pacer.Ticks(sharedCushion, l.rate))
		}
		if l.queue.stay() && l.kind == models.Video {
			l.late.skipping = true // until a picture comes that needs none before it
		}
	}
	if left := s.leftOut(); s.started && left > 0 {
		p.clock.Shift(-left)
		s.begins += left // the position does not jump
		if out != nil {
			out.shift(-left)
		}
	}
}

// live tells whether the stream goes on by itself, whoever listens.
func (s *stream) live() bool { return s.shared || s.onAir() }

// onAir tells whether the stream is of a live source, for certain.
func (s *stream) onAir() bool { return media.IsLive(s.request.source) || s.nature().Live() }

// nature is what is known of the stream's source.
func (s *stream) nature() media.Nature {
	if s.liveness == nil {
		return media.Unknown
	}
	return s.liveness.Nature()
}

// roll lets the queues drop their oldest frames. All of them keep the same time, so that sound and picture begin together again.
func (s *stream) roll() {
	kept := liveKept
	for _, l := range s.legs {
		level, _, _ := l.queue.level()
		kept = max(kept, pacer.Duration(level, l.rate))
	}
	for _, l := range s.legs {
		l.queue.roll(pacer.Ticks(kept, l.rate))
	}
}

// leftOut returns how much later the stream goes on than where it was.
func (s *stream) leftOut() (least time.Duration) {
	some := false
	for _, l := range s.legs {
		f, ok, _, _ := l.queue.peek()
		if !ok || l.over || !l.begun {
			continue
		}
		if left := pacer.Duration(f.PTS-l.next, l.rate); !some || left < least {
			least, some = left, true
		}
	}
	return least
}

// roll lets the queue drop its oldest frames for new ones, so that it keeps that many ticks of media, until stay.
func (q *queue) roll(ticks int64) {
	q.mu.Lock()
	q.rolls, q.rolled = ticks, false
	q.mu.Unlock()
	q.tell()
}

// stay ends that. It reports whether frames were dropped.
func (q *queue) stay() (dropped bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	dropped, q.rolls, q.rolled = q.rolled, 0, false
	return dropped
}

// rollLocked makes room for f.
func (q *queue) rollLocked(f demux.Frame) {
	for q.head < len(q.frames) && (f.PTS+f.Duration-q.frames[q.head].PTS > q.rolls || q.size >= q.bytes) {
		q.popLocked()
		q.rolled = true
	}
}
