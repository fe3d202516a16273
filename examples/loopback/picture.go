package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/pion/rtp/codecs"

	"gotgcall/sfutest"
)

// piece is one packet of the picture as the listener saw it.
type piece struct {
	arrival
	id     int  // its frame's number, as the sender counts
	begins bool // it is the first packet of its frame
	key    bool // and its frame can be decoded without another one
	again  bool // it was sent again because the first one was lost
}

// pieceOf reads a packet of VP8 (RFC 7741 §4.2).
func pieceOf(p *sfutest.Packet, a arrival, ids *pictureIDs) piece {
	var vp8 codecs.VP8Packet
	rest, err := vp8.Unmarshal(p.Payload)
	begins := err == nil && vp8.S == 1 && vp8.PID == 0
	return piece{
		arrival: a, id: ids.extend(vp8.PictureID), again: p.Retransmitted,
		begins: begins, key: begins && len(rest) > 0 && rest[0]&1 == 0, // RFC 6386 §9.1
	}
}

// rtpClock makes media time of RTP timestamps, which wrap at 2^32.
type rtpClock struct {
	rate    int64
	started bool
	first   uint32
	last    uint32
	ticks   int64
}

// media returns the media time of a timestamp since the first one.
func (c *rtpClock) media(timestamp uint32) time.Duration {
	if !c.started {
		c.started, c.first, c.last = true, timestamp, timestamp
	}
	c.ticks += int64(int32(timestamp - c.last))
	c.last = timestamp
	return ticksToDuration(c.ticks, c.rate)
}

// pictureIDs makes numbers that do not wrap of picture ids, which have 15 bits.
type pictureIDs struct {
	started bool
	last    uint16
	number  int
}

// extend returns the number of the frame with this picture id; the first one's is 0.
func (p *pictureIDs) extend(id uint16) int {
	if !p.started {
		p.started, p.last = true, id
	}
	p.number += int(int16((id-p.last)<<1)) >> 1
	p.last = id
	return p.number
}

// pictureFrame is one frame of which at least one packet came.
type pictureFrame struct {
	id       int
	media    time.Duration
	sent     time.Duration // its first packet that came
	key      bool
	complete bool
}

// framesOf puts the packets together, in the order in which the frames were sent.
func framesOf(pieces []piece) []pictureFrame {
	sorted := slices.Clone(pieces)
	slices.SortStableFunc(sorted, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.id, b.id), int(int16(a.seq-b.seq))) // sequence numbers wrap at 2^16
	})
	var frames []pictureFrame
	for len(sorted) > 0 {
		n := slices.IndexFunc(sorted, func(p piece) bool { return p.id != sorted[0].id })
		if n < 0 {
			n = len(sorted)
		}
		parts := slices.CompactFunc(sorted[:n:n], func(a, b piece) bool { return a.seq == b.seq })
		first, last := parts[0], parts[len(parts)-1]
		frames = append(frames, pictureFrame{
			id: first.id, media: first.media, sent: first.sent, key: first.key,
			complete: first.begins && last.marker && int(last.seq-first.seq)+1 == len(parts),
		})
		sorted = sorted[n:]
	}
	return frames
}
