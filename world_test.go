package gotgcall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
	"gotgcall/sfutest"
)

// world is a Client and a loopback Telegram on one virtual network, in fake time: exact, and without a real packet.
type world struct {
	t      *testing.T
	router *vnet.Router
	server *sfutest.Server
	client *gotgcall.Client
	log    *eventLog
}

// The addresses are of a documentation range, so that no machine has them.
const (
	serverAddr = "198.51.100.1"
	clientAddr = "198.51.100.2"
)

// ground is what a world stands on. Its zero value is the plain one.
type ground struct {
	options []gotgcall.Option                 // of the Client
	server  []sfutest.Option                  // of the loopback Telegram
	line    func(vnet.NIC) vnet.NIC           // what stands before each of the two; nil is nothing
	engine  func(*webrtc.SettingEngine)       // what the Client's WithSettingEngine does beside
	net     func(transport.Net) transport.Net // what the Client sees of its network; nil is all of it
}

// inFakeTime runs f in a bubble. When f returns, client and server are closed; a goroutine that stays fails the bubble. Worlds share nothing, so t becomes a
// parallel test, and has one world: a test of several gives each a t.Run.
func inFakeTime(t *testing.T, f func(t *testing.T, w *world), opts ...sfutest.Option) {
	t.Helper()
	ground{server: opts}.run(t, f)
}

func inFakeTimeWith(t *testing.T, options []gotgcall.Option, f func(t *testing.T, w *world), opts ...sfutest.Option) {
	t.Helper()
	ground{options: options, server: opts}.run(t, f)
}

// run is inFakeTime on this ground.
func (g ground) run(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	g.runNow(t, f)
}

// runNow is run for tests that make one world after the other.
func (g ground) runNow(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		router := newRouter(t)
		nets := map[string]transport.Net{}
		for _, ip := range []string{serverAddr, clientAddr} {
			n := newHost(t, ip)
			nets[ip] = n
			nic := vnet.NIC(n)
			if g.line != nil {
				nic = g.line(nic)
			}
			must(t, router.AddNet(nic))
		}
		if g.net != nil {
			nets[clientAddr] = g.net(nets[clientAddr])
		}
		must(t, router.Start())
		defer func() { must(t, router.Stop()) }()
		server, err := sfutest.NewServer(append([]sfutest.Option{
			sfutest.WithNet(nets[serverAddr]), sfutest.WithListenAddr(serverAddr + ":32000"),
		}, g.server...)...)
		must(t, err)
		defer func() { must(t, server.Close()) }()
		client, err := gotgcall.New(append([]gotgcall.Option{
			gotgcall.WithoutFFmpeg(),
			gotgcall.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))),
			gotgcall.WithSettingEngine(func(s *webrtc.SettingEngine) {
				s.SetNet(nets[clientAddr])
				if g.engine != nil {
					g.engine(s)
				}
			}),
		}, g.options...)...)
		must(t, err)
		defer func() { must(t, client.Close()) }()
		w := &world{t: t, router: router, server: server, client: client, log: newEventLog(client)}
		f(t, w)
	})
}

// numbering is held while something of a virtual network is made: pion numbers all of them in one variable, whichever bubble they are of.
var numbering sync.Mutex

func newRouter(t *testing.T) *vnet.Router {
	t.Helper()
	numbering.Lock()
	defer numbering.Unlock()
	router, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR:          "198.51.100.0/24",
		QueueSize:     10000,
		LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled},
	})
	must(t, err)
	return router
}

// newHost makes a host of a virtual network at an address.
func newHost(t *testing.T, ip string) *vnet.Net {
	t.Helper()
	numbering.Lock()
	defer numbering.Unlock()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
	must(t, err)
	return host
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails the test unless err is the wanted sentinel.
func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("the error is «%v», expected «%v»", err, want)
	}
}

// join makes the chat's call and connects it.
func (w *world) join(chat int64) *sfutest.Endpoint {
	w.t.Helper()
	must(w.t, w.client.Connect(chat, w.create(chat)))
	return w.server.Endpoint(chat)
}

// create makes the chat's call and returns the server's answer.
func (w *world) create(chat int64) string {
	w.t.Helper()
	params, err := w.client.CreateCall(chat)
	must(w.t, err)
	answer, err := w.server.Join(chat, params)
	must(w.t, err)
	return answer
}

// records returns the chat's audio packets as they arrived.
func (w *world) records(chat int64) []sfutest.Packet {
	ep := w.server.Endpoint(chat)
	return ep.Records(ep.AudioSSRC())
}

func (w *world) noViolations() {
	w.t.Helper()
	for _, v := range w.server.Violations() {
		w.t.Errorf("violation: %+v", v)
	}
}

// position returns Time of the chat.
func (w *world) position(chat int64) time.Duration {
	w.t.Helper()
	ms, err := w.client.Time(chat)
	must(w.t, err)
	return time.Duration(ms) * time.Millisecond
}

// eventLog keeps what the callbacks were told.
type eventLog struct {
	mu     sync.Mutex
	ends   []string
	errs   []error
	states []gotgcall.ConnState
}

func newEventLog(c *gotgcall.Client) *eventLog {
	l := &eventLog{}
	c.OnStreamEnd(func(chat int64, s gotgcall.StreamType, d gotgcall.Device, err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ends = append(l.ends, fmt.Sprintf("%d %s %s", chat, s, d))
		l.errs = append(l.errs, err)
	})
	c.OnConnectionChange(func(_ int64, info gotgcall.NetworkInfo) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.states = append(l.states, info.State)
	})
	return l
}

// ended returns the errors of the ends so far.
func (l *eventLog) ended() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.errs...)
}

func (l *eventLog) connection() []gotgcall.ConnState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]gotgcall.ConnState(nil), l.states...)
}

// expectStates fails unless exactly these states were reported.
func (w *world) expectStates(want ...gotgcall.ConnState) {
	w.t.Helper()
	synctest.Wait()
	if got := w.log.connection(); fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("the states were %v, expected %v", got, want)
	}
}

// song is a Source of Opus packets that a test makes.
type song struct {
	packets int
	ticks   int64 // duration of a packet in 48 kHz; 0 is 960
	seed    byte
	reader  func(io.Reader) io.Reader // what stands between the bytes and the library; nil is nothing
	open    func(context.Context) error
}

func (s song) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

func (s song) Open(ctx context.Context) (*media.Streams, error) {
	if s.open != nil {
		if err := s.open(ctx); err != nil {
			return nil, err
		}
	}
	ticks := s.ticks
	if ticks == 0 {
		ticks = 960
	}
	packets := make([]oggtest.Packet, s.packets)
	for i := range packets {
		packets[i] = oggtest.Opus(ticks, 101, s.seed)
	}
	var r io.Reader = bytes.NewReader(oggtest.Join(oggtest.Stream{}.Pages(packets)))
	if s.reader != nil {
		r = s.reader(r)
	}
	closer := func() error { return nil }
	if c, ok := r.(io.Closer); ok {
		closer = c.Close
	}
	return media.NewStreams(r, nil, closer), nil
}

// gate is a reader that passes n bytes and then waits until it is opened or closed.
type gate struct {
	r      io.Reader
	n      int
	opened chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newGate(r io.Reader, n int) *gate {
	return &gate{r: r, n: n, opened: make(chan struct{}), closed: make(chan struct{})}
}

func (g *gate) Read(p []byte) (int, error) {
	if g.n <= 0 {
		select {
		case <-g.opened:
			return g.r.Read(p)
		case <-g.closed:
			return 0, os.ErrClosed
		}
	}
	n, err := g.r.Read(p[:min(len(p), g.n)])
	g.n -= n
	return n, err
}

func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return nil
}

// failing is a reader that has only an error to give.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// newRepeat is a reader of a text many times over.
func newRepeat(text string, times int) io.Reader {
	return strings.NewReader(strings.Repeat(text, times))
}

// ownSource is a user's Source of Ogg.
type ownSource []byte

func (ownSource) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

func (s ownSource) Open(context.Context) (*media.Streams, error) {
	return media.NewStreams(bytes.NewReader(s), nil, nil), nil
}
