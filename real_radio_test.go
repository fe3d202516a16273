package gotgcall_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"gotgcall"
)

// radio is a station of HTTP: what it sends has no length, and comes as fast as it is played.
func radio(t *testing.T) string {
	t.Helper()
	song, err := os.ReadFile("testdata/song.mp3")
	must(t, err)
	const second = 16_000 // bytes of 128 kbit/s
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "audio/mpeg")
		for at := 0; r.Context().Err() == nil; at += second / 4 {
			from := at % (len(song) - second)
			if _, err := w.Write(song[from : from+second/4]); err != nil {
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
			if at > 3*second { // what a station sends at once
				time.Sleep(250 * time.Millisecond)
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return server.URL
}

func TestASeekInARadioSaysThatItIsLiveAndTheRadioPlaysOn(t *testing.T) {
	if !apart(t) {
		return
	}
	url := radio(t) // ends after the client
	s := newStudio(t)
	s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromURL(url)))
	is(t, s.client.SeekBy(1, 600_000), gotgcall.ErrSeekUnsupported)
	at, err := s.client.Time(1)
	must(t, err)
	until(t, "another second of the radio", func() bool { now, err := s.client.Time(1); return err == nil && now > at+1000 })
	if len(s.ends) > 0 {
		t.Errorf("the radio ended with %v", <-s.ends)
	}
	must(t, s.client.Stop(1))
}
