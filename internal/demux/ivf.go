package demux

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"gotgcall/models"
)

// MaxFrame is the size of the largest frame that a demuxer gives, in bytes: 4 MiB. An uncompressed picture of 1920×1080 has 3.1 MB, so an
// encoded one that is larger is not a picture but a damaged size.
const MaxFrame = 4 << 20

const (
	ivfFrameHeader = 12 // size and timestamp
	// firstChunk of a frame is allocated before its bytes are there.
	firstChunk = 64 << 10
	// chunkGrowth times what has come of a larger frame may be allocated for the rest: what is not sent costs nothing.
	chunkGrowth = 8
)

// errNoFrames is an input that goes on without giving any frame.
var errNoFrames = fmt.Errorf("%w: the IVF data has no VP8 frames that can be decoded any more", models.ErrFormat)

// IVF reads VP8 frames from an IVF stream. PTS and Duration are in ticks of 90 kHz.
//
//   - PTS is the container's timestamp times its time base, rounded to the nearest tick: nothing adds up, whatever the frame rate. Timestamps
//     that go back or stand still have begun again, as when a clip is repeated: that frame begins where the one before it ends, and time goes
//     on from there. A step forward is kept as it is, up to PTS of 198 years.
//   - Duration is an estimate, because waiting for the next frame would keep a live picture back: the shorter of the two intervals before the
//     frame, so that neither a changing rate nor a hole is taken for the length of the last frame. The first frame lasts one unit of the
//     time base, which is the frame rate when an encoder at a constant rate wrote it, or 1/30 s when that is no interval between pictures.
//   - Reading begins with the first key frame: no decoder can use those before it. Frames without data are passed over, they stand for
//     pictures that the encoder dropped; so are frames that no decoder takes, and after a key frame of that kind all up to the next one.
//   - A frame that is decoded and never shown (RFC 6386 section 9.1, show_frame) keeps its place in the order, a tick or more behind the frame
//     before it.
//   - A frame of more than MaxFrame bytes and every codec but VP8 are models.ErrFormat. Memory follows what was read, not what sizes claim.
//
// It is not safe for concurrent use.
type IVF struct {
	in window

	// Set at construction.
	tooLong int64 // bytes passed over in a row that are too many

	// Owned by the reading goroutine.
	clock  ivfClock
	open   bool  // the header was read
	keyed  bool  // frames can be decoded: a key frame was given, and no later one was bad
	frames int64 // frames read, those passed over included
	given  bool  // a frame was returned
	passed int64 // bytes read since then
	err    error // sticky
}

var _ Demuxer = (*IVF)(nil)

// NewIVF returns a demuxer for the IVF stream that r gives. It reads nothing yet, and never closes r.
func NewIVF(r io.Reader) *IVF {
	return &IVF{in: window{src: r}, tooLong: maxBetweenFrames}
}

// ClockRate returns 90000.
func (v *IVF) ClockRate() int { return vp8Rate }

// Next returns the next VP8 frame. Its errors are those of Demuxer.
func (v *IVF) Next() (Frame, error) {
	if v.err == nil && !v.open {
		v.err = v.header()
		v.open = true
	}
	for v.err == nil {
		f, ok, err := v.frame()
		if ok {
			v.given, v.passed = true, 0
			return f, nil
		}
		if v.err = err; err == nil && v.passed > v.tooLong {
			v.err = errNoFrames
		}
	}
	return Frame{}, v.err
}

// frame reads one frame and says whether it is worth giving.
func (v *IVF) frame() (f Frame, ok bool, err error) {
	if !v.in.need(ivfFrameHeader) {
		return f, false, v.end()
	}
	h := v.in.bytes()
	size, stamp := binary.LittleEndian.Uint32(h), binary.LittleEndian.Uint64(h[4:])
	v.in.drop(ivfFrameHeader)
	v.frames++
	v.passed += ivfFrameHeader + int64(size)
	if size > MaxFrame {
		return f, false, fmt.Errorf("%w: frame %d of the IVF data announces %d bytes, expected at most %d: the data is damaged, or no IVF any more",
			models.ErrFormat, v.frames, size, MaxFrame)
	}
	ticks, fits := v.clock.ticks(stamp)
	if !fits {
		return f, false, v.tooLate(stamp)
	}
	data, err := v.body(int(size))
	if err != nil || !v.decodable(data) {
		return f, false, err
	}
	f = Frame{Data: data, Key: isVP8Key(data)}
	if f.PTS, f.Duration, fits = v.clock.place(ticks, isVP8Shown(data)); !fits {
		return f, false, v.tooLate(stamp)
	}
	return f, true, nil
}

// body reads a frame's data into memory of its own.
func (v *IVF) body(size int) ([]byte, error) {
	data := make([]byte, 0, min(size, firstChunk))
	for len(data) < size {
		if len(data) == cap(data) {
			data = append(make([]byte, 0, min(size, chunkGrowth*len(data))), data...)
		}
		if !v.in.need(min(cap(data)-len(data), firstWindow)) {
			return nil, v.cut("a frame")
		}
		rest := v.in.bytes()
		n := min(len(rest), cap(data)-len(data))
		data = append(data, rest[:n]...)
		v.in.drop(n)
	}
	return data, nil
}

// decodable reports whether a listener's decoder can do something with a frame after those given so far.
func (v *IVF) decodable(data []byte) bool {
	switch {
	case isVP8Key(data):
		v.keyed = true
	case len(data) < vp8Tag: // empty ones too
		return false
	case data[0]&vp8Inter == 0: // it says that it is a key frame, and is none
		v.keyed = false
	}
	return v.keyed
}

// end says what the end of the input before a whole frame header means.
func (v *IVF) end() error {
	switch {
	case len(v.in.bytes()) > 0:
		return v.cut("a frame's header")
	case v.frames > 0 && !v.given:
		return v.ended(fmt.Errorf("%w: none of the %d frames of the IVF data is a VP8 key frame, with which a picture begins",
			models.ErrFormat, v.frames))
	default:
		return v.ended(io.EOF)
	}
}

// cut says that the input ended inside something.
func (v *IVF) cut(where string) error {
	at := time.Duration(v.clock.end()/(vp8Rate/1000)) * time.Millisecond
	return v.ended(fmt.Errorf("the IVF data ends in the middle of %s, at %v: %w", where, at, io.ErrUnexpectedEOF))
}

// ended returns what the end of the input means, unless it was an error that ended it.
func (v *IVF) ended(meaning error) error {
	if v.in.err != io.EOF { //nolint:errorlint // a reader whose error wraps io.EOF has failed
		return v.in.err
	}
	return meaning
}

func (v *IVF) tooLate(stamp uint64) error {
	return fmt.Errorf("%w: frame %d of the IVF data, with the timestamp %d in units of %d/%d s, lies beyond 198 years: the data is damaged",
		models.ErrFormat, v.frames, stamp, v.clock.num, v.clock.den)
}
