package notify

import "runtime/debug"

// run is the dispatcher: it delivers until the queue is closed and empty, or has nothing to do and somebody who wants to know.
func (q *Queue) run() {
	returned := false
	defer func() {
		if !returned { // a callback ended this goroutine by runtime.Goexit, as testing's FailNow does
			q.endCall()
			go q.run()
		}
	}()
	for {
		e, ok, end := q.take()
		switch {
		case ok:
			q.invoke(e)
		case end:
			returned = true
			q.rest()
			return
		default:
			<-q.wake
		}
	}
}

// rest tells that nothing is left to do.
func (q *Queue) rest() {
	if q.idle != nil {
		q.idle()
	}
}

// invoke calls one callback. Its name is what Close looks for on its own stack.
func (q *Queue) invoke(e Event) {
	defer func() {
		if cause := recover(); cause != nil {
			q.log.Error("a callback panicked", "callback", e.Name, "chat", e.Chat, "panic", cause, "stack", string(debug.Stack()))
			q.endCall()
		}
	}()
	e.Call()
	q.endCall()
}

// endCall notes that the current callback is over.
func (q *Queue) endCall() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.current = nil
	q.slowTimer.Stop()
}
