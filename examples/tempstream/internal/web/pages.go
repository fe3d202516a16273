package web

import (
	"bytes"
	"errors"
	"net/http"
	"time"

	"gotgcall/examples/tempstream/internal/page"
	"gotgcall/examples/tempstream/internal/store"
)

// cookieName is that of the session's cookie.
const cookieName = "tempstream"

// watch opens a link: it makes a session and shows the page. Whatever opens nothing gets one and the same answer.
func (s *Server) watch(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet { // HEAD, which previews send: no session for them, and nothing to learn
		return
	}
	from := s.clientAddr(r)
	if !s.guesses.allowed(from) {
		s.metrics.refused.Inc()
		w.Header().Set("Retry-After", "60")
		s.message(w, page.TooMany)
		return
	}
	link, secret, err := s.config.Gate.Enter(r.Context(), r.PathValue("token"))
	if errors.Is(err, store.ErrNotFound) {
		s.guesses.failed(from)
		s.metrics.wrong.Inc()
		s.message(w, page.LinkOff)
		return
	}
	var text bytes.Buffer
	if err == nil {
		err = page.Watch(&text, page.View{Label: link.Label, Expires: link.Expires})
	}
	if err != nil {
		s.config.Log.Error("a link cannot be opened", "error", err)
		http.Error(w, "The service has a problem. Try again in a minute.", http.StatusServiceUnavailable)
		return
	}
	until := time.Now().Add(store.SessionLifetime)
	if !link.Expires.IsZero() {
		until = link.Expires
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: secret, Path: "/play/", Expires: until, HttpOnly: true, Secure: s.config.CookieSecure, SameSite: http.SameSiteLaxMode,
	})
	s.config.Log.Info("a link was opened", "link", link.ID)
	s.html(w, http.StatusOK, text.Bytes())
}

// message shows a page that says why there is nothing to watch.
func (s *Server) message(w http.ResponseWriter, k page.Kind) {
	var text bytes.Buffer
	if err := page.Message(&text, k); err != nil {
		s.config.Log.Error("a page cannot be written", "error", err)
	}
	code := http.StatusNotFound
	if k == page.TooMany {
		code = http.StatusTooManyRequests
	}
	s.html(w, code, text.Bytes())
}

func (s *Server) html(w http.ResponseWriter, code int, text []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(text) // to whoever still listens
}
