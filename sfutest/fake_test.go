package sfutest

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
)

const (
	serverIP = "10.0.0.1"
	clientIP = "10.0.0.2"
)

// world is a server and the network of its clients, in fake time.
type world struct {
	t      *testing.T
	server *Server
	client *vnet.Net
}

// inFakeTime runs f in a synctest bubble, with a server over a virtual network. The server is closed and everything gone when f returns,
// or the bubble fails.
func inFakeTime(t *testing.T, f func(t *testing.T, w *world), opts ...Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		router, err := vnet.NewRouter(&vnet.RouterConfig{
			CIDR:          "10.0.0.0/24",
			QueueSize:     10000,
			LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled},
		})
		must(t, err)
		nets := map[string]*vnet.Net{}
		for _, ip := range []string{serverIP, clientIP} {
			n, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
			must(t, err)
			must(t, router.AddNet(n))
			nets[ip] = n
		}
		must(t, router.Start())
		t.Cleanup(func() { must(t, router.Stop()) })
		s, err := NewServer(append([]Option{WithNet(nets[serverIP]), WithListenAddr(serverIP + ":3478")}, opts...)...)
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		f(t, &world{t, s, nets[clientIP]})
	})
}

// peer makes a client on the world's network.
func (w *world) peer(o peerOptions) *peer {
	w.t.Helper()
	o.net = w.client
	return newPeer(w.t, o)
}

// join makes a client connect to a chat and waits until media can flow.
func (w *world) join(chatID int64, o peerOptions) (*peer, *Endpoint) {
	w.t.Helper()
	p := w.peer(o)
	return p, w.connect(chatID, p)
}

func (w *world) connect(chatID int64, p *peer) *Endpoint {
	w.t.Helper()
	answer, err := w.server.Join(chatID, p.payload.Marshal())
	must(w.t, err)
	p.connect(answer)
	e := w.server.Endpoint(chatID)
	must(w.t, e.WaitConnected(w.t.Context()))
	settle()
	return e
}

// settle lets everything that is under way arrive.
func settle() { time.Sleep(200 * time.Millisecond) }
