package demux

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"gotgcall/models"
)

// IDs of elements (RFC 9559 section 5.1).
const (
	idEBML         = 0x1a45dfa3
	idDocType      = 0x4282
	idSegment      = 0x18538067
	idSeekHead     = 0x114d9b74
	idInfo         = 0x1549a966
	idTracks       = 0x1654ae6b
	idCues         = 0x1c53bb6b
	idCluster      = 0x1f43b675
	idTimestamp    = 0xe7
	idSimpleBlock  = 0xa3
	idBlockGroup   = 0xa0
	idBlock        = 0xa1
	maxWebMHeaders = 1 << 20 // bytes of one element of headers that is read as a whole: honest ones have some hundred
	maxWebMBlock   = 1 << 20 // bytes of one block of sound: lacing puts some packets into one
)

// WebM reads the Opus packets of a WebM or Matroska stream (RFC 9559). PTS and Duration are in ticks of 48 kHz.
//
//   - Time is the sum of the durations in the packets' TOC bytes, because timestamps are rounded. It begins with the timestamp of the first packet, and
//     jumps where a timestamp shows that 50 ms or more are missing.
//   - The first sound track is read, all others are passed over. Sound that is not Opus, compressed or encrypted, or has more than two channels, is
//     models.ErrFormat.
//   - Segments and clusters may be of unknown size, as in a live stream. Nothing is needed of the index.
//   - Damage costs what it touches, up to the next cluster.
//   - A packet of several frames and more than 1200 bytes, which no packet of RTP should have, comes as one packet for each frame.
//   - Discard padding is left to the player: packets are whole.
//
// It is not safe for concurrent use.
type WebM struct {
	in window

	// Owned by the reading goroutine.
	pos     int64 // of the front of in, from the beginning of the file
	limit   int64 // pos at which to give up
	segment int64 // where the segment ends, or unknownSize
	cluster int64 // where the cluster ends that is being read, or unknownSize
	layout  webmLayout
	clock   webmClock
	block   int64    // bytes of the block being read, which are dropped when its packets are out
	laced   [][]byte // its packets
	at      int      // the next of them that is to come out
	split   splitter
	damage  int
	err     error // sticky
}

var _ Demuxer = (*WebM)(nil)

// NewWebM returns a demuxer for the WebM stream that r gives. It reads nothing yet, and never closes r.
func NewWebM(r io.Reader) *WebM {
	return &WebM{in: window{src: r}, limit: maxBetweenFrames, segment: unknownSize, cluster: unknownSize}
}

// ClockRate returns 48000.
func (w *WebM) ClockRate() int { return opusRate }

// Damage returns how often something was lost so far: elements and blocks that are not well-formed, and packets that no decoder takes.
func (w *WebM) Damage() int { return w.damage }

// Next returns the next Opus packet. Its errors are those of Demuxer.
func (w *WebM) Next() (Frame, error) {
	if f, ok := w.split.next(); ok {
		return f, nil
	}
	for w.err == nil {
		for w.at < len(w.laced) {
			packet := w.laced[w.at]
			w.at++
			ticks, err := PacketDuration(packet)
			if err != nil || len(packet) > maxOpusPacket {
				w.hurt()
				continue
			}
			w.limit = w.pos + maxBetweenFrames
			return w.split.frame(packet, w.clock.stamp(ticks), ticks), nil
		}
		w.advance(w.block)
		w.block, w.laced, w.at = 0, w.laced[:0], 0
		w.err = w.element()
	}
	return Frame{}, w.err
}

// advance drops n bytes that are there.
func (w *WebM) advance(n int64) {
	w.in.drop(int(n))
	w.pos += n
}

// skip passes over n bytes.
func (w *WebM) skip(n int64) error {
	w.pos += n
	if w.pos > w.limit {
		return errWebMTooLong
	}
	if !w.in.discard(n) {
		return w.end(true)
	}
	return nil
}

var errWebMTooLong = fmt.Errorf("%w: the WebM data has no Opus packets any more", models.ErrFormat)

// hurt notes that something was lost before the next packet.
func (w *WebM) hurt() {
	w.damage++
	w.clock.damaged = true
}

// element reads one element, or goes into it: nothing is in a segment, a cluster and a group of blocks that stands elsewhere too.
func (w *WebM) element() error {
	if w.segment != unknownSize && w.pos >= w.segment {
		return io.EOF
	}
	e, err := w.next()
	if err != nil {
		return err
	}
	if !w.layout.clusters || isSound(e) {
		return w.enter(e)
	}
	w.advance(int64(e.head))
	return w.skip(e.size)
}

// isSound reports whether an element has to be looked into behind the headers.
func isSound(e element) bool {
	switch e.id {
	case idCluster, idTimestamp, idBlockGroup, idSimpleBlock, idBlock, idEBML:
		return true
	}
	return false
}

// next looks at the next element. Behind the headers it passes over what is none.
func (w *WebM) next() (element, error) {
	for {
		w.in.need(maxEBMLHead)
		e, whole, ok := parseElement(w.in.bytes())
		switch {
		case len(w.in.bytes()) == 0:
			return e, w.end(false)
		case !whole:
			return e, w.end(true)
		case ok && w.fits(e):
			return e, nil
		case !w.layout.tracks:
			return e, fmt.Errorf("%w: an element at byte %d of the WebM data is not well-formed", models.ErrFormat, w.pos)
		}
		w.hurt()
		if err := w.resync(); err != nil {
			return e, err
		}
	}
}

// fits reports whether an element can stand where it does.
func (w *WebM) fits(e element) bool {
	if e.size == unknownSize {
		return e.id == idSegment || e.id == idCluster
	}
	if e.size > maxBetweenFrames && e.id != idSegment && e.id != idCluster {
		return false
	}
	end := w.pos + int64(e.head) + e.size
	if w.segment != unknownSize && end > w.segment && w.layout.tracks {
		return false
	}
	return e.id == idCluster || w.cluster == unknownSize || w.pos >= w.cluster || end <= w.cluster
}

// clusterSignature is the ID of a cluster: four bytes that are rarely anything else.
var clusterSignature = []byte{0x1f, 0x43, 0xb6, 0x75}

// resync goes to the next cluster.
func (w *WebM) resync() error {
	w.cluster = unknownSize
	w.advance(1)
	for {
		if w.pos > w.limit {
			return errWebMTooLong
		}
		if !w.in.need(len(clusterSignature)) {
			w.advance(int64(len(w.in.bytes())))
			return w.end(true)
		}
		b := w.in.bytes()
		if i := bytes.Index(b, clusterSignature); i >= 0 {
			w.advance(int64(i))
			return nil
		}
		w.advance(int64(len(b) - len(clusterSignature) + 1))
	}
}

// end says what the end of the input means; inside tells that it came in the middle of an element.
func (w *WebM) end(inside bool) error {
	if !w.in.eof {
		return w.in.err
	}
	switch {
	case w.pos == 0 && len(w.in.bytes()) == 0:
		return fmt.Errorf("%w: expected WebM, found no data", models.ErrFormat)
	case !w.layout.clusters:
		return fmt.Errorf("%w: the WebM data ends inside its headers: %w", models.ErrFormat, io.ErrUnexpectedEOF)
	case inside, w.pos < w.cluster, w.pos < w.segment:
		at := time.Duration(w.clock.pts/(opusRate/1000)) * time.Millisecond
		return fmt.Errorf("the WebM data ends before its end, at %v: %w", at, io.ErrUnexpectedEOF)
	default:
		return io.EOF
	}
}
