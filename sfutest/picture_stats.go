package sfutest

import (
	"iter"
	"slices"
	"time"

	"gotgcall/jsonparams"
)

// VideoStats is what the frames of a video were like, as far as they are there in order. In sink mode it stays empty.
type VideoStats struct {
	// Frames counts what was sent, by the picture ids: frames of which nothing arrived are in it.
	Frames int64
	// Complete frames arrived whole, and not much more than half a second late.
	Complete int64
	// KeyFrames are those whose first packet arrived.
	KeyFrames int64
	// LargestBurst is the largest number of packets of one frame within 2 ms, by the sender's clock.
	LargestBurst int
	// KeyRequests counts PLIs and FIRs since the video began, KeyAnswers the key frames that answered one or several of them.
	KeyRequests, KeyAnswers int64
	// KeyWaitLast and KeyWaitMax are the times from the first request that a key frame answers to its first packet, in media time of the
	// video: steps of more than a second between two frames count as one second, so a pause does not count.
	KeyWaitLast, KeyWaitMax time.Duration
}

// KeyFrame is one that arrived.
type KeyFrame struct {
	Timestamp uint32
	// Arrival is that of the first packet.
	Arrival time.Time
	// Packets and Bytes (of payload) are what arrived of it in order, and Complete says that this is everything.
	Packets, Bytes int
	Complete       bool
	// Spread is the time in which the packets were sent, and Burst the largest number of them within 2 ms; both by the sender's clock
	// (abs-send-time), 0 without it.
	Spread time.Duration
	Burst  int
}

// VideoStats returns what the frames of the first video were like so far.
func (e *Endpoint) VideoStats() VideoStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.streams[e.VideoSSRC()]; s != nil {
		return s.pictures.stats
	}
	return VideoStats{}
}

// KeyFrames returns the key frames of the first video, in order; the latest 4096 at most.
func (e *Endpoint) KeyFrames() []KeyFrame {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.streams[e.VideoSSRC()]; s != nil {
		return s.pictures.keys.all()
	}
	return nil
}

// FramesWithin counts how many of the frames of the first video that are kept (see WithRecordLimit) were complete no later than so long
// after their first packet arrived, and how many were sent, by the picture ids, from the first to the last of which something arrived.
func (e *Endpoint) FramesWithin(limit time.Duration) (complete, sent int) {
	last := -1
	for packets := range e.frames() {
		if f, ok := assemble(packets); ok && f.Last.Sub(f.First) <= limit {
			complete++
		}
		d, _ := parseVP8(packets[0].Payload)
		step := 1
		if last >= 0 && d.pictureID >= 0 {
			step = (d.pictureID - last + pictureIDs) % pictureIDs
		}
		sent, last = sent+step, d.pictureID
	}
	return complete, sent
}

// requestedLocked takes note of a PLI or FIR for the first video. It needs the lock.
func (e *Endpoint) requestedLocked(now time.Time) {
	if s := e.streams[e.VideoSSRC()]; s != nil {
		s.pictures.requested(now)
	}
}

// frames gives out the packets of the first video that are kept, frame by frame in their order.
func (e *Endpoint) frames() iter.Seq[[]Packet] {
	return func(yield func([]Packet) bool) {
		packets := slices.DeleteFunc(e.Records(e.VideoSSRC()), func(p Packet) bool { return len(p.Payload) == 0 })
		sortByTime(packets, jsonparams.ClockRateVP8)
		for len(packets) > 0 {
			n := frameLength(packets)
			if !yield(packets[:n]) {
				return
			}
			packets = packets[n:]
		}
	}
}

// frameLength returns how many of the sorted packets belong to the first frame.
func frameLength(packets []Packet) int {
	n := slices.IndexFunc(packets, func(p Packet) bool { return p.Timestamp != packets[0].Timestamp })
	if n < 0 {
		return len(packets)
	}
	return n
}
