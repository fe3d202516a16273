package sfutest

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	stallTick  = 20 * time.Millisecond // how often the meter looks
	stallFloor = 30 * time.Millisecond // a tick that is later than that is a stall
	maxStalls  = 64                    // the latest are kept
	stallReach = 2 * time.Second       // how long after a stall its effects are excused: senders catch up
)

// stallMeter notes when this process did not get to run: a busy machine delays the server's reading, and a client in the same process,
// by the same time. What that explains is not the client's fault. Its zero value has seen no stall; in fake time there is none.
type stallMeter struct {
	mu     sync.Mutex // guards what follows
	last   time.Time  // tick; zero: nothing is measured
	stalls []stall
}

// stall is a time in which nothing ran.
type stall struct{ from, to time.Time }

// run measures until the context ends.
func (m *stallMeter) run(ctx context.Context) {
	ticker := time.NewTicker(stallTick)
	defer ticker.Stop()
	for {
		m.tick(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tick notes that the process runs now.
func (m *stallMeter) tick(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sinceLocked(now); ok {
		if len(m.stalls) == maxStalls {
			m.stalls = slices.Delete(m.stalls, 0, 1)
		}
		m.stalls = append(m.stalls, s)
	}
	m.last = now
}

// sinceLocked returns the stall that ends now, if there is one. It needs the lock.
func (m *stallMeter) sinceLocked(now time.Time) (stall, bool) {
	late := now.Sub(m.last) - stallTick
	return stall{now.Add(-late), now}, !m.last.IsZero() && late > stallFloor
}

// excuse returns for how long nothing ran, in or shortly before the time between two moments.
func (m *stallMeter) excuse(from, to time.Time) (sum time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.stalls {
		if s.to.After(from.Add(-stallReach)) && s.from.Before(to.Add(stallTick)) {
			sum += s.to.Sub(s.from)
		}
	}
	if s, ok := m.sinceLocked(to); ok { // one that the ticker has not noticed yet
		sum += s.to.Sub(s.from)
	}
	return sum
}
