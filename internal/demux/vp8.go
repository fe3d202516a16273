package demux

import "bytes"

const (
	vp8Rate = 90000 // the clock of VP8 in RTP, RFC 7741 section 4.1
	vp8Tag  = 3     // bytes of the tag that every frame begins with, RFC 6386 section 9.1
	vp8Key  = 10    // bytes before the compressed part of a key frame: tag, start code, width and height

	// Bits of the tag's first byte.
	vp8Inter = 1 << 0 // the frame needs those before it
	vp8Show  = 1 << 4
)

var vp8StartCode = []byte{0x9d, 0x01, 0x2a}

// isVP8Key reports whether a frame is a key frame, start code included (RFC 6386 section 9.1).
func isVP8Key(frame []byte) bool {
	return len(frame) >= vp8Key && frame[0]&vp8Inter == 0 && bytes.HasPrefix(frame[vp8Tag:], vp8StartCode)
}

// isVP8Shown reports whether a frame that is not empty is displayed, or only kept by the decoder for later frames.
func isVP8Shown(frame []byte) bool { return frame[0]&vp8Show != 0 }
