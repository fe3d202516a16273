package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/ivftest"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
	"gotgcall/sfutest"
)

const (
	// hang is the deadline of what must not hang. No test here depends on how fast the machine is.
	hang = 2 * time.Minute
	// chat is the only one of each Client.
	chat = 1
	// serverPort is where the server of a test is at first.
	serverPort = 32000
	// perSecond is how many packets of sound are sent in a second.
	perSecond = 50
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); !condition(); time.Sleep(10 * time.Millisecond) { // the interval of polling
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s took longer than %s", what, hang)
		}
	}
}

// tolerances let the machine be slow, and see whether something was kept back and sent too fast later.
func tolerances() sfutest.Tolerances {
	patient := sfutest.Patient()
	patient.Burst = 1500 * time.Millisecond
	return patient
}

// serve starts a server at the far end of the wire.
func (w *wire) serve(port uint16, options ...sfutest.Option) *sfutest.Server {
	w.t.Helper()
	var server *sfutest.Server
	must(w.t, lab.server.do(func() (err error) {
		server, err = sfutest.NewServer(append([]sfutest.Option{
			sfutest.WithListenAddr(netip.AddrPortFrom(w.server, port).String()), sfutest.WithTolerances(tolerances()),
		}, options...)...)
		return err
	}))
	w.t.Cleanup(func() { must(w.t, server.Close()) })
	return server
}

// call is a Client with one call over a wire.
type call struct {
	t      *testing.T
	wire   *wire
	client *gotgcall.Client

	wrong *fault // owned by the test's goroutine: what its wire has; nil: nothing

	mu     sync.Mutex // guards what the callbacks were told
	states []stateChange
	ends   []string
}

// stateChange is a state of the connection, and when it was reported.
type stateChange struct {
	state gotgcall.ConnState
	at    time.Time
}

func newCall(t *testing.T, w *wire, options ...gotgcall.Option) *call {
	t.Helper()
	client, err := gotgcall.New(append([]gotgcall.Option{
		gotgcall.WithoutFFmpeg(), gotgcall.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))),
	}, options...)...)
	must(t, err)
	c := &call{t: t, wire: w, client: client}
	client.OnConnectionChange(func(_ int64, info gotgcall.NetworkInfo) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.states = append(c.states, stateChange{info.State, time.Now()})
	})
	client.OnStreamEnd(func(_ int64, s gotgcall.StreamType, _ gotgcall.Device, err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ends = append(c.ends, fmt.Sprintf("%s: %v", s, err))
	})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// join connects the call to a server and returns the server's side of it.
func (c *call) join(server *sfutest.Server) *sfutest.Endpoint {
	c.t.Helper()
	params, err := c.client.CreateCall(chat)
	must(c.t, err)
	answer, err := server.Join(chat, params)
	must(c.t, err)
	must(c.t, c.client.Connect(chat, answer))
	return server.Endpoint(chat)
}

// start joins a server and plays a source until the first half second of it has arrived.
func (c *call) start(server *sfutest.Server, source gotgcall.Source) *sfutest.Endpoint {
	c.t.Helper()
	ep := c.join(server)
	must(c.t, c.client.SetStreamSources(chat, source))
	c.heard(ep, perSecond/2)
	return ep
}

// hear waits until so many more packets of sound have arrived.
func (c *call) hear(ep *sfutest.Endpoint, packets int64) {
	c.t.Helper()
	c.heard(ep, ep.Stats(ep.AudioSSRC()).Packets+packets)
}

// heard waits until so many packets of sound have arrived since the beginning.
func (c *call) heard(ep *sfutest.Endpoint, packets int64) {
	c.t.Helper()
	until(c.t, fmt.Sprintf("%d packets of sound", packets), func() bool { return ep.Stats(ep.AudioSSRC()).Packets >= packets })
}

// link describes the connection.
func (c *call) link() gotgcall.LinkStats {
	c.t.Helper()
	stats, err := c.client.Stats(chat)
	must(c.t, err)
	return stats.Link
}

// history returns the states of the connection so far.
func (c *call) history() (states []gotgcall.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.states {
		states = append(states, s.state)
	}
	return states
}

// when returns when a state was first reported.
func (c *call) when(state gotgcall.ConnState) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.states {
		if s.state == state {
			return s.at
		}
	}
	return time.Time{}
}

// ended returns the ends so far.
func (c *call) ended() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.ends...)
}

// reaches waits for a state of the connection.
func (c *call) reaches(state gotgcall.ConnState) {
	c.t.Helper()
	until(c.t, state.String(), func() bool {
		h := c.history()
		return len(h) > 0 && h[len(h)-1] == state
	})
}

// expectStates fails unless the connection had exactly these states, after Connecting and Connected.
func (c *call) expectStates(want ...gotgcall.ConnState) {
	c.t.Helper()
	want = append([]gotgcall.ConnState{gotgcall.Connecting, gotgcall.Connected}, want...)
	if got := c.history(); fmt.Sprint(got) != fmt.Sprint(want) {
		c.t.Errorf("the states were %v, expected %v", got, want)
	}
}

// song is a Source of Opus, and film one with a picture beside it, of 30 frames a second.
type (
	song struct{ length time.Duration }
	film struct {
		length    time.Duration
		frameSize int // bytes
	}
)

// Tracks implements gotgcall.Source.
func (song) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

// Open implements gotgcall.Source.
func (s song) Open(context.Context) (*media.Streams, error) {
	return media.NewStreams(sound(s.length), nil, nil), nil
}

// Tracks implements gotgcall.Source.
func (film) Tracks() gotgcall.Track { return gotgcall.TrackAudio | gotgcall.TrackVideo }

// Open implements gotgcall.Source.
func (f film) Open(context.Context) (*media.Streams, error) {
	frames := ivftest.Frames(int(f.length/time.Second)*30, 1, f.frameSize)
	return media.NewStreams(sound(f.length), bytes.NewReader(ivftest.Stream{}.Bytes(frames)), nil), nil
}

func sound(length time.Duration) io.Reader {
	return bytes.NewReader(oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(int(length/time.Second)*perSecond, 960, 101))))
}
