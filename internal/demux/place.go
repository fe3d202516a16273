package demux

import "io"

// Place is where in a file to begin reading for the packets of a moment. SeekOgg and SeekWebM find it.
type Place struct {
	// Offset is that byte of the file; where nothing is left to be played, the size of the file.
	Offset int64
	// Origin is the PTS of the file's first packet.
	Origin int64

	begin func(r io.Reader) Demuxer
}

// Open returns a demuxer of the bytes of the file from Offset on. Its first packets may precede the moment; their PTS are those of the whole file.
func (p Place) Open(r io.Reader) Demuxer { return p.begin(r) }

// FromFirst is a Section's origin when its demuxer begins with the first packet of the file.
const FromFirst = -1

// Section is a part of what a demuxer gives.
type Section struct {
	// Set at construction.
	from, to int64
	d        Demuxer

	// Owned by the reading goroutine.
	origin int64
	err    error // sticky
}

// NewSection returns those packets of d that are played between two moments, those on the edges included. The moments are counted in ticks from
// origin, a PTS; to is 0 for the end. Where to is not behind from there are none.
func NewSection(d Demuxer, origin, from, to int64) *Section {
	return &Section{d: d, origin: origin, from: from, to: to}
}

// ClockRate implements Demuxer.
func (s *Section) ClockRate() int { return s.d.ClockRate() }

// Origin returns the PTS of the beginning of the media, once a packet has been read.
func (s *Section) Origin() int64 { return s.origin }

// Next implements Demuxer.
func (s *Section) Next() (Frame, error) {
	for s.err == nil {
		var f Frame
		if f, s.err = s.d.Next(); s.err != nil {
			break
		}
		if s.origin == FromFirst {
			s.origin = f.PTS
		}
		at := f.PTS - s.origin
		switch {
		case s.to > 0 && max(at, s.from) >= s.to:
			s.err = io.EOF
		case at+f.Duration > s.from:
			return f, nil
		}
	}
	return Frame{}, s.err
}

// over is a demuxer that has nothing.
type over struct{}

// Next implements Demuxer.
func (over) Next() (Frame, error) { return Frame{}, io.EOF }

// ClockRate implements Demuxer.
func (over) ClockRate() int { return opusRate }

// after is the place behind everything.
func after(size, origin int64) Place {
	return Place{Offset: size, Origin: origin, begin: func(io.Reader) Demuxer { return over{} }}
}

// Beginning is the place of everything. The format is FormatOgg or FormatWebM.
func Beginning(format Format) Place {
	p := Place{Origin: FromFirst, begin: func(r io.Reader) Demuxer { return NewOgg(r) }}
	if format == FormatWebM {
		p.begin = func(r io.Reader) Demuxer { return NewWebM(r) }
	}
	return p
}
