package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"gotgcall/examples/tempstream/internal/access"
	"gotgcall/examples/tempstream/internal/media"
	"gotgcall/examples/tempstream/internal/store"
)

// What viewers are told beside the states of the stream.
const (
	off  media.State = "off"  // the link has ended, or there is no session
	full media.State = "full" // the link has as many viewers as it may have
)

const (
	// toldFirst is what the page has to hear that its link has ended, before its requests that wait are refused.
	toldFirst = 150 * time.Millisecond
	// cutAfter is how long an answer that is on its way may still take when its link ends.
	cutAfter = 2 * toldFirst
)

// play answers with a part of the stream.
func (s *Server) play(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	name := r.PathValue("name")
	if !media.IsName(name) {
		http.NotFound(w, r)
		return
	}
	pass := s.pass(w, r)
	if pass == nil {
		return
	}
	if !pass.Take() {
		refuse(w, full)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	answer := &answer{ResponseWriter: w}
	stop := context.AfterFunc(pass.Context(), func() {
		answer.cut()
		select {
		case <-time.After(toldFirst):
		case <-ctx.Done():
		}
		cancel()
	})
	s.config.Media.ServeHLS(answer, r.WithContext(ctx), name)
	stop()
	switch wasCut, begun := answer.done(); {
	case wasCut && begun:
		panic(http.ErrAbortHandler) // what was sent has no end
	case wasCut:
		w.Header().Set("Connection", "close")
		refuse(w, off)
	}
}

// pass returns the request's right to play. When it has none, that is answered, and nil returned.
func (s *Server) pass(w http.ResponseWriter, r *http.Request) *access.Pass {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		refuse(w, off)
		return nil
	}
	pass, err := s.config.Gate.Pass(r.Context(), cookie.Value)
	switch {
	case errors.Is(err, store.ErrNotFound):
		refuse(w, off)
	case err != nil:
		s.config.Log.Error("a session cannot be looked up", "error", err)
		http.Error(w, "the service has a problem", http.StatusServiceUnavailable)
	case pass.Context().Err() != nil:
		refuse(w, off)
	default:
		return pass
	}
	return nil
}

// refuse says in JSON why nothing is to be had.
func refuse(w http.ResponseWriter, why media.State) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, "{\"state\":%q}\n", why)
}

// answer is a response that can be cut off from another goroutine, before and while it is written.
type answer struct {
	http.ResponseWriter

	mu       sync.Mutex // guards what follows
	begun    bool
	wasCut   bool
	returned bool
}

// cut leaves what is being written a moment to get out.
func (a *answer) cut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wasCut = true; !a.returned { // the connection may serve another request by then
		_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(cutAfter)) // a connection that has none is gone
	}
}

// done ends the time in which cut has an effect on the connection.
func (a *answer) done() (wasCut, begun bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.returned = true
	return a.wasCut, a.begun
}

func (a *answer) WriteHeader(code int) {
	a.mark()
	a.ResponseWriter.WriteHeader(code)
}

func (a *answer) Write(b []byte) (int, error) {
	a.mark()
	return a.ResponseWriter.Write(b)
}

func (a *answer) mark() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun = true
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
