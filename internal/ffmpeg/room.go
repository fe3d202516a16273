package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gotgcall/models"
)

// room is the cap on how many children live at a time. Those who ask for room get it in the order of asking, each for all the children it
// wants to start: two that hold one place each and wait for a second one would wait for each other.
type room struct {
	// Set at construction.
	size int // 0: without end

	// mu guards the rest.
	mu      sync.Mutex
	used    int
	waiting []*place // in the order of asking
}

// place is what one Start waits for.
type place struct {
	children int
	given    chan struct{} // closed when it may start them
}

// errPatience is the cause of a wait that has taken too long.
var errPatience = errors.New("ffmpeg: no room")

// take returns when so many children may be started, for each of which give is called later. It gives up with ctx, when closing is closed,
// and after patience.
func (m *room) take(ctx context.Context, closing <-chan struct{}, patience time.Duration, children int) error {
	switch {
	case m.size == 0:
		return nil
	case children > m.size:
		return fmt.Errorf("%w: the source needs %d child processes at once, and WithMaxProcesses allows %d: raise it",
			models.ErrInvalidParams, children, m.size)
	}
	p := &place{children: children, given: make(chan struct{})}
	m.mu.Lock()
	m.waiting = append(m.waiting, p)
	m.admitLocked()
	m.mu.Unlock()

	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.given:
		return nil
	case <-timer.C:
		return m.leave(p, errPatience, patience)
	case <-ctx.Done():
		return m.leave(p, notStarted(ctx), patience)
	case <-closing:
		return m.leave(p, models.ErrClosed, patience)
	}
}

// leave ends a wait for a reason. It returns nil when the place was given at the same moment, and only patience had run out.
func (m *room) leave(p *place, reason error, patience time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	given := isClosed(p.given)
	used := m.used
	switch {
	case given && errors.Is(reason, errPatience):
		return nil
	case given:
		m.used -= p.children
	default:
		m.waiting = slices.DeleteFunc(m.waiting, func(o *place) bool { return o == p })
	}
	m.admitLocked()
	if errors.Is(reason, errPatience) {
		return fmt.Errorf("%w: %d child processes run, WithMaxProcesses allows %d, and %s has not become free within %v: stop a call, or raise the limit",
			models.ErrBusy, used, m.size, places(p.children), patience)
	}
	return reason
}

func places(n int) string {
	if n == 1 {
		return "a place"
	}
	return fmt.Sprintf("room for %d", n)
}

// give frees the places of so many children.
func (m *room) give(children int) {
	if m.size == 0 || children == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= children
	m.admitLocked()
}

// admitLocked gives places to those who have waited longest, until one wants more than there are: who is behind it does not overtake it.
func (m *room) admitLocked() {
	for len(m.waiting) > 0 && m.used+m.waiting[0].children <= m.size {
		p := m.waiting[0]
		m.waiting = slices.Delete(m.waiting, 0, 1)
		m.used += p.children
		close(p.given)
	}
}
