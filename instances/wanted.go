package instances

import (
	"time"
)

// wanted is what the controls have asked for, as one Run sees it.
type wanted struct {
	outlet  outlet
	next    *stream
	muted   bool
	frozen  bool
	shift   time.Duration
	over    *stream
	leaves  bool
	failed  error
	changed bool
	stale   bool
}

func (p *playback) takeWanted() wanted {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := wanted{
		outlet: p.outlet, muted: p.muted, frozen: p.frozenLocked(), over: p.over, leaves: p.leaves, failed: p.failed, changed: p.changed,
		stale: p.stale,
	}
	p.over, p.leaves, p.changed, p.stale = nil, false, false, false
	switch {
	case p.next == nil:
	case p.fits(p.next) && !p.enters(p.next):
		if w.frozen { // it takes over after the pause, and nobody has to wait for that
			p.next.settle(nil)
		}
	default:
		w.next, p.next = p.next, nil
		if p.fits(w.next) {
			p.overtake(w.next)
			w.next.request.enters = 0 // it has, and what is made of its request begins by itself
			p.showLocked(w.next)
		}
	}
	if w.over != nil && w.over == p.next { // it waits for its place, and another one plays until then
		w.over = p.current
	}
	if !w.frozen {
		w.shift, p.shift = p.shift, 0
	}
	return w
}
