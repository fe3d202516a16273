package instances

import (
	"errors"
	"log/slog"
	"time"
)

// reopen opens the current source again, as r says and after a while, to take its own place. When another source is on its way, or comes, that one has
// precedence; a seek begins with it. It reports whether that is begun. failed hears of the error when it cannot be opened.
func (p *playback) reopen(s *stream, r request, after time.Duration, failed func(error)) (begun bool) {
	r.continues = true
	o := p.newOpening(p.life)
	o.seeks = &r
	p.mu.Lock()
	busy := p.opening != nil || p.next != nil || p.unusableLocked() != nil
	if !busy {
		p.opening = o
		s.reopening.Store(true)
		p.background.Add(1)
	}
	p.mu.Unlock()
	if busy {
		o.end()
		return false
	}
	go func() {
		defer p.background.Done()
		defer o.end()
		if sleep(o.ctx, after) == nil { // when that ends early, so does open
			o.timer.Reset(p.env.Patience.open()) // the wait is not the source's
		}
		switch err := p.open(o, r); {
		case errors.Is(err, errSuperseded):
			s.reopening.Store(false)
		case err != nil:
			failed(err)
		}
		p.entry.Wake()
	}()
	return true
}

// untangle opens the current source again at the given position, with a process for each leg: one reader cannot hold what lies between its
// sound and its picture. When that fails the stream ends.
func (p *playback) untangle(s *stream, at time.Duration) {
	r := s.request
	r.offset, r.separate, r.live = at, true, s.onAir()
	if p.reopen(s, r, 0, func(err error) { s.broken.Store(&err) }) {
		p.log(slog.LevelInfo, "sound and picture lie far apart in the source: opening it again with a process for each")
	}
}
