package demux

import "encoding/binary"

const (
	// maxGapWithin is how far a timestamp may be ahead and still be taken for a rounded one.
	maxGapWithin = 50 * opusRate / 1000
	// noTime stands for a timestamp that is not known.
	noTime = -1
)

// webmClock gives packets their place in time.
type webmClock struct {
	// Owned by the reading goroutine.
	cluster int64 // timestamp of the cluster, or noTime
	block   int64 // timestamp of the block of which the next packet is the first, or noTime
	pts     int64 // where the packet before ends
	started bool
	damaged bool // something was lost before the next packet
}

// stamp returns when the next packet begins, and moves on by its duration.
func (c *webmClock) stamp(ticks int64) int64 {
	const rounding = opusRate / 1000
	gap := c.block - c.pts
	switch {
	case c.block == noTime:
	case !c.started, gap >= maxGapWithin, c.damaged && gap > rounding:
		c.pts = max(c.pts, c.block)
	}
	c.started, c.damaged, c.block = true, false, noTime
	pts := c.pts
	c.pts += ticks
	return pts
}

// readBlock takes the packets out of a block of our track (RFC 9559 section 10). Others are passed over.
func (w *WebM) readBlock(e element) error {
	const head = 8 + 3 // of a block at most: the track, the time and flags
	w.in.need(e.head + int(min(e.size, head)))
	track, n, _ := parseVint(w.in.bytes()[e.head:])
	ours := n > 0 && uint64(track) == w.layout.track && w.layout.tracks //nolint:gosec // it is never negative
	if !ours || e.size > maxWebMBlock {
		if ours {
			w.hurt()
		}
		w.advance(int64(e.head))
		return w.skip(e.size)
	}
	size := e.head + int(e.size)
	if !w.in.need(size) {
		return w.end(true)
	}
	w.block = int64(size)
	body := w.in.bytes()[e.head+n : max(size, e.head+n)]
	if len(body) < 3 {
		w.hurt()
		return nil
	}
	w.clock.block = noTime
	if w.clock.cluster != noTime {
		relative := int64(int16(binary.BigEndian.Uint16(body))) //nolint:gosec // it is signed
		unit := w.layout.ticks(1 << 16)
		w.clock.block = max(0, w.clock.cluster+(relative*unit)>>16)
	}
	var ok bool
	if w.laced, ok = unlace(w.laced[:0], body[2]>>1&3, body[3:]); !ok {
		w.laced = w.laced[:0]
		w.hurt()
	}
	return nil
}

// Ways in which a block holds several packets (RFC 9559 section 10.3).
const (
	lacingNone = iota
	lacingXiph
	lacingFixed
	lacingEBML
)

// unlace appends the packets of a block to list. It reports false when their sizes do not add up.
func unlace(list [][]byte, lacing byte, body []byte) ([][]byte, bool) {
	if lacing == lacingNone {
		return append(list, body), true
	}
	if len(body) == 0 {
		return list, false
	}
	count := int(body[0]) + 1
	body = body[1:]
	if lacing == lacingFixed {
		size := len(body) / count
		for i := range count {
			list = append(list, body[i*size:(i+1)*size])
		}
		return list, size*count == len(body)
	}
	var sizes [256]int
	sum, before := 0, 0
	for i := range count - 1 {
		size, n := laceSize(lacing, body, before, i == 0)
		if n == 0 || size < 0 || size > maxWebMBlock {
			return list, false
		}
		sizes[i], before = size, size
		sum += size
		body = body[n:]
	}
	if sum > len(body) {
		return list, false
	}
	sizes[count-1] = len(body) - sum
	for _, size := range sizes[:count] {
		list = append(list, body[:size])
		body = body[size:]
	}
	return list, true
}

// laceSize reads the size of a packet, and how many bytes that takes: 0 when they are missing. That of EBML is the difference to the size before,
// but for the first.
func laceSize(lacing byte, b []byte, before int, first bool) (size, n int) {
	if lacing == lacingEBML {
		v, n, _ := parseVint(b)
		if n > 0 && !first {
			v += int64(before) - (1<<(7*n-1) - 1)
		}
		return int(min(v, maxWebMBlock+1)), n
	}
	for _, c := range b {
		n++
		size += int(c)
		if c < 255 {
			return size, n
		}
	}
	return 0, 0
}
