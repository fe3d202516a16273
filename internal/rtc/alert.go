package rtc

import (
	"encoding/binary"
	"net/netip"
)

// DTLS records (RFC 6347 §4.1): one byte of type, two of version, two of epoch, six of number, two of length.
const (
	recordHeader = 13
	epochAt      = 3
	lengthAt     = 11
	changeCipher = 20
	alert        = 21
	lastDTLS     = 63 // of a datagram's first byte; changeCipher is the first (RFC 7983 §7)
)

// lastFlight tells whether a datagram is our last flight of a DTLS handshake, which begins with the ChangeCipherSpec. With it we are connected, and the
// server is when it arrives: what it then has to ask for again it asks for at intervals that double (docs/WIRE.md §4).
func lastFlight(datagram []byte) bool {
	return len(datagram) > 0 && datagram[0] == changeCipher
}

// plainAlert tells whether one of a datagram's DTLS records is an alert that is not encrypted.
func plainAlert(datagram []byte) bool {
	if len(datagram) == 0 || datagram[0] < changeCipher || datagram[0] > lastDTLS {
		return false
	}
	for b := datagram; len(b) >= recordHeader; {
		if b[0] == alert && binary.BigEndian.Uint16(b[epochAt:]) == 0 {
			return true
		}
		b = b[min(len(b), recordHeader+int(binary.BigEndian.Uint16(b[lengthAt:]))):]
	}
	return false
}

// secure notes that our handshake with an address is over.
func (c *senderConn) secure(remote netip.AddrPort) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.secured) >= maxPassed {
		clear(c.secured)
	}
	c.secured[plain(remote)] = struct{}{}
}

// forget is to be called when another call may begin a handshake with an address.
func (c *senderConn) forget(remote netip.AddrPort) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.secured, plain(remote))
}

// forged tells whether a datagram is an end of the connection that the server has not written. After a handshake all that it has to say is encrypted, but pion
// obeys an alert in the clear all the same, and anybody who knows the two addresses can write one.
func (c *senderConn) forged(datagram []byte, from netip.AddrPort) bool {
	if !plainAlert(datagram) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, over := c.secured[plain(from)]
	return over
}

// plain is an address in the one form that compares: systems also give IPv4 addresses as those of IPv6.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
