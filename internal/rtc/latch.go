package rtc

import "sync"

// latch is an event that happens once.
type latch struct {
	once sync.Once
	ch   chan struct{}
}

func newLatch() latch { return latch{ch: make(chan struct{})} }
func (l *latch) set() { l.once.Do(func() { close(l.ch) }) }
func (l *latch) isSet() bool {
	select {
	case <-l.ch:
		return true
	default:
		return false
	}
}
