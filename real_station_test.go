package gotgcall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/media"
)

const (
	iceHead    = "HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\nicy-name: A Station\r\nicy-br: 128\r\n\r\n"
	namelessly = "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nConnection: close\r\n\r\n" // nothing says what it is
)

// answer is what a server without a length says to one request.
type answer struct {
	head  string
	from  int // second of the song, of which it gives one
	reset bool
}

// airing is a server that answers one request after the other, and then none any more.
type airing struct {
	*httptest.Server
	mu       sync.Mutex
	requests int // guarded by mu
}

func onAir(t *testing.T, answers ...answer) *airing {
	t.Helper()
	song, err := os.ReadFile("testdata/song.mp3")
	must(t, err)
	song = song[bytes.Index(song, []byte{0xff, 0xfb}):] // its first frame
	const second = 42 * 384                             // about: frames of 24 ms and 128 kbit/s
	a := &airing{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		n := a.requests
		a.requests++
		a.mu.Unlock()
		if n >= len(answers) {
			http.NotFound(w, r)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = fmt.Fprintf(conn, "%s%s", answers[n].head, song[answers[n].from*second:][:second])
		if answers[n].reset {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *airing) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// Whether a URL is a live source shows in what its server says and does, and only a live source is played again: never a song.
func TestARadioOverHTTPThatBreaksOffIsOpenedAgain(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answers  []answer
		requests int
		plays    int // answers
		broke    bool
	}{
		{"a station that closes the connection, until it is gone", []answer{{iceHead, 0, false}, {iceHead, 5, false}}, 4, 2, true},
		{"a station that resets the connection each time", []answer{{iceHead, 0, true}, {iceHead, 5, true}, {iceHead, 10, true}, {iceHead, 15, true}}, 4, 4, true},
		{"a stream without a name that goes on", []answer{{namelessly, 0, true}, {namelessly, 5, true}}, 4, 2, true},
		{"a song without a length ends", []answer{{namelessly, 0, false}, {namelessly, 0, false}}, 1, 1, false},
		{"a song without a length that is reset begins again", []answer{{namelessly, 0, true}, {namelessly, 0, true}}, 2, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := onAir(t, tt.answers...)
			s := newStudio(t, gotgcall.WithPatience(0, 500*time.Millisecond))
			ep := s.join(1)
			must(t, s.client.SetStreamSources(1, gotgcall.FromURL(server.URL+"/song.mp3", gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughNever})))
			if err := s.end(); media.BrokeOff(err) != tt.broke || err != nil && !tt.broke {
				t.Errorf("it ended with %v", err)
			}
			if n := server.count(); n != tt.requests {
				t.Errorf("%d requests, expected %d", n, tt.requests)
			}
			at, err := s.client.Time(1)
			must(t, err)
			if want := 1000 * tt.plays; int(at) < want-250 || int(at) > want+250 { //nolint:gosec // a few seconds
				t.Errorf("%d ms were played, expected about %d", at, want)
			}
			if got := len(ep.Records(ep.AudioSSRC())) * 20; got < 1000*tt.plays-250 || got > 1000*tt.plays+250 {
				t.Errorf("%d ms were heard, expected %d answers of a second", got, tt.plays)
			}
			select {
			case err := <-s.ends:
				t.Errorf("another end: %v", err)
			case <-time.After(100 * time.Millisecond):
			}
		})
	}
}

func TestASharedStationThatBreaksOffIsOpenedAgainForAll(t *testing.T) {
	server := onAir(t, answer{iceHead, 0, false}, answer{iceHead, 5, false})
	s := newStudio(t, gotgcall.WithPatience(0, 500*time.Millisecond))
	station := gotgcall.Shared(gotgcall.FromURL(server.URL, gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughNever}))
	for chat := range int64(2) {
		s.join(chat)
		must(t, s.client.SetStreamSources(chat, station))
	}
	for range 2 {
		if err := s.end(); !media.BrokeOff(err) {
			t.Errorf("it ended with %v", err)
		}
	}
	for chat := range int64(2) {
		if at, err := s.client.Time(chat); err != nil || at < 1600 {
			t.Errorf("chat %d heard %d ms of two answers, %v", chat, at, err)
		}
	}
	if n := server.count(); n != 4 || len(s.ends) > 0 {
		t.Errorf("%d requests, and %d more ends", n, len(s.ends))
	}
}

func TestAStationInAPlaylistIsLeftForTheNextTrackOnlyWhenItIsGone(t *testing.T) {
	server := onAir(t, answer{iceHead, 0, false}, answer{iceHead, 5, false})
	s := newStudio(t, gotgcall.WithPatience(0, 500*time.Millisecond))
	s.join(1)
	type end struct {
		at  uint64
		err error
	}
	tracks := make(chan end, 4)
	s.client.OnTrackEnd(func(chat int64, _ gotgcall.PlaylistTrack, err error) {
		at, _ := s.client.Time(chat) // the call is there
		tracks <- end{at, err}
	})
	song := counting{gotgcall.FromFile(oggFile(t, 50)), new(atomic.Int32)}
	list := gotgcall.NewPlaylist(gotgcall.FromURL(server.URL, gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughNever}), song)
	must(t, s.client.SetStreamSources(1, list))
	if err := s.end(); err != nil {
		t.Errorf("the list ended with %v", err)
	}
	if first := <-tracks; !media.BrokeOff(first.err) {
		t.Errorf("the station ended at %d ms with %v", first.at, first.err)
	}
	if second := <-tracks; second.err != nil || second.at < 900 || second.at > 1100 {
		t.Errorf("the song ended at %d ms with %v", second.at, second.err)
	}
	if n := server.count(); n != 4 || song.opened.Load() != 1 {
		t.Errorf("%d requests, and the song was opened %d times", n, song.opened.Load())
	}
}

// counting is a Source that counts how often it is opened.
type counting struct {
	gotgcall.Source
	opened *atomic.Int32
}

func (s counting) Open(ctx context.Context) (*media.Streams, error) {
	s.opened.Add(1)
	return s.Source.Open(ctx)
}

// A station is live for certain: it cannot be sought in, its volume changes where it is, and its speed does not.
func TestAStationThatPlaysIsKnownToBeLive(t *testing.T) {
	answers := slices.Repeat([]answer{{iceHead, 0, false}}, 10)
	server := onAir(t, answers...)
	s := newStudio(t, gotgcall.WithPatience(0, 500*time.Millisecond))
	s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromURL(server.URL, gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughNever})))
	if err := s.client.SeekBy(1, 10_000); !errors.Is(err, gotgcall.ErrSeekUnsupported) {
		t.Errorf("a seek: %v", err)
	}
	if err := s.client.SetSpeed(1, 2); !errors.Is(err, gotgcall.ErrSeekUnsupported) {
		t.Errorf("another speed: %v", err)
	}
	if n := server.count(); n != 1 {
		t.Errorf("%d requests: what it is was known", n)
	}
	must(t, s.client.SetVolume(1, 0.5))
	if n := server.count(); n != 2 || len(s.ends) > 0 {
		t.Errorf("%d requests, %d ends", n, len(s.ends))
	}
	must(t, s.client.Stop(1))
}
