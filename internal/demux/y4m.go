package demux

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"gotgcall/models"
)

const (
	// maxY4MLine is the length of the longest line in a Y4M stream, its end included.
	maxY4MLine = 1024
	y4mRate    = vp8Rate // that of ivfClock, which counts the time of these pictures too
)

var y4mFrame = []byte("FRAME")

// Y4M reads pictures from a YUV4MPEG2 stream: planes of Y, U and V one after the other, 8 bits a sample, U and V of half the width and half the
// height (I420). PTS and Duration are in ticks of 90 kHz.
//
//   - PTS is the number of the picture times the stream's frame interval, rounded to the nearest tick: nothing adds up, whatever the rate. A
//     picture lasts until the next one begins.
//   - Width and height are even, 2 to 4096; the rate is above 0 and at most 240 per second. Everything else, and every other layout of
//     samples, is models.ErrFormat. Interlacing, aspect and extensions are passed over.
//   - Memory follows what was read, not what the size claims; a picture has at most 25 MB.
//
// It is not safe for concurrent use.
type Y4M struct {
	in window

	// Owned by the reading goroutine.
	open     bool // the header was read
	head     y4mHead
	pictures uint64 // given so far
	err      error  // sticky
}

var _ Demuxer = (*Y4M)(nil)

// NewY4M returns a demuxer for the YUV4MPEG2 stream that r gives. It reads nothing yet, and never closes r.
func NewY4M(r io.Reader) *Y4M {
	return &Y4M{in: window{src: r}}
}

// ClockRate returns 90000.
func (v *Y4M) ClockRate() int { return y4mRate }

// Width of every picture, in pixels; 0 before the first Next.
func (v *Y4M) Width() int { return v.head.width }

// Height of every picture, in pixels; 0 before the first Next.
func (v *Y4M) Height() int { return v.head.height }

// Next returns the next picture: Width×Height×3/2 bytes. Its errors are those of Demuxer.
func (v *Y4M) Next() (Frame, error) {
	if v.err == nil && !v.open {
		v.err = v.header()
		v.open = true
	}
	if v.err != nil {
		return Frame{}, v.err
	}
	f, err := v.picture()
	v.err = err
	return f, err
}

func (v *Y4M) picture() (Frame, error) {
	pts, _ := v.head.clock().ticks(v.pictures)
	next, fits := v.head.clock().ticks(v.pictures + 1)
	line, err := v.frameLine(pts)
	switch {
	case err != nil:
		return Frame{}, err
	case !fits:
		return Frame{}, fmt.Errorf("%w: picture %d of the Y4M data, at %d/%d per second, lies beyond 198 years", models.ErrFormat, v.pictures+1,
			v.head.num, v.head.den)
	}
	v.in.drop(len(line) + 1)
	data, ok := v.body(v.head.size())
	if !ok {
		return Frame{}, v.cut(pts)
	}
	v.pictures++
	return Frame{Data: data, PTS: pts, Duration: next - pts, Key: true}, nil
}

// body reads a picture into memory of its own. The first one's memory grows as its bytes come; after it the size is believed.
func (v *Y4M) body(size int) ([]byte, bool) {
	room := size
	if v.pictures == 0 {
		room = min(size, firstChunk)
	}
	data := make([]byte, room)
	for n := 0; ; {
		if !v.in.fill(data[n:]) {
			return nil, false
		}
		if n = len(data); n == size {
			return data, true
		}
		data = append(make([]byte, 0, min(size, chunkGrowth*n)), data...)
		data = data[:cap(data)]
	}
}

// frameLine returns the line before the picture at pts, which is not dropped yet.
func (v *Y4M) frameLine(pts int64) ([]byte, error) {
	line, whole := v.line()
	if whole && isY4MFrame(line, true) {
		return line, nil
	}
	if !whole {
		line = v.in.bytes()
	}
	wrong := fmt.Errorf("%w: expected picture %d of the Y4M data, which begins with %q; found %q", models.ErrFormat, v.pictures+1, y4mFrame,
		line[:min(openingBytes, len(line))])
	switch {
	case whole || len(line) >= maxY4MLine:
		return nil, wrong
	case len(line) == 0:
		return nil, v.ended(io.EOF)
	case isY4MFrame(line, false):
		return nil, v.cut(pts)
	default:
		return nil, v.ended(wrong)
	}
}

// isY4MFrame reports whether a line, or the beginning of one, is that before a picture.
func isY4MFrame(line []byte, whole bool) bool {
	word, _, params := bytes.Cut(line, []byte(" "))
	if whole || params {
		return bytes.Equal(word, y4mFrame)
	}
	return bytes.HasPrefix(y4mFrame, word)
}

// line returns the next line without its end, which is not dropped yet. It reports false when none ends within maxY4MLine bytes.
func (v *Y4M) line() ([]byte, bool) {
	for seen := 0; seen < maxY4MLine && v.in.need(seen+1); {
		b := v.in.bytes()
		b = b[:min(len(b), maxY4MLine)]
		if end := bytes.IndexByte(b[seen:], '\n'); end >= 0 {
			return b[:seen+end], true
		}
		seen = len(b)
	}
	return nil, false
}

// cut says that the input ended inside the picture at pts.
func (v *Y4M) cut(pts int64) error {
	at := time.Duration(pts/(y4mRate/1000)) * time.Millisecond
	return v.ended(fmt.Errorf("the Y4M data ends in the middle of a picture, at %v: %w", at, io.ErrUnexpectedEOF))
}

// ended returns what the end of the input, which was reached, means, unless it was an error that ended it.
func (v *Y4M) ended(meaning error) error {
	if !v.in.eof {
		return v.in.err
	}
	return meaning
}
