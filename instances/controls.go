package instances

import (
	"fmt"
	"time"

	"gotgcall/models"
)

// pause freezes the media; it reports whether it was running. When it returns, nothing leaves any more.
func (p *playback) pause() bool {
	p.mu.Lock()
	changed := !p.paused && p.halted == nil
	p.freezeLocked(func() { p.paused = p.paused || changed })
	if changed {
		p.upgradeLocked()
	}
	p.mu.Unlock()
	p.entry.Settle()
	return changed
}

// resume goes on where pause stopped.
func (p *playback) resume() bool {
	p.mu.Lock()
	changed := p.paused && p.halted == nil
	p.freezeLocked(func() { p.paused = p.paused && !changed })
	if changed {
		p.upgradeLocked()
	}
	p.mu.Unlock()
	p.entry.Wake()
	return changed
}

// frozenLocked tells whether the media stands still.
func (p *playback) frozenLocked() bool { return p.paused || !p.live }

// freezeLocked makes a change that may freeze the media or let it go on, and measures how long it stood still.
func (p *playback) freezeLocked(change func()) {
	before := p.frozenLocked()
	change()
	switch after := p.frozenLocked(); {
	case after && !before:
		p.frozenAt = time.Now()
	case before && !after:
		p.shift += time.Since(p.frozenAt)
	}
}

// setMuted silences the audio, or ends the silence; it reports whether that is a change. When it returns, no packet leaves that the old
// state would have sent.
func (p *playback) setMuted(muted bool) bool {
	p.mu.Lock()
	changed := p.muted != muted && p.halted == nil
	p.muted = muted
	if changed {
		p.upgradeLocked()
	}
	p.mu.Unlock()
	p.entry.Settle()
	return changed
}

func (p *playback) state() models.MediaState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stateLocked()
}

func (p *playback) stateLocked() models.MediaState {
	return models.MediaState{Muted: p.muted, Paused: p.paused, VideoStopped: !p.videoOn.Load(), PresentationPaused: p.paused}
}

// upgradeLocked tells that what is sent has changed. It is posted under the lock, so that the order is that of the changes.
func (p *playback) upgradeLocked() { p.env.Events.Upgrade(p.chat, p.stateLocked()) }

// connect gives the playback its outlet. When it is live, what was opened before starts, or goes on.
func (p *playback) connect(o outlet, live bool) {
	p.mu.Lock()
	p.freezeLocked(func() { p.outlet, p.live = o, live })
	p.mu.Unlock()
	p.entry.Wake()
}

// quiet tells whether nothing plays at this moment.
func (p *playback) quiet() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paused || p.playing.Load() == nil
}

// disconnect takes the outlet away, so that everything stands still. When it has returned the outlet is not used any more.
func (p *playback) disconnect() {
	p.mu.Lock()
	p.freezeLocked(func() { p.outlet, p.live = nil, false })
	p.mu.Unlock()
	p.entry.Settle()
}

// fail ends everything that plays with err, once per leg. When it has returned, that has happened.
func (p *playback) fail(err error) {
	p.mu.Lock()
	if p.failed == nil && p.halted == nil {
		p.failed = err
	}
	if p.opening != nil {
		p.opening.cancel(fmt.Errorf("%w: %w", models.ErrNotConnected, err))
	}
	p.mu.Unlock()
	p.entry.Settle()
}

// revive lets a playback that has failed be used again: there is to be another connection.
func (p *playback) revive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = nil
}
