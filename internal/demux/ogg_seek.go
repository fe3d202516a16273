package demux

import (
	"fmt"
	"io"

	"gotgcall/models"
)

const (
	// seekChunk is what a search reads at a time: a page of the largest size fits, and of a song some seconds.
	seekChunk = 64 << 10
	// maxProbes ends a search in a file whose positions contradict each other.
	maxProbes = 64
)

// SeekOgg finds a page from which on the packets of a moment can be read, by bisection. The moment is counted in ticks of 48 kHz from the
// first packet. Only pages with a right checksum are believed. What is not a single Opus stream is models.ErrFormat; an error of in is returned as it is.
func SeekOgg(in io.ReaderAt, size, moment int64) (Place, error) {
	o := NewOgg(&steps{from: io.NewSectionReader(in, 0, size)})
	first, err := o.Next()
	if err != nil {
		return Place{}, err
	}
	s := oggSeeker{in: in, size: size, serial: o.link.serial}
	last, err := s.last()
	if err != nil {
		return Place{}, err
	}
	target := first.PTS + moment
	at := foundPage{}
	switch {
	case moment <= 0: // all of it, the headers too
	case last.granule >= 0 && last.granule <= first.PTS: // the positions tell nothing: only reading on finds the moment
	case last.granule >= 0 && target >= last.granule:
		return after(size, first.PTS), nil
	default:
		if at, err = s.search(foundPage{offset: o.pages.begin, granule: first.PTS, seq: o.link.seq - 1}, last, target); err != nil {
			return Place{}, err
		}
	}
	return Place{Offset: at.offset, Origin: first.PTS, begin: func(r io.Reader) Demuxer {
		o := NewOgg(r)
		if at.offset > 0 {
			o.resume(s.serial, at.seq)
		}
		return o
	}}, nil
}

// resume makes the demuxer begin in the middle of a stream. The time of its first packet is told by the position of its page.
func (o *Ogg) resume(serial, seq uint32) {
	o.link = link{open: true, chosen: true, data: true, serial: serial, seq: seq}
	o.packets.comments = true
}

// foundPage is a page that says where it ends in time.
type foundPage struct {
	offset  int64
	granule int64 // of its end, -1 when there is no such page
	seq     uint32
}

// oggSeeker looks for pages of one logical stream.
type oggSeeker struct {
	in     io.ReaderAt
	size   int64
	serial uint32
}

// pages calls visit for the whole pages that begin in a part of the file, until it returns false.
func (s *oggSeeker) pages(from, to int64, visit func(foundPage) bool) error {
	section := io.NewSectionReader(s.in, from, s.size-from)
	p := pageReader{in: window{src: section, buf: make([]byte, min(seekChunk, s.size-from))}, limit: maxBetweenFrames}
	p.pages = 1 // the beginning of a page may be far
	for from+p.total < to {
		page, err := p.next()
		if err != nil {
			if p.in.eof {
				return nil
			}
			return err
		}
		found := foundPage{offset: from + p.begin, granule: page.granule, seq: page.seq}
		if page.serial != s.serial || page.flags&flagBOS != 0 && found.offset > 0 {
			return errSeveral
		}
		if found.offset >= to {
			return nil
		}
		if found.granule >= 0 && found.granule <= maxGranule && !visit(found) {
			return nil
		}
	}
	return nil
}

// last returns the page with the highest position of those at the end of the file: a few encoders write none, which is 0, on the very last one.
func (s *oggSeeker) last() (last foundPage, err error) {
	last = foundPage{offset: s.size, granule: -1}
	for _, chunk := range []int64{seekChunk, 4 * seekChunk} {
		err = s.pages(max(0, s.size-chunk), s.size, func(p foundPage) bool {
			if p.granule >= last.granule {
				last = p
			}
			return true
		})
		if err != nil || last.granule >= 0 {
			break
		}
	}
	return last, err
}

// search returns a page that ends at the target or before it, and not far before. lo is such a page, or the first with sound; hi is one behind it.
func (s *oggSeeker) search(lo, hi foundPage, target int64) (foundPage, error) {
	for probe := range maxProbes {
		width := hi.offset - lo.offset
		if width <= 2*seekChunk {
			break
		}
		// Where the page should be if the bit rate is even, and a little before; every other time the middle, in case that is far off.
		at := lo.offset + width/2
		if span := hi.granule - lo.granule; probe%2 == 0 && span > 0 {
			at = lo.offset + int64(float64(width)*float64(target-lo.granule)/float64(span)) - seekChunk/2
		}
		at = min(max(at, lo.offset+1), hi.offset-seekChunk)
		found := foundPage{granule: -1}
		beyond := false
		err := s.pages(at, hi.offset, func(p foundPage) bool {
			if beyond = p.granule > target; !beyond {
				found = p
			} else if found.granule < 0 {
				hi = foundPage{offset: p.offset, granule: p.granule}
			}
			return !beyond && p.offset < at+seekChunk
		})
		switch {
		case err != nil:
			return foundPage{}, err
		case found.granule >= 0:
			lo = found
			if beyond {
				return lo, nil
			}
		case !beyond: // nothing up to hi
			hi.offset = at
		}
	}
	if lo.offset > hi.offset {
		return foundPage{}, fmt.Errorf("%w: the positions of the Ogg data contradict each other", models.ErrFormat)
	}
	return lo, nil
}
