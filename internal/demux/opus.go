package demux

import (
	"fmt"

	"gotgcall/models"
)

const (
	// opusRate is the clock of Opus in Ogg and RTP, whatever the encoder's sampling rate (RFC 7845 section 4, RFC 7587 section 4.1).
	opusRate = 48000
	// maxOpusTicks is the longest packet: 120 ms (RFC 6716 section 3.2.5, R5).
	maxOpusTicks = opusRate * 120 / 1000
	// maxOpusFrame is the longest frame in a packet, in bytes (RFC 6716 section 3.2.1).
	maxOpusFrame = 1275
	// maxOpusPacket is the largest packet kept: 48 frames of at most 1275 bytes and their lengths; beyond that there is only padding
	// (RFC 7845 section 6).
	maxOpusPacket = 61440
)

// PacketDuration returns how long an Opus packet plays, in ticks of 48 kHz, after checking its framing against RFC 6716 section 3.4. The
// error is models.ErrFormat: a packet that breaks those rules is refused by every decoder.
func PacketDuration(packet []byte) (int64, error) {
	l, err := layoutOf(packet)
	return int64(l.count) * l.ticks, err
}

// layout says where the frames of a packet are. That of a packet which breaks the rules is zero.
type layout struct {
	count   int
	ticks   int64  // of one frame
	lengths []byte // of all frames but the last, as they are written; nil when all are equal
	body    []byte // the frames, one after the other
}

// layoutOf checks the framing of a packet.
func layoutOf(packet []byte) (layout, error) {
	if len(packet) == 0 {
		return layout{}, badOpus("it is empty")
	}
	toc, rest := packet[0], packet[1:]
	ticks := frameTicks(toc)
	switch toc & 3 {
	case 0: // one frame
		return layout{1, ticks, nil, rest}.checked(len(rest))
	case 1: // two frames of equal size
		if len(rest)%2 != 0 {
			return layout{}, badOpus("its two equal frames share %d bytes", len(rest))
		}
		return layout{2, ticks, nil, rest}.checked(len(rest) / 2)
	case 2: // two frames, the first with its length
		n, size := frameLength(rest)
		if size == 0 || n > len(rest)-size {
			return layout{}, badOpus("its first frame is longer than the packet")
		}
		return layout{2, ticks, rest[:size], rest[size:]}.checked(len(rest) - size - n)
	default:
		return manyFrames(rest, ticks)
	}
}

// manyFrames checks a code 3 packet after its TOC byte: a count byte, padding, and up to 48 frames (RFC 6716 section 3.2.5).
func manyFrames(rest []byte, ticks int64) (layout, error) {
	if len(rest) == 0 {
		return layout{}, badOpus("its frame count is missing")
	}
	vbr, padded, count := rest[0]&0x80 != 0, rest[0]&0x40 != 0, int(rest[0]&0x3f)
	rest = rest[1:]
	if count == 0 || int64(count)*ticks > maxOpusTicks {
		return layout{}, badOpus("it has %d frames of %d ticks, expected 1 to 120 ms in all", count, ticks)
	}
	if padded {
		var ok bool
		if rest, ok = cutPadding(rest); !ok {
			return layout{}, badOpus("its padding is longer than the packet")
		}
	}
	if !vbr {
		if len(rest)%count != 0 {
			return layout{}, badOpus("its %d equal frames share %d bytes", count, len(rest))
		}
		return layout{count, ticks, nil, rest}.checked(len(rest) / count)
	}
	sum, body := 0, rest
	for range count - 1 {
		n, size := frameLength(body)
		if size == 0 {
			return layout{}, badOpus("it ends among the lengths of its frames")
		}
		sum, body = sum+n, body[size:]
	}
	if sum > len(body) {
		return layout{}, badOpus("its frames are longer than the packet")
	}
	return layout{count, ticks, rest[:len(rest)-len(body)], body}.checked(len(body) - sum)
}

// cutPadding removes the padding's length bytes from the front and the padding from the end.
func cutPadding(rest []byte) ([]byte, bool) {
	pad := 0
	for {
		if len(rest) == 0 {
			return nil, false
		}
		b := int(rest[0])
		rest = rest[1:]
		if b < 255 {
			pad += b
			break
		}
		pad += 254 // 255 stands for 254 bytes and one more length byte
	}
	if pad > len(rest) {
		return nil, false
	}
	return rest[:len(rest)-pad], true
}

// frameLength decodes a frame's length and says how many bytes it took: 1, 2, or 0 when they are missing (RFC 6716 section 3.2.1).
func frameLength(b []byte) (n, size int) {
	switch {
	case len(b) >= 1 && b[0] < 252:
		return int(b[0]), 1
	case len(b) >= 2:
		return int(b[1])*4 + int(b[0]), 2
	default:
		return 0, 0
	}
}

// checked returns the layout, unless its last frame, of n bytes, is too long. Lengths that are written out cannot be.
func (l layout) checked(n int) (layout, error) {
	if n > maxOpusFrame {
		return layout{}, badOpus("a frame of it has %d bytes, expected at most %d", n, maxOpusFrame)
	}
	return l, nil
}

// frameTicks returns the duration of one frame by the TOC's configuration number (RFC 6716 section 3.1, table 2).
func frameTicks(toc byte) int64 {
	const ms = opusRate / 1000
	config := toc >> 3
	switch {
	case config < 12: // SILK
		return [...]int64{10 * ms, 20 * ms, 40 * ms, 60 * ms}[config%4]
	case config < 16: // hybrid
		return [...]int64{10 * ms, 20 * ms}[config%2]
	default: // CELT
		return [...]int64{5 * ms / 2, 5 * ms, 10 * ms, 20 * ms}[config%4]
	}
}

func badOpus(format string, args ...any) error {
	return fmt.Errorf("%w: an Opus packet is malformed: %s", models.ErrFormat, fmt.Sprintf(format, args...))
}
