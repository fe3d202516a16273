package gotgcall_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/score"
)

// tiredServer has one file. It sends half of it and then nothing, until it hangs up; from then on it gives what it is asked for.
type tiredServer struct {
	data   []byte
	hangUp chan struct{}
	parts  atomic.Int64 // requests for what is not the beginning
}

func (s *tiredServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if span := r.Header.Get("Range"); span != "" && !strings.HasPrefix(span, "bytes=0-") {
		s.parts.Add(1)
	}
	select {
	case <-s.hangUp:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.data))
		return
	default:
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(s.data)))
	w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(s.data)-1, len(s.data)))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(s.data[:len(s.data)/2])
	_ = http.NewResponseController(w).Flush()
	select {
	case <-s.hangUp:
	case <-r.Context().Done(): // who asked has seen enough
		return
	}
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}

func TestSongsOverHTTPGoOnAfterAPauseInWhichTheServerHungUp(t *testing.T) {
	if !apart(t) {
		return
	}
	const length = 5 * time.Second
	mp3 := filepath.Join(t.TempDir(), "song.mp3")
	must(t, exec.Command("ffmpeg", "-v", "error", "-t", "5", "-i", "testdata/song.mp3", "-c", "copy", mp3).Run())
	paths := map[int64]string{1: "testdata/song.ogg", 2: mp3} // read by the library, and by ffmpeg
	s := newStudio(t)
	servers := map[int64]*tiredServer{}
	for chat, path := range paths {
		data, err := os.ReadFile(path)
		must(t, err)
		servers[chat] = &tiredServer{data: data, hangUp: make(chan struct{})}
		web := httptest.NewServer(servers[chat])
		defer web.Close()
		s.join(chat)
		must(t, s.client.SetStreamSources(chat, gotgcall.FromURL(web.URL+"/"+filepath.Base(path))))
	}
	for chat := range paths {
		ep := s.server.Endpoint(chat)
		must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), 50))
		_, err := s.client.Pause(chat)
		must(t, err)
		close(servers[chat].hangUp)
		_, err = s.client.Resume(chat)
		must(t, err)
	}
	for range paths {
		if err := s.end(); err != nil {
			t.Error(err)
		}
	}
	for chat, path := range paths {
		if servers[chat].parts.Load() == 0 {
			t.Errorf("%s: the server was not asked for the part that was missing", path)
		}
		samples := heard(t, s.server.Endpoint(chat))
		if got := time.Duration(len(samples)) * time.Second / 48000; (got - length).Abs() > 100*time.Millisecond {
			t.Errorf("%s: the listener got %s of a song of %s", path, got, length)
		}
		if diff := score.Diff(score.Notes(0, length), score.Detect(samples, 48000), 100*time.Millisecond); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}
