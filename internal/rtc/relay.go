package rtc

import (
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/pion/transport/v4"
)

const (
	// maxUnsent is how much may wait for a connection that takes nothing, beside what the system keeps for it: more than a second of a film.
	maxUnsent = 256 << 10
	// lastWords is how long Close goes on to send what waits: the farewell to the server.
	lastWords = 100 * time.Millisecond
)

// relaySocket is a UDP socket to a TURN server. Who writes to it does not wait either.
type relaySocket struct {
	*net.UDPConn
	out *outbound
}

// WriteTo implements net.PacketConn.
func (s relaySocket) WriteTo(b []byte, to net.Addr) (int, error) {
	if addr, ok := to.(*net.UDPAddr); ok {
		return s.out.write(b, addr.AddrPort())
	}
	return s.UDPConn.WriteTo(b, to)
}

// relayConn is the connection to a TURN server over TCP. Who writes to it must not wait, or one server that takes nothing any more would hold the
// scheduler and all its calls, and ICE, which is to notice that: so what is written is sent by a goroutine, which exists only while something waits.
type relayConn struct {
	transport.TCPConn

	mu      sync.Mutex
	done    sync.Cond // signalled when sending ends
	unsent  []byte
	sending bool  // by the goroutine
	err     error // with which sending failed, or that of Close: nothing more is sent
}

func newRelayConn(conn transport.TCPConn) *relayConn {
	c := &relayConn{TCPConn: conn}
	c.done.L = &c.mu
	return c
}

// Write implements net.Conn without ever waiting. It takes all of b or, when too much waits, nothing; then the error is os.ErrDeadlineExceeded.
func (c *relayConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return 0, c.err
	case len(c.unsent)+len(b) > maxUnsent:
		return 0, fmt.Errorf("the TURN server at %s takes nothing: %w", c.RemoteAddr(), os.ErrDeadlineExceeded)
	}
	c.unsent = append(c.unsent, b...)
	if !c.sending {
		c.sending = true
		go c.send()
	}
	return len(b), nil
}

// send is the goroutine. It ends when nothing waits, when sending fails, and with Close.
func (c *relayConn) send() {
	var spare []byte
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && len(c.unsent) > 0 {
		b := c.unsent
		c.unsent = spare[:0]
		c.mu.Unlock()
		_, err := c.TCPConn.Write(b)
		c.mu.Lock()
		spare = b
		if err != nil && c.err == nil {
			c.err = err
		}
	}
	c.sending = false
	c.done.Broadcast()
}

// Close implements net.Conn. What waits is sent if the server takes it at once.
func (c *relayConn) Close() error {
	_ = c.SetWriteDeadline(time.Now().Add(lastWords)) // it fails when the connection was closed before
	c.mu.Lock()
	for c.sending {
		c.done.Wait()
	}
	if c.err == nil {
		c.err = net.ErrClosed
	}
	c.mu.Unlock()
	return c.TCPConn.Close()
}
