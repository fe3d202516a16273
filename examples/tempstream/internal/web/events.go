package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"gotgcall/examples/tempstream/internal/media"
)

const (
	lookEvery  = 100 * time.Millisecond // how often the stream's state is looked at
	placeEvery = 300 * time.Millisecond // how often somebody without a place asks for one
	pingEvery  = 15 * time.Second       // so that proxies keep a silent connection
	eventTime  = 10 * time.Second       // for a listener to take an event
)

// feed tells many listeners that the stream's state has changed.
type feed struct {
	state func() media.State

	mu      sync.Mutex // guards what follows
	last    media.State
	changed chan struct{} // closed with the next change
}

func newFeed(state func() media.State) *feed {
	return &feed{state: state, last: state(), changed: make(chan struct{})}
}

// run looks until ctx ends.
func (f *feed) run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := f.state()
		f.mu.Lock()
		if now != f.last {
			f.last = now
			close(f.changed)
			f.changed = make(chan struct{})
		}
		f.mu.Unlock()
	}
}

// current returns the state and what is closed with its next change.
func (f *feed) current() (media.State, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, f.changed
}

// Run keeps those who listen for the stream's state up to date, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	s.feed.run(ctx)
	return nil
}

// events tells a page the state of the stream, now and with each change, until its link ends.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	pass := s.pass(w, r)
	if pass == nil {
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := listener{w: w, control: http.NewResponseController(w), limit: s.eventTime}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	ask := time.NewTicker(placeEvery)
	defer ask.Stop()
	held := false
	defer func() {
		if held {
			pass.Release()
		}
	}()
	for err := error(nil); err == nil; {
		state, changed := s.feed.current()
		if !held {
			if held = pass.Hold(); held {
				ask.Stop()
			} else {
				state = full
			}
		}
		if err = out.tell(state); err != nil {
			return
		}
		select {
		case <-pass.Context().Done():
			_ = out.tell(off) // to whoever still listens
			return
		case <-s.stopping:
			if held {
				_ = out.tell(s.config.Status().State)
			}
			return
		case <-r.Context().Done():
			return
		case <-ping.C:
			err = out.write(": ping\n\n")
		case <-changed:
		case <-ask.C:
		}
	}
}

// listener is one that events go to.
type listener struct {
	w       http.ResponseWriter
	control *http.ResponseController
	limit   time.Duration // for each event
	told    media.State
}

// tell writes a state that the listener does not know yet.
func (l *listener) tell(state media.State) error {
	if state == l.told {
		return nil
	}
	l.told = state
	return l.write(fmt.Sprintf("event: state\ndata: {\"state\":%q}\n\n", state))
}

func (l *listener) write(text string) error {
	if err := l.control.SetWriteDeadline(time.Now().Add(l.limit)); err != nil {
		return err
	}
	if _, err := l.w.Write([]byte(text)); err != nil {
		return err
	}
	if err := l.control.Flush(); err != nil {
		return err
	}
	return l.control.SetWriteDeadline(time.Time{}) // HTTP/2 ends a stream by it that has nothing to write
}
