package demux

import "bytes"

// packet is one valid audio packet that ends on the current page.
type packet struct {
	data  []byte
	ticks int64
}

// packetizer takes the packets out of the pages of one logical stream (RFC 3533 section 5). Headers are dropped on the way, whatever their size.
type packetizer struct {
	// Owned by the reading goroutine.
	list     []packet // packets of the current page; their data points into the page or into whole
	at       int      // the next of list to deliver
	hole     int      // index in list before which a bad packet was dropped, or -1
	ends     bool     // a packet, good or bad, ends on the current page
	whole    []byte   // the packet that began on an earlier page and ends on the current one
	part     []byte   // what earlier pages hold of the packet that goes on
	tail     []byte   // what the current page holds of it; joins part in endPage
	open     bool     // a packet goes on on the next page
	skip     skip     // why it is not kept
	comments bool     // the comment header was read
}

// skip is the reason why a packet that goes on over pages is passed over.
type skip uint8

const (
	skipNone   skip = iota
	skipHeader      // it is a header
	skipLost        // its beginning was lost
	skipLarge       // it is larger than any Opus packet
)

// pop returns the next packet of the current page.
func (k *packetizer) pop() (packet, bool) {
	if k.at == len(k.list) {
		return packet{}, false
	}
	k.at++
	return k.list[k.at-1], true
}

// pending reports whether a packet waits for its end.
func (k *packetizer) pending() bool { return k.open }

// reset forgets the packet that waits for its end.
func (k *packetizer) reset() {
	k.open, k.skip = false, skipNone
	k.part, k.tail = k.part[:0], nil
}

// endPage keeps what the current page holds of a packet that goes on. It must be called before the next page is read.
func (k *packetizer) endPage() {
	if k.open && k.skip == skipNone {
		k.part = append(k.part, k.tail...)
	}
	k.list, k.at, k.tail = k.list[:0], 0, nil
}

// load splits a page into packets and returns how many of them are lost.
func (k *packetizer) load(page oggPage) (bad int) {
	k.hole, k.ends = -1, false
	continued := page.flags&flagContinued != 0
	switch {
	case len(page.lacing) == 0:
		return 0
	case continued && !k.open: // its beginning was lost
		k.open, k.skip = true, skipLost
	case !continued && k.open: // its end was lost
		k.reset()
		bad++
	}
	body, n := page.body, 0
	for _, v := range page.lacing {
		n += int(v)
		if v < 255 {
			bad += k.finish(body[:n])
			body, n = body[n:], 0
		}
	}
	if page.lacing[len(page.lacing)-1] == 255 {
		k.keep(body)
	}
	return bad
}

// finish takes the last piece of a packet on this page and returns 1 when the packet is lost.
func (k *packetizer) finish(piece []byte) int {
	why := k.skip
	k.ends = true
	if k.open {
		k.whole = append(append(k.whole[:0], k.part...), piece...)
		piece = k.whole
		k.reset()
	}
	switch {
	case why == skipHeader || why == skipNone && isHeader(piece):
		k.comments = true
		return 0
	case why == skipLost: // counted where it was lost
		return 0
	case why == skipLarge:
		return 1
	}
	ticks, err := PacketDuration(piece)
	if err != nil || len(piece) > maxOpusPacket {
		k.hole = len(k.list)
		return 1
	}
	k.list = append(k.list, packet{data: piece, ticks: ticks})
	return 0
}

// keep takes the piece of a packet that goes on on the next page.
func (k *packetizer) keep(piece []byte) {
	if !k.open && isHeader(piece) {
		k.skip = skipHeader
	}
	k.open = true
	switch {
	case k.skip != skipNone:
	case len(k.part)+len(piece) > maxOpusPacket:
		k.skip, k.part = skipLarge, k.part[:0]
	default:
		k.tail = piece
	}
}

// ticks returns the sum of the durations on the current page.
func (k *packetizer) ticks() (sum int64) {
	for _, p := range k.list {
		sum += p.ticks
	}
	return sum
}

// isHeader reports whether a packet is an Opus header. No audio packet begins so: it would be a code 3 packet of 960 ms (RFC 7845 section 5).
func isHeader(packet []byte) bool {
	return bytes.HasPrefix(packet, opusTags) || bytes.HasPrefix(packet, opusHead)
}
