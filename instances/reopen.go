package instances

import (
	"errors"
	"time"

	"gotgcall/internal/pacer"
	"gotgcall/media"
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
		_ = sleep(o.ctx, after) // when that ends early, so does open
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
	r.offset, r.separate = at, true
	if p.reopen(s, r, 0, func(err error) { s.broken.Store(&err) }) {
		p.env.Logger.Info("sound and picture lie far apart in the source: opening it again with a process for each", "chat", p.chat, "source", s.name)
	}
}

const (
	// liveTries is how often a live source that stalls is opened again before that is its end.
	liveTries = 3
	// liveHealthy is how long it has to have played so that they are counted anew.
	liveHealthy = time.Minute
	// liveBackoff lies before the second try, and twice that before the third.
	liveBackoff = time.Second
)

// revives tells whether the current stream is a live one that has stalled and is opened again: what hangs may be one connection, or one ffmpeg, and not
// the broadcast. Its legs do not end meanwhile. l is the leg that has stalled.
func (p *playback) revives(l *leg) bool {
	s := p.current
	if !media.IsLive(s.request.source) {
		return false
	}
	if s.reopening.Load() {
		return true
	}
	if s.stalls == 0 && pacer.Duration(l.next, l.rate)-s.begins < liveHealthy {
		s.stalls = s.request.stalls
	}
	if s.stalls == liveTries {
		return false
	}
	r := s.request
	r.offset, r.stalls = time.Duration(p.position.Load())*time.Millisecond, s.stalls+1
	if p.reopen(s, r, time.Duration(s.stalls)*liveBackoff, func(err error) {
		s.reopening.Store(false)
		p.env.Logger.Warn("a live source that has stalled cannot be opened again", "chat", p.chat, "source", s.name, "error", err)
	}) {
		s.stalls++
		p.env.Logger.Warn("a live source has stalled: opening it again", "chat", p.chat, "source", s.name, "try", s.stalls, "of", liveTries)
	}
	return true
}
