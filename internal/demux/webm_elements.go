package demux

import (
	"bytes"
	"fmt"
	"io"

	"gotgcall/models"
)

// webmLayout is what the headers of a file say.
type webmLayout struct {
	opened   bool // the header of EBML was read
	segment  int64
	tracks   bool // the tracks are known
	clusters bool // the first cluster has begun
	first    int64
	cues     int64 // where the index stands, 0 when that is not known
	track    uint64
	head     OpusHead
	scale    uint64 // nanoseconds of a timestamp's unit
}

// enter reads an element at the front, or goes into it.
func (w *WebM) enter(e element) error {
	if !w.layout.opened && e.id != idEBML {
		return fmt.Errorf("%w: expected WebM, which begins with the bytes %x; found data that begins with %q", models.ErrFormat, ebmlSignature,
			w.in.bytes()[:min(openingBytes, len(w.in.bytes()))])
	}
	switch e.id {
	case idSimpleBlock, idBlock:
		return w.readBlock(e)
	case idEBML:
		if w.layout.opened { // another file follows
			return io.EOF
		}
		return w.readWhole(e, w.readDocType)
	case idInfo:
		return w.readWhole(e, w.readInfo)
	case idTracks:
		return w.readWhole(e, w.readTracks)
	case idSeekHead:
		return w.readWhole(e, w.readSeekHead)
	case idTimestamp:
		return w.readWhole(e, w.readTimestamp)
	}
	start := w.pos
	w.advance(int64(e.head))
	switch e.id {
	case idSegment:
		w.segment, w.layout.segment = endOf(w.pos, e.size), w.pos
		return nil
	case idCluster:
		if !w.layout.tracks {
			return fmt.Errorf("%w: the WebM data has packets before it says of what", models.ErrFormat)
		}
		if !w.layout.clusters {
			w.layout.clusters, w.layout.first = true, start
		}
		w.cluster = endOf(w.pos, e.size)
		w.clock.cluster = noTime
		return nil
	case idBlockGroup:
		return nil
	case idCues:
		w.layout.cues = start
	}
	return w.skip(e.size)
}

// endOf returns where an element ends whose body begins at pos.
func endOf(pos, size int64) int64 {
	if size == unknownSize {
		return unknownSize
	}
	return pos + size
}

// readWhole reads an element into memory and drops it.
func (w *WebM) readWhole(e element, read func(body []byte) error) error {
	if e.size > maxWebMHeaders {
		return fmt.Errorf("%w: a header of the WebM data has %d bytes, expected at most %d", models.ErrFormat, e.size, maxWebMHeaders)
	}
	size := e.head + int(e.size)
	if !w.in.need(size) {
		return w.end(true)
	}
	if err := read(w.in.bytes()[e.head:size]); err != nil {
		return err
	}
	w.advance(int64(size))
	return nil
}

func malformed(what string) error {
	return fmt.Errorf("%w: the %s of the WebM data is not well-formed", models.ErrFormat, what)
}

func (w *WebM) readDocType(body []byte) error {
	kind := []byte("matroska") // the default of the element
	if !children(body, func(id uint32, b []byte) {
		if id == idDocType {
			kind = bytes.TrimRight(b, "\x00")
		}
	}) {
		return malformed("header")
	}
	if string(kind) != "webm" && string(kind) != "matroska" {
		return fmt.Errorf("%w: expected WebM or Matroska, found EBML of the type %q", models.ErrFormat, kind[:min(len(kind), openingBytes)])
	}
	w.layout.opened, w.layout.scale = true, 1_000_000
	return nil
}

func (w *WebM) readInfo(body []byte) error {
	const (
		idTimestampScale = 0x2ad7b1
		maxScale         = 1_000_000_000
	)
	well := true
	if !children(body, func(id uint32, b []byte) {
		if id == idTimestampScale {
			w.layout.scale, well = ebmlUint(b)
		}
	}) || !well || w.layout.scale == 0 || w.layout.scale > maxScale {
		return malformed("information")
	}
	return nil
}

// readSeekHead looks for the place of the index.
func (w *WebM) readSeekHead(body []byte) error {
	const (
		idSeek         = 0x4dbb
		idSeekID       = 0x53ab
		idSeekPosition = 0x53ac
	)
	children(body, func(id uint32, b []byte) {
		var what, where uint64
		if id != idSeek {
			return
		}
		children(b, func(id uint32, b []byte) {
			switch id {
			case idSeekID:
				what, _ = ebmlUint(b)
			case idSeekPosition:
				where, _ = ebmlUint(b)
			}
		})
		if what == idCues && where < 1<<62 {
			w.layout.cues = w.layout.segment + int64(where) //nolint:gosec // it fits
		}
	})
	return nil // what it says is checked where it is used
}

func (w *WebM) readTimestamp(body []byte) error {
	v, ok := ebmlUint(body)
	if !ok {
		w.hurt()
		return nil
	}
	w.clock.cluster = w.layout.ticks(v)
	return nil
}

// ticks turns a timestamp into ticks of 48 kHz. One that cannot be is noTime.
func (l webmLayout) ticks(v uint64) int64 {
	t := float64(v) * float64(l.scale) * (opusRate / 1000) / 1_000_000
	if t > maxGranule {
		return noTime
	}
	return int64(t + 0.5)
}
