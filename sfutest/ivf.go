package sfutest

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/pion/rtp/codecs"

	"gotgcall/jsonparams"
)

// VideoFrame is a complete frame of the video that arrived.
type VideoFrame struct {
	Timestamp uint32
	// PTS is the media time since the first packet that is kept, in ticks of 90 kHz.
	PTS int64
	// Data is the VP8 frame.
	Data []byte
	// Key says that it can be decoded without another one.
	Key bool
	// First and Last are the arrivals of its first and its last packet.
	First, Last time.Time
	// Packets counts its packets, Recovered those of them that came by RTX.
	Packets, Recovered int
}

// Frames puts the packets of the first video that are kept (see WithRecordLimit) together. It returns the complete frames in their order,
// and how many others were begun.
func (e *Endpoint) Frames() (frames []VideoFrame, incomplete int) {
	packets := slices.DeleteFunc(e.Records(e.VideoSSRC()), func(p Packet) bool { return len(p.Payload) == 0 })
	sortByTime(packets, jsonparams.ClockRateVP8)
	for len(packets) > 0 {
		n := slices.IndexFunc(packets, func(p Packet) bool { return p.Timestamp != packets[0].Timestamp })
		if n < 0 {
			n = len(packets)
		}
		if f, ok := assemble(packets[:n]); ok {
			frames = append(frames, f)
		} else {
			incomplete++
		}
		packets = packets[n:]
	}
	if len(frames) > 0 {
		base := Packet{Timestamp: frames[0].Timestamp, Arrival: frames[0].First}
		for i := range frames {
			f := &frames[i]
			f.PTS = mediaTimeOf(&base, &Packet{Timestamp: f.Timestamp, Arrival: f.First}, jsonparams.ClockRateVP8)
		}
	}
	return frames, incomplete
}

// assemble makes a frame of its packets (RFC 7741 §4.2); false when some are missing.
func assemble(packets []Packet) (f VideoFrame, ok bool) {
	f = VideoFrame{Timestamp: packets[0].Timestamp, First: packets[0].Arrival, Last: packets[0].Arrival, Packets: len(packets)}
	for i, p := range packets {
		var vp8 codecs.VP8Packet
		if _, err := vp8.Unmarshal(p.Payload); err != nil {
			return f, false
		}
		begins := vp8.S == 1 && vp8.PID == 0
		if begins != (i == 0) || i > 0 && p.Seq != packets[i-1].Seq+1 || p.Marker != (i == len(packets)-1) {
			return f, false
		}
		f.Data = append(f.Data, vp8.Payload...)
		f.Last = maxTime(f.Last, p.Arrival)
		if p.Arrival.Before(f.First) {
			f.First = p.Arrival
		}
		if p.Retransmitted {
			f.Recovered++
		}
	}
	f.Key = len(f.Data) > 0 && f.Data[0]&1 == 0 // RFC 6386 §9.1
	return f, true
}

// WriteIVF writes the complete frames of the first video as an IVF file, from the first key frame on. Its time base is 1/90000 s.
func (e *Endpoint) WriteIVF(w io.Writer) error {
	frames, _ := e.Frames()
	start := slices.IndexFunc(frames, func(f VideoFrame) bool { return f.Key && len(f.Data) >= vp8KeyHeader })
	if start < 0 {
		return fmt.Errorf("sfutest: chat %d has no key frame of video to write", e.chatID)
	}
	frames = frames[start:]
	size := frames[0].Data[6:vp8KeyHeader] // width and height, 14 bits each with 2 bits of scale, RFC 6386 §9.1
	le := binary.LittleEndian
	head := append([]byte("DKIF"), 0, 0, 32, 0) // version, length of the header
	head = append(head, "VP80"...)
	head = le.AppendUint16(head, le.Uint16(size)&0x3fff)
	head = le.AppendUint16(head, le.Uint16(size[2:])&0x3fff)
	head = le.AppendUint32(head, jsonparams.ClockRateVP8)
	head = le.AppendUint32(head, 1)
	head = le.AppendUint32(head, uint32(len(frames))) // fewer than 2^32
	head = le.AppendUint32(head, 0)
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, f := range frames {
		b := le.AppendUint32(nil, uint32(len(f.Data)))      // a frame
		b = le.AppendUint64(b, uint64(f.PTS-frames[0].PTS)) // sorted
		if _, err := w.Write(append(b, f.Data...)); err != nil {
			return err
		}
	}
	return nil
}

// vp8KeyHeader is the length of a key frame's uncompressed header: tag, start code, width and height.
const vp8KeyHeader = 3 + 3 + 4
