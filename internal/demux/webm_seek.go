package demux

import "io"

const (
	// maxCues is the size of an index that is read: that of a day has about a megabyte.
	maxCues = 8 << 20
	// maxWalked is how many clusters are looked at where there is no index.
	maxWalked = 100_000
	// seekMargin is how far in the file sound may stand before pictures of the same time: an index often knows the pictures only.
	seekMargin = opusRate
)

// SeekWebM finds a cluster from which on the packets of a moment can be read: by the index, or by going from cluster to cluster if walk is set, which
// takes a small read for each. Otherwise it is the first one. The moment is counted in ticks of 48 kHz from the first packet. The errors are
// those of NewWebM and of in.
func SeekWebM(in io.ReaderAt, size, moment int64, walk bool) (Place, error) {
	w := NewWebM(&steps{from: io.NewSectionReader(in, 0, size)})
	first, err := w.Next()
	if err != nil {
		return Place{}, err
	}
	s := webmSeeker{in: in, size: size, file: w.layout, end: w.segment}
	target := first.PTS + moment - seekMargin
	at := s.byIndex(target)
	if at == 0 && walk {
		at = s.byWalking(target)
	}
	if at == 0 {
		at = w.layout.first
	}
	return Place{Offset: at, Origin: first.PTS, begin: func(r io.Reader) Demuxer {
		w := NewWebM(r)
		w.layout, w.segment = s.file, s.end
		w.pos, w.limit = at, at+maxBetweenFrames
		return w
	}}, nil
}

// webmSeeker looks for clusters.
type webmSeeker struct {
	in   io.ReaderAt
	size int64
	file webmLayout
	end  int64 // of the segment, or unknownSize
}

// at reads the head of the element at an offset, with up to n bytes of its body.
func (s *webmSeeker) at(offset int64, n int) (e element, body []byte, ok bool) {
	b := make([]byte, maxEBMLHead+n)
	if offset < 0 || offset >= s.size {
		return e, nil, false
	}
	got, _ := s.in.ReadAt(b, offset) // what is missing is seen below
	e, whole, ok := parseElement(b[:got])
	if !whole || !ok {
		return e, nil, false
	}
	body = b[e.head:got]
	if e.size != unknownSize {
		body = body[:min(int64(len(body)), e.size)]
	}
	return e, body, true
}

// clusterAt returns the timestamp of the cluster at an offset.
func (s *webmSeeker) clusterAt(offset int64) (ticks int64, ok bool) {
	const enough = 64 // for a checksum and the timestamp
	e, body, ok := s.at(offset, enough)
	if !ok || e.id != idCluster {
		return 0, false
	}
	ticks = noTime
	children(body, func(id uint32, b []byte) {
		if v, ok := ebmlUint(b); ok && id == idTimestamp && ticks == noTime {
			ticks = s.file.ticks(v)
		}
	})
	return ticks, ticks != noTime
}

// byIndex returns the last cluster that the index has for the target, 0 when it has none or is wrong.
func (s *webmSeeker) byIndex(target int64) int64 {
	e, _, ok := s.at(s.file.cues, 0)
	if s.file.cues == 0 || !ok || e.id != idCues || e.size == unknownSize || e.size > maxCues {
		return 0
	}
	body := make([]byte, e.size)
	if n, _ := s.in.ReadAt(body, s.file.cues+int64(e.head)); n < len(body) {
		return 0
	}
	at := s.readCues(body, target)
	if ticks, ok := s.clusterAt(at); !ok || ticks > target {
		return 0
	}
	return at
}

// readCues returns the place of the last cluster that begins at the target or before it, 0 when there is none.
func (s *webmSeeker) readCues(body []byte, target int64) (at int64) {
	const (
		idCuePoint           = 0xbb
		idCueTime            = 0xb3
		idCueTrackPositions  = 0xb7
		idCueClusterPosition = 0xf1
	)
	best := int64(noTime)
	children(body, func(id uint32, b []byte) {
		if id != idCuePoint {
			return
		}
		ticks, place := int64(noTime), uint64(0)
		children(b, func(id uint32, b []byte) {
			switch id {
			case idCueTime:
				if v, ok := ebmlUint(b); ok {
					ticks = s.file.ticks(v)
				}
			case idCueTrackPositions:
				children(b, func(id uint32, b []byte) {
					if id == idCueClusterPosition {
						place, _ = ebmlUint(b)
					}
				})
			}
		})
		if ticks != noTime && ticks <= target && ticks >= best && place < uint64(s.size) { //nolint:gosec // a size is not negative
			best, at = ticks, s.file.segment+int64(place) //nolint:gosec // it is less than the size
		}
	})
	return at
}

// byWalking goes from cluster to cluster, from the first on, and returns the last that begins at the target or before it.
func (s *webmSeeker) byWalking(target int64) (at int64) {
	next := s.file.first
	for range maxWalked {
		e, _, ok := s.at(next, 0)
		if !ok || e.size == unknownSize && e.id != idCluster {
			break
		}
		if e.id == idCluster {
			ticks, ok := s.clusterAt(next)
			if !ok || ticks > target {
				break
			}
			at = next
		}
		if e.size == unknownSize {
			break
		}
		next += int64(e.head) + e.size
	}
	return at
}
