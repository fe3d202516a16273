package pacer

import (
	"container/heap"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Task is what a Scheduler runs: one call, with all that is due for it.
type Task interface {
	// Run does everything that is due at now and returns when it wants to run next. The zero time parks the task until Wake.
	// Run is never called twice at the same time. It must not block: every other task of its shard waits for it.
	Run(now time.Time) (next time.Time)
}

// Scheduler runs tasks at their deadlines: one goroutine and one timer for each shard, whatever the number of tasks.
// All methods may be called from any goroutine.
type Scheduler struct {
	shards []*shard
	next   atomic.Uint64
}

// NewScheduler returns a Scheduler with one shard for each CPU that Go may use (runtime.GOMAXPROCS). A shard's goroutine starts when
// the first of its tasks is woken.
func NewScheduler() *Scheduler {
	s := &Scheduler{}
	for range runtime.GOMAXPROCS(0) {
		sh := &shard{wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
		sh.idle.L = &sh.mu
		s.shards = append(s.shards, sh)
	}
	return s
}

// Add registers a task, parked: it first runs when its Entry is woken.
func (s *Scheduler) Add(t Task) *Entry {
	sh := s.shards[s.next.Add(1)%uint64(len(s.shards))]
	return &Entry{shard: sh, task: t, index: -1}
}

// Close ends the goroutines and returns when no task is running. Entries that were not removed never run again.
func (s *Scheduler) Close() {
	for _, sh := range s.shards {
		sh.close()
	}
}

// Entry is a registered task.
type Entry struct {
	shard *shard
	task  Task

	// guarded by shard.mu
	at      time.Time
	begun   uint64 // counts Runs
	index   int    // place in the heap, -1 when parked
	again   bool
	removed bool
}

// Wake runs the task as soon as possible. Waking a removed task does nothing.
func (e *Entry) Wake() {
	sh := e.shard
	sh.mu.Lock()
	if e.removed || sh.closed {
		sh.mu.Unlock()
		return
	}
	if !sh.started {
		sh.started = true
		go sh.run()
	}
	if sh.running == e {
		e.again = true // its own return value would overwrite the earlier deadline
	} else {
		sh.scheduleLocked(e, time.Time{})
	}
	first := sh.heap.first() == e
	sh.mu.Unlock()
	if first {
		sh.poke()
	}
}

// Settle runs the task and returns when a Run that began after the call has returned: what the caller changed before has then been seen. It
// must not be called from Run. For a removed task, or after Close, it returns when no Run is in progress.
func (e *Entry) Settle() {
	sh := e.shard
	sh.mu.Lock()
	seen := e.begun + 1
	sh.mu.Unlock()
	e.Wake()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for (sh.running == e && e.begun <= seen) || (!e.removed && !sh.closed && e.begun < seen) {
		sh.idle.Wait()
	}
}

// Remove takes the task out for good and returns when no Run is in progress. It must not be called from Run.
func (e *Entry) Remove() {
	sh := e.shard
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e.removed = true
	sh.idle.Broadcast()
	if e.index >= 0 {
		heap.Remove(&sh.heap, e.index)
	}
	for begun := e.begun; sh.running == e && e.begun == begun; {
		sh.idle.Wait()
	}
}

// shard is one goroutine with a heap of deadlines.
type shard struct {
	// set at construction
	wake chan struct{} // capacity 1: look at the heap again
	quit chan struct{}
	done chan struct{}

	mu      sync.Mutex
	idle    sync.Cond // signalled when a Run returns
	heap    entryHeap
	running *Entry
	started bool
	closed  bool
}

func (s *shard) close() {
	s.mu.Lock()
	started, closed := s.started, s.closed
	s.closed = true
	s.idle.Broadcast()
	s.mu.Unlock()
	if !closed {
		close(s.quit)
	}
	if started {
		<-s.done
	}
}

func (s *shard) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run is the shard's goroutine.
func (s *shard) run() {
	defer close(s.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait, some := s.runDue()
		var due <-chan time.Time
		if some {
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case <-due:
		case <-s.wake:
		case <-s.quit:
			return
		}
	}
}

// runDue runs every task that is due and returns the time until the next one.
func (s *shard) runDue() (wait time.Duration, some bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		e := s.heap.first()
		if e == nil || s.closed {
			return 0, false
		}
		now := time.Now()
		if wait := e.at.Sub(now); !e.at.IsZero() && wait > 0 {
			return wait, true
		}
		heap.Pop(&s.heap)
		s.running = e
		e.begun++
		s.mu.Unlock()
		next := e.task.Run(now)
		s.mu.Lock()
		s.running = nil
		s.idle.Broadcast()
		if e.again {
			e.again = false
			next = now
		}
		if !next.IsZero() && !e.removed {
			s.scheduleLocked(e, next)
		}
	}
}

// scheduleLocked puts e into the heap for the time at, or moves it forward; a later time never postpones an earlier one.
func (s *shard) scheduleLocked(e *Entry, at time.Time) {
	switch {
	case e.index < 0:
		e.at = at
		heap.Push(&s.heap, e)
	case at.Before(e.at):
		e.at = at
		heap.Fix(&s.heap, e.index)
	}
}

// entryHeap orders entries by deadline; see container/heap.
type entryHeap []*Entry

func (h entryHeap) first() *Entry {
	if len(h) == 0 {
		return nil
	}
	return h[0]
}

func (h entryHeap) Len() int           { return len(h) }
func (h entryHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h entryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *entryHeap) Push(x any) {
	e := x.(*Entry)
	e.index = len(*h)
	*h = append(*h, e)
}

// Pop implements heap.Interface.
func (h *entryHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	e.index = -1
	return e
}
