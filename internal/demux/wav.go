package demux

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"time"
)

const (
	wavRate     = 48000
	wavChannels = 2
	wavBits     = 16
	wavSample   = wavChannels * wavBits / 8 // bytes of one sample of all channels
	// wavFrame is 20 ms, the frame of Opus too, so that sound of either kind is paced alike.
	wavFrame = wavRate / 50 * wavSample // 3840
)

// WAV reads sound from a RIFF/WAVE stream of signed 16-bit little-endian samples, 48 kHz, stereo. PTS and Duration are in samples.
//
//   - Every frame has 20 ms, 3840 bytes; the last one has what is left, in whole samples.
//   - An encoder that writes into a pipe does not know sizes: data whose size is 0 or 0xffffffff goes on to the end of the input. What follows
//     data of a known size is not read.
//   - Chunks before the data other than the format are passed over. WAVE_FORMAT_EXTENSIBLE is taken when its samples are PCM.
//   - Every other kind of samples is models.ErrFormat.
//
// It is not safe for concurrent use.
type WAV struct {
	in window

	// Owned by the reading goroutine.
	open bool  // the header was read
	left int64 // bytes of data still to come
	live bool  // that is not known: the data ends where the input does
	pts  int64
	err  error // sticky
}

var _ Demuxer = (*WAV)(nil)

// NewWAV returns a demuxer for the WAV stream that r gives. It reads nothing yet, and never closes r.
func NewWAV(r io.Reader) *WAV {
	return &WAV{in: window{src: r}}
}

// ClockRate returns 48000.
func (v *WAV) ClockRate() int { return wavRate }

// Next returns the next 20 ms. Its errors are those of Demuxer.
func (v *WAV) Next() (Frame, error) {
	if v.err == nil && !v.open {
		v.err = v.header()
		v.open = true
	}
	if v.err != nil {
		return Frame{}, v.err
	}
	want := int(min(wavFrame, v.left))
	v.in.need(want) // less is there at the end only
	n := min(want, len(v.in.bytes()))
	n -= n % wavSample
	if n == 0 {
		v.err = v.end()
		return Frame{}, v.err
	}
	f := Frame{Data: bytes.Clone(v.in.bytes()[:n]), PTS: v.pts, Duration: int64(n / wavSample), Key: true}
	v.in.drop(n)
	v.left -= int64(n)
	v.pts += f.Duration
	return f, nil
}

// end says what it means that there is no further sample.
func (v *WAV) end() error {
	switch {
	case v.left == 0:
		return io.EOF
	case v.in.err != nil && !v.in.eof:
		return v.in.err
	case v.live && len(v.in.bytes()) == 0:
		return io.EOF
	}
	at := time.Duration(v.pts/(wavRate/1000)) * time.Millisecond
	return fmt.Errorf("the WAV data ends in the middle of a sample or before its announced end, at %v: %w", at, io.ErrUnexpectedEOF)
}

// begin takes the size that the data chunk announces.
func (v *WAV) begin(size uint32) {
	v.left = int64(size)
	if size == 0 || size == math.MaxUint32 {
		v.left, v.live = math.MaxInt64, true
	}
}
