package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	maxWaiting    = 256                    // events that a page may be behind
	statusEvery   = 500 * time.Millisecond // so often the page is told the position and the figures
	farewell      = 4 * time.Second        // so long a new page waits for the end of the one before: a reload is both at once
	maxRequest    = 128 << 10              // an SDP, as JSON
	sessionHeader = "X-Preview-Session"
)

// event is what a page is told, as a JSON object. Its type says what it is.
type event map[string]any

var errOtherPage = errors.New("another page is listening already: close it, then reload this one")

// session is one page, as long as it is open.
type session struct {
	id     string
	events chan event
	cancel context.CancelFunc // of a page that does not read
}

// pages lets one page in at a time: there is one call, and it has one server.
type pages struct {
	place chan struct{} // holds one token; who takes it is in

	mu      sync.Mutex // guards current
	current *session
}

func newPages() *pages {
	p := &pages{place: make(chan struct{}, 1)}
	p.place <- struct{}{}
	return p
}

// enter makes a page the current one, or says that there is another.
func (p *pages) enter(ctx context.Context, cancel context.CancelFunc, patience time.Duration) (*session, error) {
	select {
	case <-p.place:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(patience):
		return nil, errOtherPage
	}
	s := &session{id: rand.Text(), events: make(chan event, maxWaiting), cancel: cancel}
	p.mu.Lock()
	p.current = s
	p.mu.Unlock()
	return s, nil
}

// leave makes way for the next one.
func (p *pages) leave() {
	p.mu.Lock()
	p.current = nil
	p.mu.Unlock()
	p.place <- struct{}{}
}

// tell gives an event to the page, if there is one. A page that does not read is closed.
func (p *pages) tell(e event) {
	p.mu.Lock()
	s := p.current
	p.mu.Unlock()
	if s == nil {
		return
	}
	select {
	case s.events <- e:
	default:
		s.cancel()
	}
}

// is tells whether this is the session of the current page.
func (p *pages) is(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current != nil && p.current.id == id
}

// serveEvents is a page's life: it is told what happens by Server-Sent Events, and when it is closed, the call ends.
func (s *server) serveEvents(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	me, err := s.pages.enter(ctx, cancel, farewell)
	if err != nil {
		send(w, event{"type": "busy", "text": err.Error()})
		return
	}
	defer s.pages.leave()
	defer func() {
		if err := s.bot.hangUp(); err != nil {
			fmt.Fprintln(s.out, "ending the call:", err)
		}
	}()
	hello := event{"type": "hello", "session": me.id, "folder": s.bot.files.dir, "files": s.bot.files.list(), "ffmpeg": s.bot.ffmpeg == nil}
	if s.bot.ffmpeg != nil {
		hello["why"] = s.bot.ffmpeg.Error()
	}
	tick := time.NewTicker(statusEvery)
	defer tick.Stop()
	for next := hello; send(w, next); {
		select {
		case next = <-me.events:
		case <-tick.C:
			next = s.bot.status()
		case <-ctx.Done():
			return
		}
	}
}

// send writes one event, and reports whether it went out.
func send(w http.ResponseWriter, e event) bool {
	data, err := marshal(e)
	if err == nil {
		_, err = fmt.Fprintf(w, "data: %s\n\n", data)
	}
	return err == nil && http.NewResponseController(w).Flush() == nil
}

// serveJoin gives the page the join payload.
func (s *server) serveJoin(ctx context.Context, _ []byte) (any, error) { return s.bot.join(ctx) }

// serveAnswer takes the page's SDP answer.
func (s *server) serveAnswer(_ context.Context, body []byte) (any, error) {
	var request struct {
		SDP string `json:"sdp"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, fmt.Errorf("the answer is not the JSON it should be: %w", err)
	}
	return s.bot.answered(request.SDP)
}

// serveCommand takes one of commands.
func (s *server) serveCommand(ctx context.Context, body []byte) (any, error) {
	var c command
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("the command is not the JSON it should be: %w", err)
	}
	if c.Source.Kind == kindGiven {
		return nil, fmt.Errorf("a source of the kind %q comes from the command line only", kindGiven)
	}
	return struct{}{}, s.bot.do(ctx, c)
}

// posted wraps what a page asks for by POST: only the current page may, and an error is told in words.
func (s *server) posted(f func(ctx context.Context, body []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		var result any
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err == nil && !s.pages.is(r.Header.Get(sessionHeader)) {
			err = errOtherPage
		}
		if err == nil {
			result, err = f(r.Context(), body)
		}
		if err != nil {
			result = map[string]string{"error": err.Error()} // 200: what the library refuses is no fault of the page
		}
		if text, err := marshal(result); err == nil {
			_, _ = io.WriteString(w, text) // a page that has gone needs no answer
		}
	}
}
