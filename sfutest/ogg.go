package sfutest

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"gotgcall/jsonparams"
)

const (
	oggFirst, oggLast = 2, 4 // header types of the first and the last page, RFC 3533 §6
	oggReorder        = 16   // packets that CopyOgg holds back, so that late ones find their place
	oggMaxPacket      = 255 * 255
)

// WriteOgg writes the audio that arrived so far and is kept (see WithRecordLimit) as an Ogg Opus file: what a listener would have got.
// Its positions come from the RTP timestamps, relative to the first packet: where nothing was sent or something was lost, they jump.
func (e *Endpoint) WriteOgg(w io.Writer) error {
	packets := e.audible()
	if len(packets) == 0 {
		return fmt.Errorf("sfutest: chat %d has no audio to write", e.chatID)
	}
	return writeOgg(w, packets, 0)
}

// writeOgg writes sorted packets, the first one so many ticks from the beginning of the file.
func writeOgg(w io.Writer, packets []Packet, start int64) error {
	o := newOggWriter(w)
	o.start = start
	for i := range packets {
		o.write(&packets[i])
	}
	return o.close()
}

// CopyOgg writes the audio as WriteOgg does, while it arrives. It returns when the endpoint has ended or the context is done, the file
// being complete then, or with the first error of the writer.
func (e *Endpoint) CopyOgg(ctx context.Context, w io.Writer) error {
	o := newOggWriter(w)
	var held []Packet
	for p := range e.Packets(ctx, e.AudioSSRC()) {
		if len(p.Payload) == 0 {
			continue
		}
		held = append(held, p)
		sortByTime(held, jsonparams.ClockRateOpus)
		if len(held) > oggReorder {
			o.write(&held[0])
			held = slices.Delete(held, 0, 1)
		}
		if o.err != nil {
			return o.err
		}
	}
	for i := range held {
		o.write(&held[i])
	}
	return o.close()
}

// sortByTime sorts packets by media time, those of one frame by sequence number.
func sortByTime(packets []Packet, rate int64) {
	if len(packets) == 0 {
		return
	}
	base := packets[0]
	slices.SortStableFunc(packets, func(a, b Packet) int {
		return cmp.Or(
			cmp.Compare(mediaTimeOf(&base, &a, rate), mediaTimeOf(&base, &b, rate)),
			int(int16(a.Seq-b.Seq)), // sequence numbers wrap at 2^16
		)
	})
}

// oggWriter makes Ogg Opus (RFC 7845), one packet per page. It keeps the first error.
type oggWriter struct {
	w       io.Writer
	err     error
	pages   uint32
	base    Packet
	held    []byte // the page that is written when it is known whether it is the last
	granule int64  // its end
	start   int64  // where the first packet begins
}

func newOggWriter(w io.Writer) *oggWriter { return &oggWriter{w: w} }

// write adds a packet; one from before the end of the previous one, or one that is not Opus, is left out.
func (o *oggWriter) write(p *Packet) {
	span := int64(opusTicks(p.Payload))
	if span == 0 || len(p.Payload) > oggMaxPacket {
		return
	}
	if o.pages == 0 {
		o.base = *p
		o.header()
		if silence := int64(opusTicks(silentOpus)); silence <= o.start {
			o.held, o.granule = silentOpus, silence
		}
	}
	start := o.start + mediaTimeOf(&o.base, p, jsonparams.ClockRateOpus)
	if start < o.granule {
		return
	}
	o.page(0)
	o.held, o.granule = p.Payload, start+span
}

// header writes the two header pages (RFC 7845 §5).
func (o *oggWriter) header() {
	le := binary.LittleEndian
	head := append([]byte("OpusHead"), 1, jsonparams.ChannelsOpus)
	head = le.AppendUint16(head, 0) // pre-skip: what arrived is all there is
	head = le.AppendUint32(head, jsonparams.ClockRateOpus)
	head = append(head, 0, 0, 0) // gain, mapping family
	o.held = head
	o.page(oggFirst)
	const vendor = "sfutest"
	tags := le.AppendUint32([]byte("OpusTags"), uint32(len(vendor)))
	tags = append(tags, vendor...)
	o.held = le.AppendUint32(tags, 0) // comments
	o.page(0)
}

// page writes the held packet.
func (o *oggWriter) page(kind byte) {
	if o.held == nil || o.err != nil {
		return
	}
	b := append([]byte("OggS"), 0, kind)
	b = binary.LittleEndian.AppendUint64(b, uint64(o.granule)) // never negative
	b = binary.LittleEndian.AppendUint32(b, 1)                 // serial number
	b = binary.LittleEndian.AppendUint32(b, o.pages)
	b = append(b, 0, 0, 0, 0, byte(len(o.held)/255+1)) // checksum, segments
	for rest := len(o.held); rest >= 0; rest -= 255 {
		b = append(b, byte(min(rest, 255)))
	}
	b = append(b, o.held...)
	binary.LittleEndian.PutUint32(b[22:], oggChecksum(b))
	_, o.err = o.w.Write(b)
	o.pages++
	o.held = nil
}

// close writes the last page.
func (o *oggWriter) close() error {
	o.page(oggLast)
	return o.err
}

// oggChecksum is the CRC of RFC 3533 §6: polynomial 0x04c11db7, neither reflected nor inverted.
func oggChecksum(b []byte) (crc uint32) {
	for _, v := range b {
		crc ^= uint32(v) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
