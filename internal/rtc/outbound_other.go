//go:build !unix

package rtc

import (
	"net"
	"net/netip"
)

// outbound writes to a UDP socket.
type outbound struct{ conn *net.UDPConn }

func newOutbound(conn *net.UDPConn) *outbound { return &outbound{conn: conn} }

// write sends a datagram.
func (o *outbound) write(b []byte, to netip.AddrPort) (int, error) {
	return o.conn.WriteToUDPAddrPort(b, to)
}
