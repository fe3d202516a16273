package sfutest

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/pion/transport/v4"
)

// readersNet is a network that counts who reads its latest socket.
type readersNet struct {
	transport.Net
	latest *atomic.Pointer[readersConn]
}

func (n readersNet) ListenPacket(network, address string) (net.PacketConn, error) {
	conn, err := n.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	c := &readersConn{PacketConn: conn}
	n.latest.Store(c)
	return c, nil
}

type readersConn struct {
	net.PacketConn
	readers atomic.Int64
}

func (c *readersConn) ReadFrom(b []byte) (int, net.Addr, error) {
	c.readers.Add(1)
	defer c.readers.Add(-1)
	return c.PacketConn.ReadFrom(b)
}

func TestASocketHasOneReaderHoweverOftenItWasOpenedAgain(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var latest atomic.Pointer[readersConn]
		s, err := NewServer(WithNet(readersNet{w.client, &latest}), WithListenAddr(clientIP+":3478"))
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		for range 20 { // faster than the readers begin
			must(t, s.SetOffline(true))
			must(t, s.SetOffline(false))
		}
		synctest.Wait()
		if n := latest.Load().readers.Load(); n != 1 {
			t.Errorf("%d goroutines read the socket", n)
		}
	})
}
