// Package webmtest builds WebM/Opus streams element by element, for tests that leave out and damage what files of ffmpeg have.
package webmtest

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// IDs of elements (RFC 9559 section 5.1).
const (
	EBML        = 0x1a45dfa3
	Segment     = 0x18538067
	Info        = 0x1549a966
	Tracks      = 0x1654ae6b
	TrackEntry  = 0xae
	Cluster     = 0x1f43b675
	Timestamp   = 0xe7
	SimpleBlock = 0xa3
	BlockGroup  = 0xa0
	Block       = 0xa1
	Discard     = 0x75a2
	Void        = 0xec
	CRC32       = 0xbf
	Cues        = 0x1c53bb6b
	Encodings   = 0x6d80
)

// Ways of lacing, as they stand in a block's flags.
const (
	Unlaced = iota
	Xiph
	Fixed
	EBMLLacing
)

// Element returns an element, whose length takes 8 bytes.
func Element(id uint32, body ...[]byte) []byte {
	all := slices.Concat(body...)
	return append(head(id, 1<<56|uint64(len(all))), all...)
}

// Unknown returns an element of unknown size.
func Unknown(id uint32, body ...[]byte) []byte {
	return append(head(id, 1<<57-1), slices.Concat(body...)...)
}

// Sized returns an element that claims a size.
func Sized(id uint32, size uint64, body ...[]byte) []byte {
	return append(head(id, 1<<56|size), slices.Concat(body...)...)
}

func head(id uint32, length uint64) []byte {
	b := binary.BigEndian.AppendUint32(nil, id)
	return binary.BigEndian.AppendUint64(b[bits.LeadingZeros32(id)/8:], length)
}

// Uint returns an element with a number.
func Uint(id uint32, v uint64) []byte { return Element(id, binary.BigEndian.AppendUint64(nil, v)) }

// Header returns what stands before the segment.
func Header() []byte { return Element(EBML, Element(0x4282, []byte("webm"))) }

// Track returns a track of sound with the number 1.
func Track(codec string, private []byte, more ...[]byte) []byte {
	return Element(TrackEntry, Uint(0xd7, 1), Uint(0x83, 2), Element(0x86, []byte(codec)), Element(0x63a2, private), slices.Concat(more...))
}

// opusHead is the header of a stereo stream with a pre-skip of 312 (RFC 7845 section 5.1).
const opusHead = "OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00"

// OpusTracks returns the list of tracks of a file with nothing but Opus.
func OpusTracks() []byte { return Element(Tracks, Track("A_OPUS", []byte(opusHead))) }

// Scale returns the information that timestamps count units of so many nanoseconds.
func Scale(ns uint64) []byte { return Element(Info, Uint(0x2ad7b1, ns)) }

// BlockBody returns the body of a block: packets of a track, at a time that counts from that of the cluster.
func BlockBody(track byte, at int16, lacing byte, packets ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x80 | track}, uint16(at))
	b = append(b, 0x80|lacing<<1)
	if lacing != Unlaced {
		b = append(b, byte(len(packets)-1))
	}
	for i, p := range packets[:max(0, len(packets)-1)] {
		switch lacing {
		case Xiph:
			for n := len(p); ; n -= 255 {
				b = append(b, byte(min(n, 255)))
				if n < 255 {
					break
				}
			}
		case EBMLLacing: // of two bytes each
			if i == 0 {
				b = binary.BigEndian.AppendUint16(b, 1<<14|uint16(len(p)))
			} else {
				b = binary.BigEndian.AppendUint16(b, 1<<14|uint16(len(p)-len(packets[i-1])+1<<13-1))
			}
		}
	}
	return append(b, slices.Concat(packets...)...)
}

// Clusters returns one cluster of simple blocks for each so many packets, which last so many ticks of 48 kHz and are timed in milliseconds.
func Clusters(packets [][]byte, ticks int64, each int) (list [][]byte) {
	at := int64(0)
	for group := range slices.Chunk(packets, each) {
		begin := at / 48
		body := [][]byte{Uint(Timestamp, uint64(begin))}
		for _, p := range group {
			body = append(body, Element(SimpleBlock, BlockBody(1, int16((at+24)/48-begin), Unlaced, p)))
			at += ticks
		}
		list = append(list, Element(Cluster, body...))
	}
	return list
}

// File returns a file of clusters.
func File(clusters ...[]byte) []byte {
	return append(Header(), Element(Segment, Scale(1_000_000), OpusTracks(), slices.Concat(clusters...))...)
}

// Indexed returns a file with an index behind its clusters, of which so many milliseconds lie between the beginnings. move is added to each place in the
// index.
func Indexed(clusters [][]byte, each uint64, move int) []byte {
	begin := append(Scale(1_000_000), OpusTracks()...)
	seekHead := func(cues int) []byte {
		return Element(0x114d9b74, Element(0x4dbb, Element(0x53ab, binary.BigEndian.AppendUint32(nil, Cues)), Uint(0x53ac, uint64(cues))))
	}
	at := len(seekHead(0)) + len(begin)
	var points []byte
	for i, c := range clusters {
		place := Element(0xb7, Uint(0xf7, 1), Uint(0xf1, uint64(at+move)))
		points = append(points, Element(0xbb, Uint(0xb3, uint64(i)*each), place)...)
		at += len(c)
	}
	return append(Header(), Element(Segment, seekHead(at), begin, slices.Concat(clusters...), Element(Cues, points))...)
}
