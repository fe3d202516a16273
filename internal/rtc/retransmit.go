package rtc

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/rtp"

	"gotgcall/jsonparams"
)

const (
	// historySize is how many video packets can be sent again: about five seconds at 1 Mbit/s. A power of two, so that sequence numbers
	// map to places without a seam where they wrap.
	historySize = 512
	// paddingSize is how many are remembered while there was only padding, half a minute of it: a call without video shall not pay for video. A power
	// of two for the same reason.
	paddingSize = 16
	// retransmitInterval is how long a packet is not sent again after it was: a NACK that repeats itself meanwhile has not seen the first
	// answer yet.
	retransmitInterval = 20 * time.Millisecond
)

// history keeps the latest packets of a stream and sends them again under the RTX SSRC (RFC 4588), with sequence numbers of that
// stream's own. pion's NACK responder is not used: it gives a packet its RTX sequence number when it is first sent, so that the RTX
// stream is full of holes, and one that is sent again twice uses an SRTP index twice, which AES-GCM does not forgive.
type history struct {
	// owned by the goroutine that retransmits
	header rtp.Header // of the RTX stream
	buffer [2 + maxVideoPayload]byte

	mu      sync.Mutex
	packets []sentPacket // historySize of them once there is video, paddingSize before
}

type sentPacket struct {
	sent      bool
	sequence  uint16
	timestamp uint32
	marker    bool
	payload   []byte
	again     time.Time // of the last retransmission
}

func newHistory(rtxSSRC uint32) *history {
	var random [2]byte
	rand.Read(random[:])
	return &history{header: rtp.Header{
		Version:        2,
		PayloadType:    jsonparams.PayloadTypeRTX,
		SSRC:           rtxSSRC,
		SequenceNumber: binary.BigEndian.Uint16(random[:]) & 0x7fff,
	}}
}

// add remembers a packet. The payload is kept and must not change.
func (h *history) add(header *rtp.Header, payload []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	size := paddingSize
	if len(payload) > 0 {
		size = historySize
	}
	if len(h.packets) < size {
		h.growLocked(size)
	}
	*h.placeLocked(header.SequenceNumber) = sentPacket{
		sent: true, sequence: header.SequenceNumber, timestamp: header.Timestamp, marker: header.Marker, payload: payload,
	}
}

// placeLocked returns where the packet with a sequence number is, if it still is.
func (h *history) placeLocked(sequence uint16) *sentPacket {
	return &h.packets[int(sequence)%len(h.packets)]
}

// growLocked makes room for so many packets.
func (h *history) growLocked(size int) {
	before := h.packets
	h.packets = make([]sentPacket, size)
	for _, p := range before {
		if p.sent {
			*h.placeLocked(p.sequence) = p
		}
	}
}

// take returns a packet that is to be sent again: one that is still remembered and was not sent again just now.
func (h *history) take(sequence uint16, now time.Time) (sentPacket, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.packets == nil {
		return sentPacket{}, false
	}
	p := h.placeLocked(sequence)
	if !p.sent || p.sequence != sequence || now.Sub(p.again) < retransmitInterval {
		return sentPacket{}, false
	}
	p.again = now
	return *p, true
}

// retransmit sends a packet again if it can. write must not keep header and payload. Only one goroutine may call it.
func (h *history) retransmit(sequence uint16, now time.Time, write func(*rtp.Header, []byte) (int, error)) bool {
	p, ok := h.take(sequence, now)
	if !ok {
		return false
	}
	h.header.Timestamp, h.header.Marker = p.timestamp, p.marker
	binary.BigEndian.PutUint16(h.buffer[:], sequence) // OSN: the original sequence number
	n := copy(h.buffer[2:], p.payload)
	_, _ = write(&h.header, h.buffer[:2+n]) // a packet that cannot be sent is lost once more, and asked for once more
	h.header.SequenceNumber++
	return true
}
