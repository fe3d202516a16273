package media

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/demux"
)

// pipes is a listener whose connections are made in memory, so that they keep fake time. Nothing is buffered in them: who writes waits for who reads.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.closed:
	case <-ctx.Done():
	}
	return nil, errors.Join(net.ErrClosed, client.Close(), server.Close())
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func TestOpusOverHTTPGoesOnAfterAPauseInWhichTheServerHungUp(t *testing.T) {
	data := readFile(t, excerpt)
	want := packetsOf(t, open(t, t.Context(), FromFile(excerpt)).Audio)
	for _, pause := range []time.Duration{30 * time.Second, 5 * time.Minute, 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			const patience = time.Minute // of the server, with somebody who does not read
			var spans []string
			listener := newPipes()
			server := &http.Server{WriteTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				spans = append(spans, r.Header.Get("Range"))
				http.ServeContent(w, r, "song.ogg", time.Time{}, bytes.NewReader(data))
			})}
			go server.Serve(listener)
			defer server.Close()

			f := newHTTPFile(t.Context(), "the song", "http://music.test/song.ogg", EncodeOptions{}, nil)
			f.client.Transport.(dialing).DialContext = listener.dial
			body, err := f.ask(false)
			if err != nil {
				t.Fatal(err)
			}
			head, err := lookAt(body, f.size, false)
			if err != nil {
				t.Fatal(err)
			}
			streams, _, err := (&passage{subject: "the song"}).open(t.Context(), f.contents(head, body, false), 0)
			if err != nil {
				t.Fatal(err)
			}
			defer streams.Close()
			d := Packets(streams.Audio)
			got := make([]demux.Frame, 50)
			for i := range got {
				if got[i], err = d.Next(); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(pause)
			resumed := time.Now()
			rest := packetsOf(t, streams.Audio)
			if took := time.Since(resumed); took != 0 {
				t.Errorf("after a pause of %v the sound was there %v later", pause, took)
			}
			samePackets(t, slices.Concat(got, rest), want)
			if hungUp := pause > patience; hungUp != (len(spans) == 2) {
				t.Errorf("in a pause of %v the server was asked for %q", pause, spans)
			}
		})
	}
}
