package access

import (
	"context"
	"time"

	"gotgcall/examples/tempstream/internal/secrets"
	"gotgcall/examples/tempstream/internal/store"
)

// Pass is one request's right to play, which lasts until its link ends.
type Pass struct {
	gate    *Gate
	session *session
}

// Pass returns that of a session's secret. A session that opens nothing is store.ErrNotFound.
func (g *Gate) Pass(ctx context.Context, secret string) (*Pass, error) {
	sum, ok := secrets.SumOf(secret)
	if !ok {
		return nil, store.ErrNotFound
	}
	g.mu.Lock()
	s := g.sessions[sum]
	g.mu.Unlock()
	if s != nil {
		return &Pass{g, s}, nil
	}
	l, err := g.store.FindSession(ctx, sum)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if s = g.sessions[sum]; s == nil {
		s = &session{sum: sum, door: g.doorLocked(l)}
		g.sessions[sum] = s
	}
	return &Pass{g, s}, nil
}

// Link is the link that the pass belongs to.
func (p *Pass) Link() store.Link { return p.session.door.link }

// Context ends when the link has expired or was disabled.
func (p *Pass) Context() context.Context { return p.session.door.ctx }

// Take asks for a place among the link's viewers, and keeps it for some seconds. It says no when the link has as many viewers as it may have.
func (p *Pass) Take() bool {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	return p.takeLocked(time.Now())
}

func (p *Pass) takeLocked(now time.Time) bool {
	// The gate may have forgotten a session that had no place, and have another one in its stead.
	if current := p.gate.sessions[p.session.sum]; current != nil {
		p.session = current
	} else if p.gate.doors[p.session.door.link.ID] == p.session.door {
		p.gate.sessions[p.session.sum] = p.session
	}
	if limit := p.session.door.link.MaxViewers; limit > 0 && !p.session.watches(now) {
		others := 0
		for _, s := range p.gate.sessions {
			if s.door == p.session.door && s.watches(now) {
				others++
			}
		}
		if others >= limit {
			return false
		}
	}
	p.session.lastSeen = now
	return true
}

// Hold asks for a place and keeps it until Release. When that was the last of the session, the place is free at once: the page was left.
func (p *Pass) Hold() bool {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if !p.takeLocked(time.Now()) {
		return false
	}
	p.session.open++
	return true
}

// Release gives back what Hold took.
func (p *Pass) Release() {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if p.session.open--; p.session.open == 0 {
		p.session.lastSeen = time.Time{}
	}
}
