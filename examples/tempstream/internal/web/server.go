// Package web is what tempstream serves over HTTP: pages to those who have a link, the stream to those who have opened one, and to its
// operators, on an address of their own, whether it is well.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gotgcall/examples/tempstream/internal/access"
	"gotgcall/examples/tempstream/internal/media"
	"gotgcall/examples/tempstream/internal/page"
	"gotgcall/examples/tempstream/internal/store"
)

// Config is what a Server works with.
type Config struct {
	Gate  *access.Gate
	Store *store.Store
	Media media.Server
	// Status is what viewers are told; it may know more than Media does.
	Status         func() media.Status
	CookieSecure   bool
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	Log            *slog.Logger
}

// Server answers requests.
type Server struct {
	config   Config
	feed     *feed
	guesses  *guesses
	health   *health
	metrics  *metrics
	stopping chan struct{} // closed by Stop

	eventTime time.Duration
}

// New makes a Server.
func New(c Config) *Server {
	s := &Server{
		config: c, feed: newFeed(func() media.State { return c.Status().State }), guesses: newGuesses(),
		health: &health{check: []check{{"database", c.Store.Pulse}, {"media", c.Media.Check}}}, stopping: make(chan struct{}), eventTime: eventTime,
	}
	s.metrics = newMetrics(s)
	return s
}

// Stop tells those who listen for the stream's state what it is now, and lets them go. It may be called once.
func (s *Server) Stop() { close(s.stopping) }

// policy forbids pages whatever they do not need, and all other hosts.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler is for everybody.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live/stream/{token}", s.watch)
	mux.HandleFunc("GET /w/{token}", s.watch)
	mux.HandleFunc("GET /play/events", s.events)
	mux.HandleFunc("GET /play/{name...}", s.play)
	mux.Handle("GET /static/{name...}", newStatic(page.Files()))
	mux.HandleFunc("GET /healthz", s.alive)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("User-agent: *\nDisallow: /\n")) // to whoever still listens
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { s.message(w, page.LinkOff) })
	return s.observed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("Referrer-Policy", "no-referrer") // the address of a page is the secret
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Robots-Tag", "noindex, nofollow")
		if !isClean(r.URL.Path) { // the mux would redirect it to where it leads
			http.NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

// Admin is for operators, and for the media server's questions when that is a MediaMTX.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.alive)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /status", s.status)
	mux.Handle("GET /metrics", s.metrics.handler())
	if asked, ok := s.config.Media.(interface {
		Authorize(http.ResponseWriter, *http.Request)
	}); ok {
		mux.HandleFunc("POST /mediamtx/auth", asked.Authorize)
	}
	return mux
}

// Collect adds what somebody else counts to /metrics.
func (s *Server) Collect(c prometheus.Collector) error { return s.metrics.registry.Register(c) }

// isClean says that a path has no part that is empty, "." or "..".
func isClean(p string) bool {
	clean := path.Clean(p)
	return p == clean || clean != "/" && p == clean+"/" || p == "/"
}
