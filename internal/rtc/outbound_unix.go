//go:build unix

package rtc

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// outbound writes to a UDP socket without ever waiting: what the system has no room for is lost, as on any network, and the error is syscall.EAGAIN. Go's
// own methods wait for room. Where a queue of the system's is long and slow that is seconds, and who waits is the scheduler with all its calls.
type outbound struct {
	// set at construction
	conn *net.UDPConn
	raw  syscall.RawConn
	six  bool // the socket is one of IPv6
	send func(fd uintptr) (done bool)

	mu   sync.Mutex // guards what follows: the write in progress, which costs no memory that way
	data []byte
	to   unix.Sockaddr
	to4  unix.SockaddrInet4
	to6  unix.SockaddrInet6
	err  error
}

func newOutbound(conn *net.UDPConn) *outbound {
	o := &outbound{conn: conn}
	o.raw, _ = conn.SyscallConn() // it fails for the zero value alone
	local, _ := conn.LocalAddr().(*net.UDPAddr)
	o.six = local != nil && local.IP.To4() == nil
	o.send = func(fd uintptr) bool {
		for {
			if o.err = unix.Sendto(int(fd), o.data, 0, o.to); !errors.Is(o.err, unix.EINTR) { //nolint:gosec // descriptors are small
				return true
			}
		}
	}
	return o
}

// write sends a datagram.
func (o *outbound) write(b []byte, to netip.AddrPort) (int, error) {
	addr := to.Addr().Unmap()
	if addr.Is6() != o.six || addr.Zone() != "" {
		return o.conn.WriteToUDPAddrPort(b, to)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.six {
		o.to6 = unix.SockaddrInet6{Port: int(to.Port()), Addr: addr.As16()}
		o.to = &o.to6
	} else {
		o.to4 = unix.SockaddrInet4{Port: int(to.Port()), Addr: addr.As4()}
		o.to = &o.to4
	}
	o.data, o.err = b, nil
	err := o.raw.Write(o.send)
	o.data = nil
	if err == nil && o.err != nil {
		err = &net.OpError{Op: "write", Net: "udp", Source: o.conn.LocalAddr(), Addr: net.UDPAddrFromAddrPort(to), Err: o.err}
	}
	if err != nil {
		return 0, err
	}
	return len(b), nil
}
