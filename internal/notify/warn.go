package notify

import "time"

// watchLocked arms the timer that warns about a slow callback.
func (q *Queue) watchLocked() {
	if q.slowTimer == nil {
		q.slowTimer = time.AfterFunc(q.slow, q.warnSlow)
		return
	}
	q.slowTimer.Reset(q.slow)
}

// warnSlow runs on the timer's goroutine.
func (q *Queue) warnSlow() {
	q.mu.Lock()
	e, took, waiting := q.current, time.Since(q.since), len(q.events)
	if e == nil || took < q.slow || q.logSlow { // over meanwhile, or the logger is slow as well
		q.mu.Unlock()
		return
	}
	q.logSlow = true
	q.mu.Unlock()
	q.log.Warn("a callback is slow: the events after it wait, media goes on", "callback", e.Name, "chat", e.Chat, "running", took, "waiting", waiting)
	q.logged(&q.logSlow)
}

// warnCrowdedLocked has a warning written on a goroutine of its own, for which Close waits: Post must not wait for the logger.
func (q *Queue) warnCrowdedLocked() {
	if q.logCrowded {
		return
	}
	q.logCrowded = true
	attrs := []any{"waiting", len(q.events), "limit", q.warn}
	if e := q.current; e != nil {
		attrs = append(attrs, "callback", e.Name, "chat", e.Chat, "running", time.Since(q.since))
	}
	go q.warnCrowded(attrs)
}

func (q *Queue) warnCrowded(attrs []any) {
	q.log.Warn("many events wait for their callbacks; none is dropped", attrs...)
	q.logged(&q.logCrowded)
}

// logged notes that a warning is written; flag is logSlow or logCrowded.
func (q *Queue) logged(flag *bool) {
	q.mu.Lock()
	*flag = false
	q.finishLocked()
	q.mu.Unlock()
	q.rest()
}
