package media

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// page is what a test's server has at a path.
type page func(w http.ResponseWriter, r *http.Request)

// server is a HTTP server that counts.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	count map[string]int // guarded by mu
}

func serve(t *testing.T, pages map[string]page) *server {
	t.Helper()
	s := &server{count: map[string]int{}}
	s.Server = httptest.NewServer(s.handler(pages))
	t.Cleanup(s.Close)
	return s
}

func (s *server) handler(pages map[string]page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.count[r.URL.Path]++
		s.mu.Unlock()
		if p := pages[r.URL.Path]; p != nil {
			p(w, r)
			return
		}
		http.NotFound(w, r)
	})
}

// requests returns how often a path was asked for, or all paths for "".
func (s *server) requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := 0
	for p, n := range s.count {
		if path == "" || p == path {
			sum += n
		}
	}
	return sum
}

// bytesPage has a length but serves no ranges.
func bytesPage(data []byte) page {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data)
	}
}

// chunkedPage does not tell its length.
func chunkedPage(data []byte) page {
	return func(w http.ResponseWriter, _ *http.Request) {
		for half := range 2 {
			_, _ = w.Write(data[half*len(data)/2 : (half+1)*len(data)/2])
			w.(http.Flusher).Flush()
		}
	}
}

// closingPage is an answer of HTTP/1.0, which ends where the connection ends: that of an old server or a radio.
func closingPage(data []byte) page {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn := hijack(w)
		defer conn.Close()
		_, _ = fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n%s", data)
	}
}

// radioPage is an answer without a length, with headers of its own. At its end the connection is closed, or reset.
func radioPage(data []byte, headers string, reset bool) page {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn := hijack(w)
		defer conn.Close()
		_, _ = fmt.Fprintf(conn, "%s\r\n\r\n%s", headers, data)
		if reset {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
	}
}

// breakingPage resets the connection after some bytes of each answer. It serves ranges or not.
func breakingPage(data []byte, after int, ranges bool) page {
	return func(w http.ResponseWriter, r *http.Request) {
		start := 0
		if text, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok && ranges {
			text, _, _ = strings.Cut(text, "-")
			start, _ = strconv.Atoi(text)
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(data)-1, len(data)))
			w.Header().Set("Accept-Ranges", "bytes")
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(data)-start))
		if ranges {
			w.WriteHeader(http.StatusPartialContent)
		}
		end := min(start+after, len(data))
		_, _ = w.Write(data[start:end])
		w.(http.Flusher).Flush()
		if end == len(data) {
			return
		}
		conn := hijack(w)
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}

func textPage(text string) page {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, text) }
}

func statusPage(code int) page {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
}

func redirectPage(to string) page {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return conn
}
