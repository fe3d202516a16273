package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/models"
)

// lookedAt is how much of a source is read, at most, to find out what it is.
const lookedAt = 64 << 10

// contents are the bytes of a source that may be sent as it is.
type contents struct {
	head []byte      // the beginning
	at   io.ReaderAt // nil when it can only be read on
	size int64
	// near is set when reading here and there costs next to nothing.
	near bool
	from func(offset int64) (io.Reader, error)
	end  func() error // makes a Read in progress return
}

// open returns streams with the packets of c, or nil when they cannot be sent as they are; err is then as of impossible. When copies is set, an ffmpeg
// can take them out of c as they are. c is closed with the streams, and otherwise at once.
func (p *passage) open(ctx context.Context, c contents, offset time.Duration) (s *Streams, copies bool, err error) {
	end := c.end // and nothing else of c is kept
	defer func() {
		if s == nil {
			err = errors.Join(err, end())
		}
	}()
	format, head, err := demux.Inspect(c.head)
	if err != nil {
		return nil, p.copyable(c), p.impossible("its sound is not Opus in Ogg or WebM", err)
	}
	if why := p.unlike(head); why != "" {
		return nil, false, p.impossible(why, nil)
	}
	leg, err := p.leg(c, format, head, offset)
	if ctx.Err() != nil {
		return nil, false, context.Cause(ctx)
	}
	if err != nil {
		return nil, false, p.impossible("its sound cannot be found", err)
	}
	detach := context.AfterFunc(ctx, func() { _ = end() })
	return NewStreams(leg, nil, func() error {
		detach()
		return end()
	}), false, nil
}

// copyable tells whether ffmpeg may take the packets of the sound out of their container as they are.
func (p *passage) copyable(c contents) bool {
	if p.options.End > 0 { // ffmpeg finds it by decoding
		return false
	}
	var file io.ReaderAt = bytes.NewReader(c.head)
	if c.near {
		file = c.at
	}
	head, err := demux.InspectMP4(file, c.size)
	return err == nil && p.unlike(head) == ""
}

// unlike is what is wanted of the sound that it does not have, or "".
func (p *passage) unlike(head demux.OpusHead) string {
	switch {
	case p.channels != 0 && p.channels != head.Channels:
		return fmt.Sprintf("AudioChannels is %d and its sound has %d", p.channels, head.Channels)
	case head.Gain != 0:
		return fmt.Sprintf("its header asks for a gain of %.2f dB, which only a decoder can give it", float64(head.Gain)/256)
	}
	return ""
}

// leg finds the place of the offset.
func (p *passage) leg(c contents, format demux.Format, head demux.OpusHead, offset time.Duration) (*opusLeg, error) {
	var from, to int64
	if offset > 0 {
		from = ticksOf(offset) + head.PreSkip
	}
	if p.options.End > 0 {
		to = ticksOf(p.options.End) + head.PreSkip
	}
	place, err := c.place(format, from)
	if err != nil {
		return nil, err
	}
	r, err := c.from(place.Offset)
	if err != nil {
		return nil, err
	}
	l := &opusLeg{subject: p.subject, section: demux.NewSection(place.Open(r), place.Origin, from, to), timeline: Timeline{Speed: 1}}
	if format == demux.FormatOgg && from == 0 && to == 0 {
		l.plain = r
	}
	if from > 0 {
		l.first, err = l.section.Next()
		switch {
		case err == nil:
			l.timeline.Begin = max(0, duration(l.first.PTS-l.section.Origin()-head.PreSkip))
		case err != io.EOF: //nolint:errorlint // what wraps it tells of something that broke off
			return nil, err
		default:
			l.timeline.Begin = offset
		}
	}
	return l, nil
}

// place finds where to begin reading for a moment. Of a file that is near it also makes sure that it is a single stream.
func (c contents) place(format demux.Format, moment int64) (demux.Place, error) {
	switch {
	case c.at == nil || moment == 0 && !c.near:
		return demux.Beginning(format), nil
	case format == demux.FormatOgg:
		return demux.SeekOgg(c.at, c.size, moment)
	case moment == 0:
		return demux.Beginning(format), nil
	}
	return demux.SeekWebM(c.at, c.size, moment, c.near)
}

// ticksOf is the opposite of duration.
func ticksOf(d time.Duration) int64 {
	return int64(d/time.Second)*opusTicks + int64(d%time.Second)*opusTicks/int64(time.Second)
}

// opusLeg is sound that is sent as it is. It is read as Ogg by whoever reads it, and packet by packet by Packets.
type opusLeg struct {
	// Set at construction.
	subject  string
	section  *demux.Section
	plain    io.Reader // the whole file, which is Ogg, from its beginning; or nil
	timeline Timeline

	// Owned by the reader.
	first demux.Frame // what was read to find the beginning; its Data are nil when there is none
	pages oggWriter
	rest  []byte // of the page that is being read
}

// Packets returns a demuxer for a leg of sound. That of a source that is sent as it is gives its packets without a container in between.
func Packets(audio io.Reader) demux.Demuxer {
	if l, ok := audio.(*opusLeg); ok {
		return opusPackets{l}
	}
	return demux.NewOgg(audio)
}

// IsPassedThrough reports whether streams are of a source that is sent as it is.
func IsPassedThrough(s *Streams) bool {
	_, ok := s.Audio.(*opusLeg)
	return ok
}

// opusPackets are the packets of a leg.
type opusPackets struct{ leg *opusLeg }

// Next implements demux.Demuxer.
func (p opusPackets) Next() (demux.Frame, error) { return p.leg.next() }

// ClockRate implements demux.Demuxer.
func (p opusPackets) ClockRate() int { return p.leg.section.ClockRate() }

// next returns the next packet.
func (l *opusLeg) next() (demux.Frame, error) {
	if f := l.first; f.Data != nil {
		l.first = demux.Frame{}
		return f, nil
	}
	f, err := l.section.Next()
	if errors.Is(err, models.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %s: %w", models.ErrFile, l.subject, err)
	}
	return f, err
}

// Read implements io.Reader: it gives the file itself where that is Ogg, and otherwise its packets on pages of their own.
func (l *opusLeg) Read(b []byte) (int, error) {
	if l.plain != nil {
		return l.plain.Read(b)
	}
	if len(b) == 0 {
		return 0, nil
	}
	if len(l.rest) == 0 {
		f, err := l.next()
		begin := l.pages.sequence == 0
		if err != nil && !(begin && err == io.EOF) { //nolint:errorlint // what wraps it tells of something that broke off
			return 0, err
		}
		if begin {
			l.rest = l.pages.begin(true) // also of a song of which nothing is left, or it would not be Ogg
		}
		if err == nil {
			l.rest = l.pages.page(l.rest, opusPacket{f.Data, f.Duration})
		}
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}
