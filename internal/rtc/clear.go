package rtc

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"sync/atomic"
)

// DTLS records (RFC 6347 §4.1): one byte of type, two of version, two of epoch, six of number, two of length.
const (
	recordHeader = 13
	epochAt      = 3
	lengthAt     = 11
	changeCipher = 20
	handshaking  = 22
	lastDTLS     = 63 // of a datagram's first byte; changeCipher is the first (RFC 7983 §7)
)

// maxRepeats is how many datagrams of the server's last flight are taken after ours: some for each time that the server asks for ours again. pion keeps
// what it takes for a message of a handshake as long as the connection lasts, and answers it with our last flight.
const maxRepeats = 64

// handshake is what the sockets of one connection know of its DTLS handshake. nil knows nothing.
type handshake struct {
	over    atomic.Bool  // our last flight has left
	repeats atomic.Int32 // datagrams of the server's last flight that have come since
}

// lastFlight tells whether a datagram is our last flight of a DTLS handshake, which begins with the ChangeCipherSpec. With it we are connected, and the
// server is when it arrives: what it then has to ask for again it asks for at intervals that double (docs/WIRE.md §4).
func lastFlight(datagram []byte) bool {
	return len(datagram) > 0 && datagram[0] == changeCipher
}

// inTheClear tells whether one of a datagram's DTLS records is of a handshake and not encrypted, and whether one is not encrypted that no handshake has.
func inTheClear(datagram []byte) (ofHandshake, foreign bool) {
	if len(datagram) == 0 || datagram[0] < changeCipher || datagram[0] > lastDTLS {
		return false, false
	}
	for b := datagram; len(b) >= recordHeader; {
		end := min(len(b), recordHeader+int(binary.BigEndian.Uint16(b[lengthAt:])))
		first := binary.BigEndian.Uint16(b[epochAt:]) == 0
		switch kind := b[0]; {
		case kind == changeCipher: // pion decrypts none, of whatever epoch
			foreign = foreign || !first || !bytes.Equal(b[recordHeader:end], []byte{1})
		case !first: // encrypted
		case kind == handshaking:
			ofHandshake = true
		default:
			foreign = true
		}
		b = b[end:]
	}
	return ofHandshake, foreign
}

// forged tells whether a datagram is one that the server has not written. After a handshake all that it has to say is encrypted, but for the repetition of its
// last flight. pion obeys an alert in the clear all the same, and answers what it does not expect with one that is encrypted, at which the server hangs up.
// Anybody who knows the two addresses can write these.
func (c *senderConn) forged(datagram []byte, from netip.AddrPort) bool {
	ofHandshake, foreign := inTheClear(datagram)
	if !ofHandshake && !foreign {
		return false
	}
	h := c.handshakeWith(from)
	if h == nil || !h.over.Load() {
		return false
	}
	return foreign || h.repeats.Add(1) > maxRepeats
}

// secure notes that our handshake with an address is over.
func (c *senderConn) secure(remote netip.AddrPort) {
	h := c.handshakeWith(remote)
	if h == nil { // an address that the answer does not name
		h = &handshake{}
		c.mu.Lock()
		if len(c.unnamed) >= maxPassed {
			clear(c.unnamed)
		}
		c.unnamed[plain(remote)] = h
		c.mu.Unlock()
	}
	h.over.Store(true)
}

// handshakeWith returns the handshake of the connection to which an address belongs, nil when there is none.
func (c *senderConn) handshakeWith(remote netip.AddrPort) *handshake {
	if c.alone != nil {
		return c.alone
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.named[plain(remote)]; h != nil {
		return h
	}
	return c.unnamed[plain(remote)]
}

// expect says to whose handshake an address of a shared socket belongs from now on; nil is nobody's.
func (c *senderConn) expect(remote netip.AddrPort, h *handshake) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.unnamed, plain(remote))
	if h == nil {
		delete(c.named, plain(remote))
		return
	}
	c.named[plain(remote)] = h
}

// plain is an address in the one form that compares: systems also give IPv4 addresses as those of IPv6.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
