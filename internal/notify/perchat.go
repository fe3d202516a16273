package notify

import (
	"context"
	"errors"
	"sync"
)

// PerChat is a Queue for each chat: a callback of one chat does not hold those of another. A chat's queue, and its goroutine, exist only while
// events of that chat wait or a callback is in progress.
//
// All methods are safe for concurrent use, and may be called from inside callbacks.
type PerChat struct {
	// Set at construction.
	config Config

	mu      sync.Mutex // guards what follows; taken before that of a queue
	queues  map[int64]*Queue
	closing bool // Post refuses
}

// NewPerChat returns a PerChat without queues. The Config is that of each of them: Warn counts the events of one chat.
func NewPerChat(c Config) *PerChat {
	return &PerChat{config: c, queues: make(map[int64]*Queue)}
}

// Post adds an event to its chat's queue, as Queue.Post does.
func (p *PerChat) Post(e Event) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return false
	}
	q := p.queues[e.Chat]
	if q == nil {
		q = New(p.config)
		q.idle = func() { p.retire(e.Chat, q) }
		p.queues[e.Chat] = q
	}
	return q.Post(e)
}

// retire lets go of a chat's queue that has nothing to do. It runs on a goroutine of the queue's, and an event may have come meanwhile.
func (p *PerChat) retire(chat int64, q *Queue) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.restingLocked() && p.queues[chat] == q {
		delete(p.queues, chat)
	}
}

// Close refuses further events and closes the queues, all at the same time: each as Queue.Close does. The error has those of all chats.
func (p *PerChat) Close(ctx context.Context) error {
	inside := InCallback()
	p.mu.Lock()
	p.closing = true
	queues := make([]*Queue, 0, len(p.queues))
	for _, q := range p.queues {
		queues = append(queues, q)
	}
	p.mu.Unlock()

	errs := make([]error, len(queues))
	var closes sync.WaitGroup
	for i, q := range queues {
		closes.Go(func() { errs[i] = q.close(ctx, inside) })
	}
	closes.Wait()
	return errors.Join(errs...)
}
