package demux

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"gotgcall/models"
)

const (
	riffHeader  = 12 // "RIFF", a size, "WAVE"
	chunkHeader = 8  // name and size
	wavFormat   = 16 // the smallest format chunk
	// wavExtended is the format chunk of WAVE_FORMAT_EXTENSIBLE: the smallest, 2 bytes of size, 2 of valid bits, 4 of the channels' places,
	// 16 of the kind of samples.
	wavExtended = 40

	wavPCM        = 1
	wavExtensible = 0xfffe

	// maxWAVHeader bounds what is read before the data: tags of any honest size.
	maxWAVHeader = 16 << 20
)

var (
	riffSignature = []byte("RIFF")
	waveSignature = []byte("WAVE")
	// wavPCMKind is the kind of samples that the extended format calls PCM: the number of wavPCM and what all kinds end in.
	wavPCMKind = []byte("\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71")

	errWAVHeaderCut = fmt.Errorf("%w: the WAV data ends inside its header: %w", models.ErrFormat, io.ErrUnexpectedEOF)
)

// header reads everything up to the samples.
func (v *WAV) header() error {
	if !v.in.need(riffHeader) {
		return v.noHeader()
	}
	h := v.in.bytes()[:riffHeader]
	if !bytes.HasPrefix(h, riffSignature) || !bytes.Equal(h[8:], waveSignature) {
		return notWAV(h)
	}
	v.in.drop(riffHeader)
	known := false
	for total := int64(0); total <= maxWAVHeader; {
		if !v.in.need(chunkHeader) {
			return v.cutHeader()
		}
		name, size := string(v.in.bytes()[:4]), binary.LittleEndian.Uint32(v.in.bytes()[4:])
		v.in.drop(chunkHeader)
		switch {
		case name == "data" && known:
			v.begin(size)
			return nil
		case name == "data":
			return fmt.Errorf("%w: the WAV data has samples before it says which format they have", models.ErrFormat)
		}
		body := int64(size) + int64(size&1) // chunks begin at even places
		if total += chunkHeader + body; total > maxWAVHeader {
			break
		}
		if name == "fmt " {
			if err := v.format(int(size)); err != nil {
				return err
			}
			known = true
			body -= int64(min(size, wavExtended))
		}
		if err := v.pass(body); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the WAV data has no samples within %d bytes", models.ErrFormat, maxWAVHeader)
}

// format reads the part of the format chunk that matters, and checks it.
func (v *WAV) format(size int) error {
	if size < wavFormat {
		return fmt.Errorf("%w: the format of the WAV data has %d bytes, expected %d or more", models.ErrFormat, size, wavFormat)
	}
	n := min(size, wavExtended)
	if !v.in.need(n) {
		return v.cutHeader()
	}
	err := checkWAVFormat(v.in.bytes()[:n])
	v.in.drop(n)
	return err
}

// checkWAVFormat checks the format: kind of samples, number of channels (16 bits each), samples per second, bytes per second (32 bits each),
// bytes of all channels' sample, bits of a channel's sample (16 bits each), and what wavExtended lists; all little-endian.
func checkWAVFormat(b []byte) error {
	le := binary.LittleEndian
	kind, channels, rate, block, depth := le.Uint16(b), le.Uint16(b[2:]), le.Uint32(b[4:]), le.Uint16(b[12:]), le.Uint16(b[14:])
	switch {
	case kind == wavExtensible && (len(b) < wavExtended || !bytes.Equal(b[24:wavExtended], wavPCMKind)),
		kind != wavExtensible && kind != wavPCM:
		return badWAV("samples of the kind 0x%04x that are not PCM", kind)
	case depth != wavBits:
		return badWAV("%d bits per sample", depth)
	case rate != wavRate:
		return badWAV("%d Hz", rate)
	case channels != wavChannels:
		return badWAV("%d channel(s)", channels)
	case block != wavSample:
		return badWAV("%d bytes for one sample of all channels", block)
	}
	return nil
}

func badWAV(format string, args ...any) error {
	return fmt.Errorf("%w: the WAV data has %s, expected PCM of %d bits, %d Hz, %d channels (%d bytes): encode with -c:a pcm_s16le -ar %d -ac %d",
		models.ErrFormat, fmt.Sprintf(format, args...), wavBits, wavRate, wavChannels, wavSample, wavRate, wavChannels)
}

// pass reads n bytes and forgets them.
func (v *WAV) pass(n int64) error {
	for n > 0 {
		part := int(min(n, firstWindow))
		if !v.in.need(part) {
			return v.cutHeader()
		}
		v.in.drop(part)
		n -= int64(part)
	}
	return nil
}

// noHeader says what an input of less than the first bytes is.
func (v *WAV) noHeader() error {
	b := v.in.bytes()
	switch {
	case !v.in.eof:
		return v.in.err
	case len(b) == 0:
		return fmt.Errorf("%w: expected WAV, found no data", models.ErrFormat)
	case bytes.HasPrefix(riffSignature, b[:min(len(riffSignature), len(b))]):
		return errWAVHeaderCut
	default:
		return notWAV(b)
	}
}

// cutHeader says that the input ended before the samples.
func (v *WAV) cutHeader() error {
	if !v.in.eof {
		return v.in.err
	}
	return errWAVHeaderCut
}

func notWAV(opening []byte) error {
	return fmt.Errorf("%w: expected WAV, which begins with %q, a size and %q; found data that begins with %q", models.ErrFormat, riffSignature,
		waveSignature, opening[:min(openingBytes, len(opening))])
}
