// Package notify delivers events to callbacks: in order, one at a time, without ever losing one or making the sender wait.
package notify

import (
	"log/slog"
	"sync"
	"time"
)

// Event is one call of a callback.
type Event struct {
	// Name of the callback, for the log and for Close's error: "OnStreamEnd".
	Name string
	// Chat that the event is about.
	Chat int64
	// Call calls the callback.
	Call func()
}

// Config says when a Queue warns. The zero value is usable.
type Config struct {
	// Warn is how many events may wait before a warning is logged. Nothing is dropped beyond it. It defaults to 256.
	Warn int
	// Slow is how long a callback may run before a warning is logged. It defaults to 1 second.
	Slow time.Duration
	// Logger receives warnings and the stacks of callbacks that panic. It defaults to no log.
	Logger *slog.Logger
}

const (
	defaultWarn = 256
	defaultSlow = time.Second
)

// Queue calls callbacks on one goroutine of its own, in the order of Post. That goroutine begins with the first Post and ends in Close, or, in the
// queues of PerChat, whenever nothing is left to do. A callback may call every method of the queue, Close included; one that panics is logged and
// does no further harm.
//
// All methods are safe for concurrent use.
type Queue struct {
	// Set at construction.
	log  *slog.Logger
	warn int
	slow time.Duration
	idle func()        // told when nothing is left to do; then the dispatcher ends until the next Post. nil: it stays
	wake chan struct{} // holds a token when the dispatcher may have something to do
	done chan struct{} // closed when the queue is closed, drained, and silent

	mu         sync.Mutex  // guards what follows; nothing is called or awaited under it
	events     []Event     // waiting, in order
	running    bool        // the dispatcher exists
	closing    bool        // Post refuses
	finished   bool        // done is closed
	current    *Event      // being called
	since      time.Time   // of current
	slowTimer  *time.Timer // warns about current; one serves all callbacks
	warned     bool        // of too many waiting; until they are less than half as many
	logSlow    bool        // that warning is being written
	logCrowded bool        // that warning is being written
}

// New returns an empty queue. It costs no goroutine before the first Post.
func New(c Config) *Queue {
	q := &Queue{
		log:  c.Logger,
		warn: c.Warn,
		slow: c.Slow,
		wake: make(chan struct{}, 1),
		done: make(chan struct{}),
	}
	if q.log == nil {
		q.log = slog.New(slog.DiscardHandler)
	}
	if q.warn <= 0 {
		q.warn = defaultWarn
	}
	if q.slow <= 0 {
		q.slow = defaultSlow
	}
	return q
}

// Post adds an event and returns at once. It may be called under the caller's locks: neither a callback nor the logger runs in it. It returns false, and
// the event is not delivered, once Close was called.
func (q *Queue) Post(e Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closing {
		return false
	}
	q.events = append(q.events, e)
	if len(q.events) > q.warn && !q.warned {
		q.warned = true
		q.warnCrowdedLocked()
	}
	if !q.running {
		q.running = true
		go q.run()
	}
	q.signal()
	return true
}

// signal wakes the dispatcher.
func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes the first event and makes it the current one. It reports false when none waits; end when the dispatcher shall end.
func (q *Queue) take() (e Event, ok, end bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.events) == 0 {
		end = q.closing || q.idle != nil
		if end {
			q.running = false
			q.finishLocked()
		}
		return Event{}, false, end
	}
	e = q.events[0]
	q.events[0] = Event{} // lets go of what the callback holds
	q.events = q.events[1:]
	if len(q.events) == 0 {
		q.events = nil // a burst's memory goes
	}
	if 2*len(q.events) < q.warn {
		q.warned = false
	}
	q.current, q.since = &e, time.Now()
	q.watchLocked()
	return e, true, false
}

// restingLocked tells whether nothing is left to happen, until the next Post.
func (q *Queue) restingLocked() bool {
	return !q.running && len(q.events) == 0 && !q.logSlow && !q.logCrowded
}

// finishLocked closes done when nothing is left to happen, for good.
func (q *Queue) finishLocked() {
	if q.closing && q.restingLocked() && !q.finished {
		q.finished = true
		close(q.done)
	}
}
