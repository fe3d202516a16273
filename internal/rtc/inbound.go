package rtc

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// senderConn is a UDP socket that forgets what a sender has no use for as soon as it was read. Further up each such datagram costs a decryption and
// the wake-up of three goroutines: with feedback ten times a second a fifth of what the sending of audio costs, and in a group where many speak, far more.
//
// Any datagram is also a sign of life to ICE: so one of them passes for each address and each span of life.
type senderConn struct {
	*net.UDPConn
	out   *outbound
	life  time.Duration
	alone *handshake // of the connection that has the socket for itself; nil when it is shared

	mu      sync.Mutex // guards what follows
	passed  map[netip.AddrPort]time.Time
	named   map[netip.AddrPort]*handshake // of the connections that share the socket, by the addresses of their answers
	unnamed map[netip.AddrPort]*handshake // of those whose server turned out to have another address
}

// maxPassed bounds the addresses that a socket remembers: anybody can write to it.
const maxPassed = 1024

// newSenderConn returns the socket of the connection whose handshake is given, or one to be shared.
func newSenderConn(conn *net.UDPConn, life time.Duration, alone *handshake) *senderConn {
	return &senderConn{
		UDPConn: conn,
		out:     newOutbound(conn),
		life:    life,
		alone:   alone,
		passed:  map[netip.AddrPort]time.Time{},
		named:   map[netip.AddrPort]*handshake{},
		unnamed: map[netip.AddrPort]*handshake{},
	}
}

// lifeSpan returns how often a sign of life is to pass: four times until ICE would miss one.
func lifeSpan(limits ICETimeouts) time.Duration { return limits.Disconnected / 4 }

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (c *senderConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err == nil && (c.forged(b[:n], from) || unneeded(b[:n]) && !c.pass(from, time.Now())) {
			continue
		}
		return n, from, err
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (c *senderConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if lastFlight(b) {
		c.secure(to)
		again := bytes.Clone(b)
		repeat(func() { _, _ = c.out.write(again, to) }) // it may be lost like the first
	}
	return c.out.write(b, to)
}

// pass tells whether a datagram that is not needed is the sign of life that is due.
func (c *senderConn) pass(from netip.AddrPort, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, known := c.passed[from]; known && now.Sub(last) < c.life {
		return false
	}
	if len(c.passed) >= maxPassed {
		clear(c.passed)
	}
	c.passed[from] = now
	return true
}

// maxTrailer is what follows the packets in an SRTCP datagram: the index, and a tag of 16 bytes in the longest profile (RFC 7714 §9.1).
const maxTrailer = 4 + 16

// unneeded tells whether a datagram says nothing to a sender: it is RTP, or transport-wide feedback alone, for nothing here adapts a bit rate. The
// first header of an SRTCP datagram is in the clear (RFC 3711 §3.4).
func unneeded(datagram []byte) bool {
	const leastRTP, mostRTP = 128, 191 // first byte (RFC 7983 §7)
	const header = 4
	switch {
	case len(datagram) < header || datagram[0] < leastRTP || datagram[0] > mostRTP:
		return false
	case datagram[1] < 192 || datagram[1] > 223: // the payload types that RTCP does not take (RFC 5761 §4)
		return true
	}
	rest := len(datagram) - header*(1+int(binary.BigEndian.Uint16(datagram[2:])))
	return transportFeedback(datagram) && rest <= maxTrailer
}

// transportFeedback tells whether an RTCP packet is transport-wide feedback.
func transportFeedback(packet []byte) bool {
	const format = 0x1f // the bits of the first byte that say which kind of feedback it is (RFC 4585 §6.1)
	return len(packet) > 1 && packet[0]&format == rtcp.FormatTCC && packet[1] == byte(rtcp.TypeTransportSpecificFeedback)
}
