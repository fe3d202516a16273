// Package access decides who may watch: it turns tokens into sessions, knows at each moment which links are open, tells those who watch when
// theirs ends, and counts them.
package access

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"gotgcall/examples/tempstream/internal/secrets"
	"gotgcall/examples/tempstream/internal/store"
)

const (
	// refresh is how often the file is asked which links are active: another process may have disabled one.
	refresh = 200 * time.Millisecond
	// seen is for how long somebody counts as a viewer after a request, when no other request of the session is open.
	seen = 10 * time.Second
	// forget is for how long a session without requests is remembered here; the file knows it all the same.
	forget = time.Minute
)

// Store is what the gate needs of package store.
type Store interface {
	FindLink(ctx context.Context, token string) (store.Link, error)
	FindSession(ctx context.Context, sum secrets.Sum) (store.Link, error)
	CreateSession(ctx context.Context, link int64) (secret string, err error)
	ActiveLinks(ctx context.Context) ([]store.Link, error)
}

// Gate lets viewers in and out. Its methods may be called from several goroutines at once.
type Gate struct {
	// set at construction
	store Store
	log   *slog.Logger

	mu       sync.Mutex // guards what follows, and what is in doors and sessions
	doors    map[int64]*door
	sessions map[secrets.Sum]*session
}

// door is a link that somebody has opened.
type door struct {
	link  store.Link
	ctx   context.Context // ends when it opens nothing any more
	end   context.CancelFunc
	timer *time.Timer // ends it in time; nil for a permanent one
}

// session is one viewer's, for as long as there are requests.
type session struct {
	sum      secrets.Sum
	door     *door
	lastSeen time.Time // of a request that had a place; zero: none, or it has left
	open     int       // requests that hold a place for as long as they last
}

// watches says whether the session has a place.
func (s *session) watches(now time.Time) bool {
	return s.open > 0 || now.Sub(s.lastSeen) < seen
}

// New makes a gate. Nothing ends early until Run runs.
func New(s Store, log *slog.Logger) *Gate {
	return &Gate{store: s, log: log, doors: map[int64]*door{}, sessions: map[secrets.Sum]*session{}}
}

// Run notices, within moments, that a link was disabled, until ctx ends.
func (g *Gate) Run(ctx context.Context) error {
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for failing := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := g.Refresh(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			g.log.Error("the database cannot be asked which links are active; those that were remain until they expire", "error", err)
		}
		failing = err != nil
	}
}

// Refresh ends what was disabled. Whoever disables a link in this process calls it, so that it holds at once.
func (g *Gate) Refresh(ctx context.Context) error {
	before := g.open()
	if len(before) == 0 {
		return nil
	}
	links, err := g.store.ActiveLinks(ctx)
	if err != nil {
		return err
	}
	active := make(map[int64]bool, len(links))
	for _, l := range links {
		active[l.ID] = true
	}
	for _, d := range before {
		if !active[d.link.ID] {
			g.end(d)
		}
	}
	g.forgetSessions()
	return nil
}

// forgetSessions forgets those that nobody asks for any more.
func (g *Gate) forgetSessions() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for sum, s := range g.sessions {
		if !s.watches(now) && now.Sub(s.lastSeen) > forget {
			delete(g.sessions, sum)
		}
	}
}

// Enter opens a link: it makes a session, whose secret goes into a cookie. Whatever opens nothing is store.ErrNotFound.
func (g *Gate) Enter(ctx context.Context, token string) (l store.Link, secret string, err error) {
	if l, err = g.store.FindLink(ctx, token); err != nil {
		return l, "", err
	}
	secret, err = g.store.CreateSession(ctx, l.ID)
	return l, secret, err
}

// Viewers counts who watches, by link.
func (g *Gate) Viewers() map[int64]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, n := time.Now(), map[int64]int{}
	for _, s := range g.sessions {
		if s.watches(now) {
			n[s.door.link.ID]++
		}
	}
	return n
}

// doorLocked returns the door of an active link; mu is held.
func (g *Gate) doorLocked(l store.Link) *door {
	if d := g.doors[l.ID]; d != nil {
		return d
	}
	d := &door{link: l}
	d.ctx, d.end = context.WithCancel(context.Background()) // the link's life, which no request's is
	if !l.Expires.IsZero() {
		d.timer = time.AfterFunc(time.Until(l.Expires), func() { g.end(d) })
	}
	g.doors[l.ID] = d
	return d
}

// end closes a door for good, and tells those who watch.
func (g *Gate) end(d *door) {
	g.mu.Lock()
	closed := g.closeLocked(d)
	g.mu.Unlock()
	if closed {
		d.end()
		g.log.Info("a link has ended", "link", d.link.ID)
	}
}

// closeLocked takes a door away, and says whether it was there; mu is held.
func (g *Gate) closeLocked(d *door) bool {
	if g.doors[d.link.ID] != d {
		return false
	}
	delete(g.doors, d.link.ID)
	if d.timer != nil {
		d.timer.Stop()
	}
	for sum, s := range g.sessions {
		if s.door == d {
			delete(g.sessions, sum)
		}
	}
	return true
}

// Close ends all links, in this process alone.
func (g *Gate) Close() {
	for _, d := range g.open() {
		g.mu.Lock()
		g.closeLocked(d)
		g.mu.Unlock()
		d.end()
	}
}

// open returns the doors that there are.
func (g *Gate) open() []*door {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Values(g.doors))
}
