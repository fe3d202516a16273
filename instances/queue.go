package instances

import (
	"context"
	"sync"

	"gotgcall/internal/demux"
)

// queue holds the frames that a leg's reader has read ahead. One goroutine pushes, one takes.
type queue struct {
	// set at construction
	limit int64         // ticks of media: a fuller queue stops the reader
	bytes int           // the same in bytes, for streams whose packets are huge
	space chan struct{} // capacity 1: told to a reader that waits

	mu      sync.Mutex
	frames  []demux.Frame // frames[head:] are waiting
	head    int
	size    int
	waiting bool // the reader waits for space
	ended   bool
	err     error // why the stream ended; nil at its natural end
}

func newQueue(limit int64, bytes int) *queue {
	return &queue{limit: limit, bytes: bytes, space: make(chan struct{}, 1)}
}

// push appends a frame, waiting while the queue is full. It reports whether the queue was empty before; err is ctx's cause.
func (q *queue) push(ctx context.Context, f demux.Frame) (wasEmpty bool, err error) {
	q.mu.Lock()
	for q.fullLocked() {
		q.waiting = true
		q.mu.Unlock()
		select {
		case <-q.space:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
		q.mu.Lock()
	}
	wasEmpty = q.head == len(q.frames)
	q.frames = append(q.frames, f)
	q.size += len(f.Data)
	q.mu.Unlock()
	return wasEmpty, nil
}

// end says that no more frames come, and why.
func (q *queue) end(err error) {
	q.mu.Lock()
	q.ended, q.err = true, err
	q.mu.Unlock()
}

// peek returns the first waiting frame. Without one, ended tells whether there will be none, and err why.
func (q *queue) peek() (f demux.Frame, ok, ended bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head < len(q.frames) {
		return q.frames[q.head], true, false, nil
	}
	return demux.Frame{}, false, q.ended, q.err
}

// pop removes the first waiting frame. A waiting reader is told when the queue is half empty, so that it reads many frames per wake-up.
func (q *queue) pop() {
	q.mu.Lock()
	q.size -= len(q.frames[q.head].Data)
	q.frames[q.head] = demux.Frame{}
	q.head++
	if q.head*2 >= len(q.frames) {
		n := copy(q.frames, q.frames[q.head:])
		clear(q.frames[n:])
		q.frames, q.head = q.frames[:n], 0
	}
	tell := q.waiting && q.levelLocked()*2 <= q.limit && q.size*2 <= q.bytes
	if tell {
		q.waiting = false
	}
	q.mu.Unlock()
	if tell {
		select {
		case q.space <- struct{}{}:
		default:
		}
	}
}

func (q *queue) fullLocked() bool {
	return q.levelLocked() >= q.limit || q.size >= q.bytes
}

// levelLocked returns how many ticks of media are waiting.
func (q *queue) levelLocked() int64 {
	if q.head == len(q.frames) {
		return 0
	}
	first, last := q.frames[q.head], q.frames[len(q.frames)-1]
	return last.PTS + last.Duration - first.PTS
}
