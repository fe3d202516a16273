package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// portsToTry is how many ports are tried, the asked one first.
const portsToTry = 20

//go:embed page
var pageFiles embed.FS

// policy is what the page may do: run and show what comes from here, and nothing else. No script stands in the page itself.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src 'self' blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// server serves the page.
type server struct {
	bot   *bot
	pages *pages
	token string // in every path: who does not know it is told nothing
	host  string // of the address; a request for another one comes from a name that was made to point here
	out   io.Writer
}

// serve runs until ctx ends.
func serve(ctx context.Context, s settings, out io.Writer) error {
	listener, err := listen(s.port, out)
	if err != nil {
		return err
	}
	defer listener.Close()
	p := newPages()
	b, err := newBot(s, p.tell)
	if err != nil {
		return err
	}
	srv := &server{bot: b, pages: p, token: strings.ToLower(rand.Text()), host: listener.Addr().String(), out: out}
	address := fmt.Sprintf("http://%s/%s/", srv.host, srv.token)
	fmt.Fprintln(out, "The page is at", address, "- Ctrl-C ends it.")
	if b.ffmpeg != nil {
		fmt.Fprintln(out, "There is no ffmpeg, so only Opus in Ogg can be played:", b.ffmpeg)
	}
	if s.open {
		openBrowser(address, out)
	}
	return errors.Join(srv.run(ctx, listener), b.close())
}

// run answers requests until ctx ends, which ends those under way too.
func (s *server) run(ctx context.Context, listener net.Listener) error {
	web := &http.Server{
		Handler:           s.handler(),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := web.Shutdown(patience)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// handler is all that is served, behind the token.
func (s *server) handler() http.Handler {
	files, _ := fs.Sub(pageFiles, "page") // the name is a constant
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /events", s.serveEvents)
	mux.HandleFunc("POST /join", s.posted(s.serveJoin))
	mux.HandleFunc("POST /answer", s.posted(s.serveAnswer))
	mux.HandleFunc("POST /do", s.posted(s.serveCommand))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if !s.allowed(r) {
			http.NotFound(w, r)
			return
		}
		http.StripPrefix("/"+s.token, mux).ServeHTTP(w, r)
	})
}

// allowed tells whether a request knows the token and comes from a page of this server, or from none.
func (s *server) allowed(r *http.Request) bool {
	token, _, slash := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !slash || subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1 || r.Host != s.host {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == "http" && u.Host == s.host
}

// listen takes the port on this machine alone, or the next free one, which it says.
func listen(port int, out io.Writer) (net.Listener, error) {
	var failures []error
	for p := port; p < port+portsToTry && p <= lastPort; p++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p)))
		if err == nil {
			if p != port {
				fmt.Fprintf(out, "Port %d is taken; this is port %d.\n", port, p)
			}
			return listener, nil
		}
		failures = append(failures, err)
	}
	return nil, fmt.Errorf("no port from %d on is free; name another one by -port: %w", port, errors.Join(failures...))
}

// openBrowser opens the page with what the system has for that. The address is printed anyway.
func openBrowser(address string, out io.Writer) {
	var opener []string
	switch runtime.GOOS {
	case "darwin":
		opener = []string{"open"}
	case "windows":
		opener = []string{"rundll32", "url.dll,FileProtocolHandler"}
	default:
		opener = []string{"xdg-open"}
	}
	cmd := exec.Command(opener[0], append(opener[1:], address)...)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(out, "No browser was opened, open the page yourself:", err)
		return
	}
	go func() { _ = cmd.Wait() }() // it hands the address on and ends
}
