package player

import "sync"

// inbox is what a room is still to do: it takes everything at once, so that the library's callbacks never wait for a room that is busy.
type inbox struct {
	ready chan struct{} // has a value when there is something

	mu   sync.Mutex
	todo []func(*room)
}

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1)}
}

func (b *inbox) add(do func(*room)) {
	b.mu.Lock()
	b.todo = append(b.todo, do)
	b.mu.Unlock()
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

func (b *inbox) take() []func(*room) {
	b.mu.Lock()
	defer b.mu.Unlock()
	todo := b.todo
	b.todo = nil
	return todo
}
