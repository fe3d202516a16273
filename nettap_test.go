package gotgcall_test

import (
	"net"

	"github.com/pion/transport/v4"

	"gotgcall/jsonparams"
)

// netTap is a network that tells what is done in it. A nil function is not told.
type netTap struct {
	transport.Net
	opened func()              // a socket
	write  func(b []byte) bool // asked about each datagram that a socket is about to send; false loses it
}

func (n netTap) open() {
	if n.opened != nil {
		n.opened()
	}
}

func (n netTap) ListenPacket(network, address string) (net.PacketConn, error) {
	n.open()
	return n.Net.ListenPacket(network, address)
}

func (n netTap) DialUDP(network string, local, remote *net.UDPAddr) (transport.UDPConn, error) {
	n.open()
	return n.Net.DialUDP(network, local, remote)
}

func (n netTap) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	n.open()
	conn, err := n.Net.ListenUDP(network, local)
	if err != nil || n.write == nil {
		return conn, err
	}
	return tappedConn{conn, n.write}, nil
}

// isSound tells whether a datagram is a packet of sound.
func isSound(b []byte) bool {
	const version, marker = 2, 0x80
	return len(b) >= 2 && b[0]>>6 == version && b[1]&^marker == jsonparams.PayloadTypeOpus
}

// tappedConn is a socket of a netTap.
type tappedConn struct {
	transport.UDPConn
	write func(b []byte) bool
}

func (c tappedConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if !c.write(b) {
		return len(b), nil
	}
	return c.UDPConn.WriteTo(b, to)
}
