package sfutest

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"gotgcall/jsonparams"
)

const (
	vp8KeyHeader = 3 + 3 + 4      // a key frame's uncompressed header: tag, start code, width and height (RFC 6386 §9.1)
	ivfUnknown   = math.MaxUint32 // number of frames, when it is not known beforehand
	ivfReorder   = 64             // frames that CopyIVF holds back, so that retransmissions find their place: two seconds of an ordinary film
)

// WriteIVF writes the complete frames of the first video as an IVF file, from the first key frame on. Its time base is 1/90000 s.
func (e *Endpoint) WriteIVF(w io.Writer) error {
	frames, err := e.decodable()
	if err != nil {
		return err
	}
	return writeIVF(w, frames, 0)
}

// writeIVF writes frames so much later than the beginning of the file, where the first one is shown already.
func writeIVF(w io.Writer, frames []VideoFrame, late time.Duration) error {
	start := ticks(late, jsonparams.ClockRateVP8)
	o := ivfWriter{w: w}
	if start == 0 {
		o.header(&frames[0], uint32(len(frames))) // fewer than 2^32
	} else {
		o.header(&frames[0], uint32(len(frames)+1)) // the same
		o.frame(&frames[0], 0)
	}
	for i := range frames {
		o.frame(&frames[i], start+frames[i].since(&frames[0]))
	}
	return o.err
}

// decodable returns the complete frames of the first video from the first key frame on.
func (e *Endpoint) decodable() ([]VideoFrame, error) {
	frames, _ := e.Frames()
	start := slices.IndexFunc(frames, func(f VideoFrame) bool { return f.opens() })
	if start < 0 {
		return nil, fmt.Errorf("sfutest: chat %d has no key frame of video to write", e.chatID)
	}
	return frames[start:], nil
}

// opens tells whether a file can begin with the frame.
func (f *VideoFrame) opens() bool { return f.Key && len(f.Data) >= vp8KeyHeader }

// CopyIVF writes the video as WriteIVF does, while it arrives, but for the number of frames in the header, which is 2^32-1 for unknown. A
// frame that has not become complete when the 64th after it begins is left out. It returns when the endpoint has ended or the context
// is done, the file being complete then, or with the first error of the writer. The file is empty when no key frame came.
func (e *Endpoint) CopyIVF(ctx context.Context, w io.Writer) error {
	o := ivfWriter{w: w}
	var held []Packet
	frames := map[uint32]int{} // packets held, by timestamp
	for p := range e.Packets(ctx, e.VideoSSRC()) {
		if len(p.Payload) == 0 {
			continue
		}
		held = insertByTime(held, p)
		if frames[p.Timestamp]++; len(frames) > ivfReorder {
			delete(frames, held[0].Timestamp)
			held = o.next(held)
		}
		if o.err != nil {
			return o.err
		}
	}
	for len(held) > 0 {
		held = o.next(held)
	}
	return o.err
}

// insertByTime puts a packet into its place among sorted ones.
func insertByTime(packets []Packet, p Packet) []Packet {
	at, _ := slices.BinarySearchFunc(packets, p, func(a, p Packet) int {
		return cmp.Or(cmp.Compare(mediaTimeOf(&p, &a, jsonparams.ClockRateVP8), 0), int(int16(a.Seq-p.Seq))) // numbers wrap at 2^16
	})
	return slices.Insert(packets, at, p)
}

// ivfWriter makes IVF. It keeps the first error.
type ivfWriter struct {
	w     io.Writer
	err   error
	begun bool
	first VideoFrame
	last  int64 // time of the latest frame
}

// next writes the first frame of sorted packets, if it is complete, and returns the packets behind it.
func (o *ivfWriter) next(packets []Packet) (rest []Packet) {
	n := frameLength(packets)
	f, ok := assemble(packets[:n])
	switch {
	case !ok || !o.begun && !f.opens():
	case !o.begun:
		o.header(&f, ivfUnknown)
		o.frame(&f, 0)
	default:
		if pts := f.since(&o.first); pts > o.last {
			o.frame(&f, pts)
		}
	}
	return slices.Delete(packets, 0, n)
}

// header writes the header for a file of so many frames, of which the given one is the first and a key frame.
func (o *ivfWriter) header(first *VideoFrame, frames uint32) {
	o.begun, o.first = true, *first
	size := first.Data[6:vp8KeyHeader] // width and height, 14 bits each with 2 bits of scale, RFC 6386 §9.1
	le := binary.LittleEndian
	head := append([]byte("DKIF"), 0, 0, 32, 0) // version, length of the header
	head = append(head, "VP80"...)
	head = le.AppendUint16(head, le.Uint16(size)&0x3fff)
	head = le.AppendUint16(head, le.Uint16(size[2:])&0x3fff)
	head = le.AppendUint32(head, jsonparams.ClockRateVP8)
	head = le.AppendUint32(head, 1)
	head = le.AppendUint32(head, frames)
	o.write(le.AppendUint32(head, 0))
}

// frame writes a frame; pts is its time in ticks, and never negative.
func (o *ivfWriter) frame(f *VideoFrame, pts int64) {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(f.Data))) // a frame
	b = binary.LittleEndian.AppendUint64(b, uint64(pts))
	o.write(append(b, f.Data...))
	o.last = pts
}

func (o *ivfWriter) write(b []byte) {
	if o.err == nil {
		_, o.err = o.w.Write(b)
	}
}
