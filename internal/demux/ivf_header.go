package demux

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"gotgcall/models"
)

const (
	ivfHeader = 32 // the smallest header, and the only one that is written
	// maxVP8Side is the largest width and height that VP8 can express: 14 bits (RFC 6386 section 9.1).
	maxVP8Side = 1<<14 - 1
)

var (
	ivfSignature    = []byte("DKIF")
	vp8FourCC       = []byte("VP80")
	errIVFHeaderCut = fmt.Errorf("%w: the IVF data ends inside its header: %w", models.ErrFormat, io.ErrUnexpectedEOF)
)

// header reads and checks the stream's header.
func (v *IVF) header() error {
	if !v.in.need(ivfHeader) {
		return v.ended(shortHeader(v.in.bytes()))
	}
	h, err := parseIVFHeader(v.in.bytes()[:ivfHeader])
	if err != nil {
		return err
	}
	for rest := h.size; rest > 0; {
		n := min(rest, firstWindow)
		if !v.in.need(n) {
			return v.ended(errIVFHeaderCut)
		}
		v.in.drop(n)
		rest -= n
	}
	v.clock = newIVFClock(h.num, h.den)
	return nil
}

// shortHeader says what an input of less than a header is.
func shortHeader(b []byte) error {
	switch {
	case len(b) == 0:
		return fmt.Errorf("%w: expected IVF, found no data", models.ErrFormat)
	case bytes.HasPrefix(ivfSignature, b[:min(len(ivfSignature), len(b))]):
		return errIVFHeaderCut
	default:
		return notIVF(b)
	}
}

// ivfHead is what an IVF header says that matters.
type ivfHead struct {
	size     int    // of the header, in bytes
	num, den uint32 // the time base: a timestamp counts num/den seconds
}

// parseIVFHeader checks the first 32 bytes of an IVF stream: signature, version and length of the header (16 bits each), codec, width and height
// (16 bits each), the time base's denominator and numerator, number of frames, and 32 unused bits; all little-endian. The number of frames is
// not read: an encoder that writes into a pipe does not know it yet.
func parseIVFHeader(b []byte) (ivfHead, error) {
	bad := func(format string, args ...any) (ivfHead, error) {
		return ivfHead{}, fmt.Errorf("%w: the IVF header %s", models.ErrFormat, fmt.Sprintf(format, args...))
	}
	le := binary.LittleEndian
	version, size, fourCC := le.Uint16(b[4:]), int(le.Uint16(b[6:])), b[8:12]
	width, height := le.Uint16(b[12:]), le.Uint16(b[14:])
	den, num := le.Uint32(b[16:]), le.Uint32(b[20:])
	switch {
	case !bytes.HasPrefix(b, ivfSignature):
		return ivfHead{}, notIVF(b)
	case version != 0:
		return bad("has version %d, expected 0", version)
	case size < ivfHeader:
		return bad("says that it has %d bytes, expected %d or more", size, ivfHeader)
	case !bytes.Equal(fourCC, vp8FourCC):
		return bad("has the codec %q, expected %q: encode with -c:v libvpx", fourCC, vp8FourCC)
	case width < 1 || width > maxVP8Side || height < 1 || height > maxVP8Side:
		return bad("has the size %dx%d, expected 1 to %d each", width, height, maxVP8Side)
	case num == 0 || den == 0:
		return bad("has the time base %d/%d s, expected more than 0 on both sides", num, den)
	}
	return ivfHead{size: size, num: num, den: den}, nil
}

func notIVF(opening []byte) error {
	return fmt.Errorf("%w: expected IVF, which begins with %q; found data that begins with %q", models.ErrFormat, ivfSignature,
		opening[:min(openingBytes, len(opening))])
}
