package gotgcall_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"gotgcall"
)

// drip is a reader that gives n bytes at once, and then one each second.
type drip struct {
	r      io.Reader
	n      int
	closed chan struct{}
}

func (d *drip) Read(p []byte) (int, error) {
	if d.n <= 0 {
		select {
		case <-time.After(time.Second):
			return d.r.Read(p[:1])
		case <-d.closed:
			return 0, os.ErrClosed
		}
	}
	n, err := d.r.Read(p[:min(len(p), d.n)])
	d.n -= n
	return n, err
}

func (d *drip) Close() error {
	close(d.closed)
	return nil
}

func TestASourceThatGivesAByteASecondIsGivenUp(t *testing.T) {
	dripping := func(after int) gotgcall.Source {
		return song{packets: 500, reader: func(r io.Reader) io.Reader { return &drip{r: r, n: after, closed: make(chan struct{})} }}
	}
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 5000}))
		begin := time.Now()
		is(t, w.client.SetStreamSources(1, dripping(0)), gotgcall.ErrSourceTimeout)
		if took := time.Since(begin); took != 15*time.Second {
			t.Errorf("before the first frame it took %s", took)
		}
		if n := len(w.log.ended()); n != 0 {
			t.Errorf("the old song has ended")
		}
		must(t, w.client.SetStreamSources(1, dripping(20_000)))
		time.Sleep(time.Minute)
		ends := w.log.ended()
		if len(ends) != 1 {
			t.Fatalf("%d ends, expected one", len(ends))
		}
		is(t, ends[0], gotgcall.ErrStalled)
		stats, err := w.client.Stats(1)
		must(t, err)
		// Each frame is 20 ms, and a stall begins when the next one is due.
		if silence := stats.Audio.LastEnd.Sub(stats.Audio.LastSent); silence < 10*time.Second || silence > 10*time.Second+2*frame {
			t.Errorf("the end came %s after the last packet", silence)
		}
	})
}

// drips serves files that a listener gets the first bytes of at once, and then one each second.
func drips(t *testing.T, first int) *httptest.Server {
	t.Helper()
	quit := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := os.ReadFile("testdata" + r.URL.Path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Length", "1000000000")
		for n := first; len(data) > 0; n = 1 {
			if _, err := w.Write(data[:n]); err != nil {
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
			data = data[n:]
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
				return
			case <-quit:
				return
			}
		}
	}))
	t.Cleanup(func() {
		close(quit)
		s.Close()
	})
	return s
}

func TestAServerThatGivesAByteASecondIsGivenUp(t *testing.T) {
	if !apart(t) {
		return
	}
	for name, c := range map[string]struct {
		first       int
		open, stall time.Duration
		want        error
	}{
		"before the first frame": {1, 2 * time.Second, 0, gotgcall.ErrSourceTimeout},
		"in the middle":          {40_000, 0, time.Second, gotgcall.ErrStalled},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t, gotgcall.WithPatience(c.open, c.stall))
			server := drips(t, c.first)
			files := []string{"/song.mp3", "/song.ogg"} // by ffmpeg, and as it is
			var playing sync.WaitGroup
			for i, file := range files {
				chat := int64(i + 1)
				s.join(chat)
				playing.Go(func() {
					if err := s.client.SetStreamSources(chat, gotgcall.FromURL(server.URL+file)); err != nil {
						s.ends <- err
					}
				})
			}
			for range files {
				if err := s.end(); !errors.Is(err, c.want) {
					t.Errorf("it ended with «%v», expected «%v»", err, c.want)
				}
			}
			playing.Wait()
			for i, file := range files {
				if at, err := s.client.Time(int64(i + 1)); err != nil || (at > 0) != (c.first > 1) {
					t.Errorf("%s was played up to %d ms, %v", file, at, err)
				}
			}
		})
	}
}
