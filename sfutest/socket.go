package sfutest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/transport/v4"

	"gotgcall/models"
)

const (
	maxDatagram      = 8192    // bytes; larger ones are cut
	socketReadBuffer = 4 << 20 // bytes; what a kernel grants is less
)

// path is one way between server and client: a socket of the server and an address of the client.
type path struct {
	sock *socket
	peer netip.AddrPort
}

func (p path) String() string { return p.peer.String() + " to " + p.sock.addr.String() }

// socket is one local address of the server. It can be closed and opened again in the same place.
type socket struct {
	net  transport.Net // nil: the system's
	addr netip.AddrPort

	mu   sync.Mutex // guards conn
	conn net.PacketConn
}

// listen opens a socket on a numeric address; port 0 is chosen by the network.
func listen(n transport.Net, addr netip.AddrPort) (*socket, error) {
	if addr.Addr().IsUnspecified() {
		return nil, fmt.Errorf("%w: listen address %s: the answer would announce it to clients; name one address of this machine",
			models.ErrInvalidParams, addr)
	}
	s := &socket{net: n, addr: addr}
	if err := s.open(); err != nil {
		return nil, err
	}
	bound, ok := addrPort(s.conn.LocalAddr())
	if !ok {
		return nil, errors.Join(fmt.Errorf("sfutest: the network gave a socket with address %v, expected UDP", s.conn.LocalAddr()), s.close())
	}
	s.addr = netip.AddrPortFrom(addr.Addr(), bound.Port())
	return s, nil
}

func (s *socket) open() (err error) {
	network := "udp4"
	if s.addr.Addr().Is6() {
		network = "udp6"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		return nil
	}
	if s.net != nil {
		s.conn, err = s.net.ListenPacket(network, s.addr.String())
	} else {
		s.conn, err = net.ListenPacket(network, s.addr.String())
	}
	if err != nil {
		s.conn = nil
		return fmt.Errorf("sfutest: listening on %s: %w", s.addr, err)
	}
	if c, ok := s.conn.(interface{ SetReadBuffer(int) error }); ok {
		_ = c.SetReadBuffer(socketReadBuffer) // a smaller buffer only loses more when this machine is late
	}
	return nil
}

func (s *socket) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

func (s *socket) current() net.PacketConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// read hands every datagram of conn to f until the socket is closed, whether it is open again by then or not. The slice is f's until it returns.
func (s *socket) read(conn net.PacketConn, f func(from netip.AddrPort, b []byte, now time.Time)) {
	next := func(b []byte) (int, netip.AddrPort, error) {
		n, addr, err := conn.ReadFrom(b)
		from, _ := addrPort(addr)
		return n, from, err
	}
	if c, ok := conn.(interface {
		ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	}); ok {
		next = c.ReadFromUDPAddrPort // without an allocation per datagram
	}
	for b := make([]byte, maxDatagram); ; {
		n, from, err := next(b)
		now := time.Now()
		if err != nil {
			if s.current() != conn {
				return
			}
			continue // an ICMP error for something sent earlier, or a datagram that was cut
		}
		f(netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), b[:n], now)
	}
}

// write sends a datagram. Errors are losses, as everywhere in UDP.
func (s *socket) write(to netip.AddrPort, b []byte) {
	if conn := s.current(); conn != nil {
		_, _ = conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
	}
}

func addrPort(a net.Addr) (netip.AddrPort, bool) {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	ap := u.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), true
}
