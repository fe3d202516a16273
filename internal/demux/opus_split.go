package demux

import "bytes"

// maxPayload is what goes into one packet of RTP without being cut up on the way.
const maxPayload = 1200

// splitter turns packets into frames of media. A packet that is too large for one of RTP, of 60 ms or more at a high bit rate, becomes several: one for
// each frame in it (RFC 6716 section 3.2). A single frame stays as it is, up to its largest size, 1276 bytes.
type splitter struct {
	// Owned by the reading goroutine.
	toc  byte
	pts  int64
	rest layout // frames not handed out yet; its slices point into the packet
}

// frame returns a valid packet, or the first of the frames that it is split into.
func (s *splitter) frame(packet []byte, pts, ticks int64) Frame {
	const code = 3 // the bits of the TOC byte that say how many frames there are
	if len(packet) <= maxPayload || packet[0]&code == 0 {
		return Frame{Data: bytes.Clone(packet), PTS: pts, Duration: ticks, Key: true}
	}
	s.rest, _ = layoutOf(packet)
	s.toc, s.pts = packet[0]&^code, pts
	f, _ := s.next()
	return f
}

// next returns the next of the frames that a packet was split into. The packet must still be there.
func (s *splitter) next() (f Frame, ok bool) {
	if s.rest.count == 0 {
		return Frame{}, false
	}
	n := s.rest.nextLength()
	data := append(append(make([]byte, 0, 1+n), s.toc), s.rest.body[:n]...)
	f = Frame{Data: data, PTS: s.pts, Duration: s.rest.ticks, Key: true}
	s.pts += s.rest.ticks
	s.rest.body = s.rest.body[n:]
	s.rest.count--
	return f, true
}

// nextLength takes the length of the first frame.
func (l *layout) nextLength() int {
	if l.lengths == nil {
		return len(l.body) / l.count
	}
	if len(l.lengths) == 0 {
		return len(l.body)
	}
	n, size := frameLength(l.lengths)
	l.lengths = l.lengths[size:]
	return n
}
