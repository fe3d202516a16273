package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"gotgcall/examples/tempstream/internal/media"
)

const (
	healthFor  = time.Second     // how long a verdict holds: asking is cheap for everybody
	healthTime = 3 * time.Second // for one check
)

// check is one of the things that the service cannot do without.
type check struct {
	what string
	well func(context.Context) error
}

// health remembers the last verdict.
type health struct {
	check []check

	mu      sync.Mutex // guards what follows; held while checking, so that one check serves all who ask
	at      time.Time
	verdict error
}

func (h *health) ask(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) < healthFor {
		return h.verdict
	}
	// The verdict is for all who ask, so it does not depend on one of them going away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthTime)
	defer cancel()
	h.verdict = nil
	for _, c := range h.check {
		if err := c.well(ctx); err != nil {
			h.verdict = fmt.Errorf("%s: %w", c.what, err)
			break
		}
	}
	h.at = time.Now()
	return h.verdict
}

// alive says that the process answers.
func (s *Server) alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintln(w, "ok")
}

// ready says whether links can be opened and a stream be shown. Why not is logged, not told.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := s.health.ask(r.Context()); err != nil {
		s.config.Log.Warn("not ready", "error", err)
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// Report is what /status says.
type Report struct {
	media.Status
	Viewers map[int64]int `json:"viewers"` // by link
	Ready   string        `json:"ready"`   // "yes", or why not
}

// Report tells how things are.
func (s *Server) Report(ctx context.Context) Report {
	r := Report{Status: s.config.Status(), Viewers: s.config.Gate.Viewers(), Ready: "yes"}
	if err := s.health.ask(ctx); err != nil {
		r.Ready = err.Error()
	}
	return r
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.Report(r.Context())) // to whoever still listens
}
