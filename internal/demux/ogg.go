package demux

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"gotgcall/models"
)

const (
	// maxBetweenFrames bounds what is read for one frame: comments of any honest size and their pictures (RFC 7845 section 6 suggests
	// 120 MiB), or other streams of the same file. It ends an input that has valid pages for ever and never a frame.
	maxBetweenFrames = 128 << 20
	// maxGap is the longest piece of missing media that damage moves the timeline by; a larger one is a wrong granule position.
	maxGap = 10 * opusRate
	// maxGranule is the largest position believed, 11 years; beyond it a page has none.
	maxGranule = 1 << 44
)

// Ogg reads Opus packets from an Ogg stream (RFC 3533, RFC 7845). PTS and Duration are in ticks of 48 kHz.
//
//   - Time is the sum of the durations in the packets' TOC bytes. It begins where the first audio page says its first packet begins, which is 0
//     unless the stream starts late.
//   - Of several streams in one file the first Opus stream is read, the others are passed over. Chained streams play one after the other.
//   - Damage costs the pages it touches: reading goes on behind them, and the time they held stays empty, up to 10 s.
//   - A packet of several frames and more than 1200 bytes, which no packet of RTP should have, comes as one packet for each frame.
//   - Opus with more than two channels, or with a channel mapping family other than 0, is models.ErrFormat.
//
// It is not safe for concurrent use.
type Ogg struct {
	pages pageReader

	// Owned by the reading goroutine.
	link    link       // the logical stream being read
	packets packetizer // the packets of its current page
	clock   clock
	split   splitter
	damage  int
	err     error // sticky
}

var _ Demuxer = (*Ogg)(nil)

// NewOgg returns a demuxer for the Ogg stream that r gives. It reads nothing yet, and never closes r.
func NewOgg(r io.Reader) *Ogg {
	return &Ogg{pages: pageReader{in: window{src: r}, limit: maxBetweenFrames}}
}

// ClockRate returns 48000.
func (o *Ogg) ClockRate() int { return opusRate }

// Damage returns how often something was lost so far: pages that were damaged, missing or out of order, and packets that no decoder takes.
func (o *Ogg) Damage() int { return o.damage }

// Next returns the next Opus packet. Its errors are those of Demuxer.
func (o *Ogg) Next() (Frame, error) {
	if f, ok := o.split.next(); ok {
		return f, nil
	}
	for o.err == nil {
		if p, ok := o.packets.pop(); ok {
			o.pages.limit = o.pages.total + maxBetweenFrames
			return o.split.frame(p.data, o.clock.stamp(p), p.ticks), nil
		}
		o.err = o.nextPage()
	}
	return Frame{}, o.err
}

// nextPage reads one page and leaves its packets, if it has any of ours, in o.packets.
func (o *Ogg) nextPage() error {
	o.packets.endPage()
	dropped := o.pages.dropped
	page, err := o.pages.next()
	if o.pages.dropped != dropped {
		o.hurt()
	}
	if err != nil {
		return o.end(err)
	}
	ours, err := o.route(page)
	if err != nil || !ours {
		return err
	}
	if bad := o.packets.load(page); bad > 0 {
		o.damage += bad
		o.clock.damaged = true
	}
	o.clock.page(page, &o.packets)
	return nil
}

// hurt notes that something was lost before the next page.
func (o *Ogg) hurt() {
	o.damage++
	o.clock.damaged = true
}

// end says what the end of the input means.
func (o *Ogg) end(err error) error {
	gaveUp := errors.Is(err, errTooDamaged)
	if !gaveUp && !o.pages.in.eof {
		return err
	}
	switch {
	case o.pages.pages == 0 && len(o.pages.opening) == 0:
		return fmt.Errorf("%w: expected Ogg, found no data", models.ErrFormat)
	case o.pages.pages == 0 && o.pages.truncated && bytes.HasPrefix(capturePattern, o.pages.opening[:min(4, len(o.pages.opening))]):
		return fmt.Errorf("%w: the Ogg data ends inside its first page: %w", models.ErrFormat, io.ErrUnexpectedEOF)
	case o.pages.pages == 0:
		return fmt.Errorf("%w: expected Ogg, whose pages begin with \"OggS\" and carry a right checksum; found none in data that begins with %q",
			models.ErrFormat, o.pages.opening)
	case gaveUp:
		return err
	case !o.link.open:
		return fmt.Errorf("%w: the Ogg data has no Opus stream", models.ErrFormat)
	case !o.packets.comments && !o.clock.started:
		return fmt.Errorf("%w: the Ogg data ends inside the Opus headers: %w", models.ErrFormat, io.ErrUnexpectedEOF)
	case o.pages.truncated || o.packets.pending():
		at := time.Duration(o.clock.pts/(opusRate/1000)) * time.Millisecond
		return fmt.Errorf("the Ogg data ends in the middle of a packet or page, at %v: %w", at, io.ErrUnexpectedEOF)
	default:
		return io.EOF
	}
}
