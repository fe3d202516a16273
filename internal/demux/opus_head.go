package demux

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"gotgcall/models"
)

// OpusHead is what the identification header of an Opus stream says (RFC 7845 section 5.1).
type OpusHead struct {
	// Channels is 1 or 2.
	Channels int
	// PreSkip is how much at the beginning is not part of the media, in ticks of 48 kHz.
	PreSkip int64
	// Gain is by how much a decoder should change the loudness, in 1/256 dB.
	Gain int
}

// ParseOpusHead reads an identification header. Its error is models.ErrFormat, also when there are more than two channels, or a channel mapping
// family other than 0.
func ParseOpusHead(h []byte) (OpusHead, error) {
	bad := func(format string, args ...any) (OpusHead, error) {
		return OpusHead{}, fmt.Errorf("%w: the Opus header %s", models.ErrFormat, fmt.Sprintf(format, args...))
	}
	switch {
	case !bytes.HasPrefix(h, opusHead):
		return bad("begins with %q, expected %q", h[:min(len(h), len(opusHead))], opusHead)
	case len(h) < 19:
		return bad("has %d bytes, expected 19 or more", len(h))
	case h[8]&0xf0 != 0:
		return bad("has version %d, expected 1", h[8])
	case h[9] == 0 || h[9] > 2 || h[18] != 0:
		return bad("has %d channels in mapping family %d, expected 1 or 2 channels in family 0: encode with -ac 2 -mapping_family 0", h[9], h[18])
	}
	return OpusHead{
		Channels: int(h[9]),
		PreSkip:  int64(binary.LittleEndian.Uint16(h[10:])),
		Gain:     int(int16(binary.LittleEndian.Uint16(h[16:]))), //nolint:gosec // it is signed
	}, nil
}
