package sfutest

import (
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
	for packets := range e.frames() {
		if f, ok := assemble(packets); ok {
			frames = append(frames, f)
		} else {
			incomplete++
		}
	}
	for i := range frames {
		frames[i].PTS = frames[i].since(&frames[0])
	}
	return frames, incomplete
}

// since returns the media time from another frame to this one.
func (f *VideoFrame) since(base *VideoFrame) int64 {
	from, to := Packet{Timestamp: base.Timestamp, Arrival: base.First}, Packet{Timestamp: f.Timestamp, Arrival: f.First}
	return mediaTimeOf(&from, &to, jsonparams.ClockRateVP8)
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
