package rtc

import "crypto/rand"

const (
	// maxVideoPayload is the largest RTP payload, descriptor included: with IP, UDP, SRTP and extension headers it stays well below the
	// 1280 bytes that every IPv6 path carries (RFC 8200 §5).
	maxVideoPayload = 1200
	// vp8Descriptor is the length of our payload descriptor: the required octet, the extension octet and a 15-bit picture id
	// (RFC 7741 §4.2).
	vp8Descriptor = 4
)

// vp8Packetizer splits VP8 frames into RTP payloads. It is not safe for concurrent use.
type vp8Packetizer struct {
	pictureID uint16
}

func newVP8Packetizer() vp8Packetizer {
	var b [2]byte
	rand.Read(b[:])
	return vp8Packetizer{pictureID: (uint16(b[0])<<8 | uint16(b[1])) & 0x7fff}
}

// packetize returns the payloads of one frame, of about equal size, in one allocation of their bytes. The picture id has 15 bits from the
// first frame on, so that receivers never see its length change.
func (p *vp8Packetizer) packetize(frame []byte) [][]byte {
	if len(frame) == 0 {
		return nil
	}
	const room = maxVideoPayload - vp8Descriptor
	n := (len(frame) + room - 1) / room
	size := (len(frame) + n - 1) / n
	buffer := make([]byte, 0, len(frame)+n*vp8Descriptor)
	payloads := make([][]byte, 0, n)
	for start := 0; start < len(frame); start += size {
		descriptor := byte(0x80) // X: an extension octet follows
		if start == 0 {
			descriptor |= 0x10 // S: a partition begins here
		}
		at := len(buffer)
		buffer = append(buffer, descriptor, 0x80 /* I: a picture id follows */, 0x80|byte(p.pictureID>>8), byte(p.pictureID))
		buffer = append(buffer, frame[start:min(start+size, len(frame))]...)
		payloads = append(payloads, buffer[at:len(buffer):len(buffer)])
	}
	p.pictureID = (p.pictureID + 1) & 0x7fff
	return payloads
}
