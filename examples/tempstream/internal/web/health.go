package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

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
	group singleflight.Group

	mu      sync.Mutex // guards what follows
	at      time.Time
	verdict error
}

// ask gives the last verdict, or a new one, which is for all who ask meanwhile.
func (h *health) ask(ctx context.Context) error {
	if fresh, verdict := h.last(); fresh {
		return verdict
	}
	_, err, _ := h.group.Do("", func() (any, error) {
		err := h.examine(context.WithoutCancel(ctx)) // it does not depend on one of them going away
		h.mu.Lock()
		defer h.mu.Unlock()
		h.at, h.verdict = time.Now(), err
		return nil, err
	})
	return err
}

func (h *health) last() (fresh bool, verdict error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(h.at) < healthFor, h.verdict
}

func (h *health) examine(ctx context.Context) error {
	for _, c := range h.check {
		limit, cancel := context.WithTimeout(ctx, healthTime)
		err := c.well(limit)
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return nil
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
