package notify

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// CloseLimit bounds Close.
const CloseLimit = 5 * time.Second

// Close refuses further events, waits until those already waiting are delivered, and ends the dispatcher. It may be called from everywhere, any
// number of times.
//
// It does not wait for a callback that is in progress when it is called, unless events wait behind that one. Called from inside a callback, which
// may be the one in progress, it does not wait for those either: it returns nil at once, and they are delivered after the callback has returned.
//
// It waits until ctx ends, and for CloseLimit at most. Then, or when the callback it does not wait for has been running for longer than Config.Slow,
// the error names the callback. The events behind it are delivered if it ever returns.
func (q *Queue) Close(ctx context.Context) error { return q.close(ctx, InCallback()) }

// close is Close; inside says whether it was called from inside a callback.
func (q *Queue) close(ctx context.Context, inside bool) error {
	q.mu.Lock()
	q.closing = true
	if !q.running {
		q.finishLocked()
	}
	q.signal()
	busy, waiting, took := q.current != nil, len(q.events), time.Since(q.since)
	q.mu.Unlock()

	switch {
	case busy && inside:
		return nil
	case busy && waiting == 0 && took < q.slow:
		return nil
	case busy && waiting == 0:
		return q.blocked(nil)
	}
	ctx, cancel := context.WithTimeout(ctx, CloseLimit)
	defer cancel()
	select {
	case <-q.done:
		return nil
	case <-ctx.Done():
		return q.blocked(ctx.Err())
	}
}

// blocked returns and logs an error that names the callback in progress.
func (q *Queue) blocked(cause error) error {
	q.mu.Lock()
	e, took, waiting, over := q.current, time.Since(q.since).Round(time.Millisecond), len(q.events), q.finished
	q.mu.Unlock()
	var err error
	switch {
	case over:
		return nil
	case e != nil:
		err = fmt.Errorf("gotgcall: the callback %s for chat %d has been running for %v and has not returned; %d events wait behind it",
			e.Name, e.Chat, took, waiting)
	case waiting > 0:
		err = fmt.Errorf("gotgcall: closed before all callbacks were called; %d events wait", waiting)
	default:
		err = errors.New("gotgcall: closed while the logger is still writing a warning")
		return errors.Join(err, cause)
	}
	attrs := []any{"error", err}
	if e != nil {
		attrs = append(attrs, "callback", e.Name, "chat", e.Chat)
	}
	q.log.Error("closed without waiting for a callback", attrs...)
	if cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// InCallback reports whether it runs inside a callback of any queue, by the functions on its stack. Any queue: two clients whose callbacks close
// each other must not wait for each other.
func InCallback() bool {
	pcs := make([]uintptr, 64)
	n := runtime.Callers(1, pcs)
	for n == len(pcs) {
		pcs = make([]uintptr, 2*len(pcs))
		n = runtime.Callers(1, pcs)
	}
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "gotgcall/internal/notify.(*Queue).invoke") {
			return true
		}
		if !more {
			return false
		}
	}
}
