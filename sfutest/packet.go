package sfutest

import (
	"bytes"
	"encoding/binary"
	"iter"
	"time"

	"github.com/pion/rtp"

	"gotgcall/jsonparams"
)

// Packet is one RTP packet as it arrived.
type Packet struct {
	SSRC        uint32
	Seq         uint16
	Timestamp   uint32
	PayloadType uint8
	Marker      bool
	// Retransmitted says that the packet came by RTX; the fields are those of the original.
	Retransmitted bool
	// Arrival is when it arrived; delays that the server's options add are in it.
	Arrival time.Time
	// Size is that of the payload in bytes, without padding; 0 is a packet of padding only.
	Size int
	// Payload is an Opus packet, or VP8 behind its payload descriptor. It is shared and must not be changed.
	Payload []byte
	// Extensions are the header extensions.
	Extensions Extensions

	read time.Time // when it came out of the socket: Arrival without the delays of the server's own impairment
	anew bool      // the video was silent before, while there was sound
}

// Extensions are the header extensions of a packet, read by their numbers (docs/WIRE.md §5).
type Extensions struct {
	// IDs has bit n set when the packet has an extension with id n.
	IDs uint16
	// Voice and AudioLevel (0 is the loudest, 127 silence, in -dBov) are extension 1.
	Voice      bool
	AudioLevel uint8
	// AbsSendTime is extension 2: seconds with 18 fractional bits, modulo 64 seconds.
	AbsSendTime uint32
	// TransportSeq is extension 3.
	TransportSeq uint16
	// Orientation is extension 13.
	Orientation uint8
}

// Has tells whether the packet has an extension with this id.
func (e Extensions) Has(id int) bool { return id >= 0 && id < 16 && e.IDs&(1<<id) != 0 }

// extensionLength returns the length of the value in bytes, 0 for an id that has no meaning.
func extensionLength(id int) int {
	switch id {
	case jsonparams.ExtAudioLevel, jsonparams.ExtVideoOrientation:
		return 1
	case jsonparams.ExtTransportCC:
		return 2
	case jsonparams.ExtAbsSendTime:
		return 3
	}
	return 0
}

// set takes a value in. It tells whether the value has the length that its id wants; an id that has no meaning takes any.
func (e *Extensions) set(id int, value []byte) bool {
	if id < 16 {
		e.IDs |= 1 << id
	}
	if want := extensionLength(id); want == 0 {
		return true
	} else if len(value) != want {
		return false
	}
	switch id {
	case jsonparams.ExtAudioLevel:
		e.Voice, e.AudioLevel = value[0]&0x80 != 0, value[0]&0x7f
	case jsonparams.ExtAbsSendTime:
		e.AbsSendTime = uint32(value[0])<<16 | uint32(value[1])<<8 | uint32(value[2])
	case jsonparams.ExtTransportCC:
		e.TransportSeq = binary.BigEndian.Uint16(value)
	case jsonparams.ExtVideoOrientation:
		e.Orientation = value[0]
	}
	return true
}

// extensions gives out the elements of the header extension block of an RTP packet, in both forms of RFC 8285. The id is 0 for a block
// or an element that cannot be read.
func extensions(b []byte, h *rtp.Header) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		if !h.Extension {
			return
		}
		start := 12 + 4*len(h.CSRC) // fixed header and contributing sources, RFC 3550 §5.1
		words := int(binary.BigEndian.Uint16(b[start+2:]))
		block := b[start+4 : start+4+4*words]
		for block = bytes.TrimLeft(block, "\x00"); len(block) > 0; block = bytes.TrimLeft(block, "\x00") { // zeros are padding
			id, value, rest := nextExtension(block, h.ExtensionProfile)
			if id == stopExtension || !yield(id, value) || id == 0 {
				return
			}
			block = rest
		}
	}
}

// stopExtension is the id that ends a block of the one-byte form (RFC 8285 §4.2).
const stopExtension = -1

// nextExtension takes an element off a block; id 0 says that it cannot be read.
func nextExtension(block []byte, profile uint16) (id int, value, rest []byte) {
	head, size := 1, int(block[0]&0xf)+1
	switch {
	case profile == rtp.ExtensionProfileOneByte && block[0]>>4 == 15:
		return stopExtension, nil, nil
	case profile == rtp.ExtensionProfileOneByte:
		id = int(block[0] >> 4)
	case profile == rtp.ExtensionProfileTwoByte && len(block) > 1:
		head, id, size = 2, int(block[0]), int(block[1])
	default:
		return 0, nil, nil
	}
	if len(block) < head+size {
		return 0, nil, nil
	}
	return id, block[head : head+size], block[head+size:]
}
