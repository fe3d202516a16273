package media

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"

	"gotgcall/models"
)

// The range of sampling rates that FromPCM takes, in Hz.
const (
	minPCMRate = 8000
	maxPCMRate = 48000
)

// pcmSource is what FromPCM returns.
type pcmSource struct {
	// Set at construction.
	reader         io.Reader
	rate, channels int
	options        EncodeOptions

	opened atomic.Bool
}

// FromPCM is raw sound: samples of 16 bits, signed, little endian, with those of the channels taking turns. rate is in Hz, 8000 to 48000; channels
// is 1 or 2. What is out of range is ErrInvalidParams from Open. ffmpeg encodes it as the options say, of which Loop means nothing here;
// there is no picture.
//
// The reader is treated as FromReader does it: it is read once, closed with the stream if it is an io.Closer, and its error ends the stream. To push
// samples, give the reading end of an io.Pipe: a Write then waits while a call has read ahead far enough, and closing the writing
// end is the natural end. A sample that is cut off at the end is dropped.
func FromPCM(r io.Reader, rate, channels int, opt ...EncodeOptions) Source {
	return &pcmSource{reader: r, rate: rate, channels: channels, options: mergeAll(opt)}
}

func (s *pcmSource) Tracks() Track { return TrackAudio }

func (s *pcmSource) encodeOptions() EncodeOptions { return s.options }

func (s *pcmSource) Open(ctx context.Context) (*Streams, error) {
	const subject = "FromPCM"
	options, err := effective(ctx, s.options)
	if err != nil {
		return nil, err
	}
	switch {
	case s.rate < minPCMRate || s.rate > maxPCMRate:
		return nil, fmt.Errorf("%w: %s: the rate is %d: give %d to %d Hz", models.ErrInvalidParams, subject, s.rate, minPCMRate, maxPCMRate)
	case s.channels != 1 && s.channels != 2:
		return nil, fmt.Errorf("%w: %s: the number of channels is %d: give 1 or 2", models.ErrInvalidParams, subject, s.channels)
	}
	p, err := startPump(ctx, subject, s.reader, &s.opened)
	if err != nil {
		return nil, err
	}
	in := &intake{pump: p}
	streams, err := in.open(ctx, command{options: options, shape: shape{audio: true}}, ending{subject: subject},
		// There is nothing to find out, so nothing is read before the first sample is played.
		"-probesize", "32", "-analyzeduration", "0", "-f", "s16le", "-ar", strconv.Itoa(s.rate), "-ac", strconv.Itoa(s.channels))
	if err != nil {
		_ = p.end() // err is what went wrong first
		return nil, err
	}
	return streams, nil
}
