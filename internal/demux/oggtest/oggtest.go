// Package oggtest builds Ogg/Opus streams page by page, for tests that drop, swap and damage them.
package oggtest

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Flags of a page.
const (
	Continued = 1
	BOS       = 2
	EOS       = 4
)

// Page is one page of RFC 3533 section 6.
type Page struct {
	Flags       byte
	Granule     int64
	Serial, Seq uint32
	Lacing      []byte
	Body        []byte
}

// Bytes returns the page with its checksum.
func (p Page) Bytes() []byte {
	b := append([]byte("OggS\x00"), p.Flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(p.Granule))
	b = binary.LittleEndian.AppendUint32(b, p.Serial)
	b = binary.LittleEndian.AppendUint32(b, p.Seq)
	b = append(b, 0, 0, 0, 0, byte(len(p.Lacing)))
	b = append(append(b, p.Lacing...), p.Body...)
	FixCRC(b)
	return b
}

// Packet is an Opus packet and how long it plays, in ticks of 48 kHz.
type Packet struct {
	Data  []byte
	Ticks int64
}

// Opus returns a valid packet of the given duration (120, 240, 480, 960, 1920, 2880 or 5760 ticks) and size, filled from seed. The size must
// be 1 to 1276, or odd and up to 2551 for 5760 ticks.
func Opus(ticks int64, size int, seed byte) Packet {
	toc := map[int64]byte{120: 16 << 3, 240: 17 << 3, 480: 18 << 3, 960: 19 << 3, 1920: 2 << 3, 2880: 3 << 3, 5760: 3<<3 | 1}[ticks]
	data := make([]byte, size)
	for i := range data {
		data[i] = seed + byte(i*7)
	}
	data[0] = toc
	return Packet{Data: data, Ticks: ticks}
}

// Packets returns n packets of Opus that differ in content.
func Packets(n int, ticks int64, size int) []Packet {
	list := make([]Packet, n)
	for i := range list {
		list[i] = Opus(ticks, size, byte(i*31))
	}
	return list
}

// Stream says how packets become pages. Its zero value is one packet per page.
type Stream struct {
	Serial   uint32
	Channels byte  // in the header; 0 is 2
	TagBytes int   // size of the comment header; at least 16
	PerPage  int   // packets per page; 0 is 1
	MaxBody  int   // bytes per page, a multiple of 255; packets go on on the next page. 0 is no limit but the format's
	Start    int64 // granule position at which the audio begins
	NoEOS    bool
}

// Head returns the identification header (RFC 7845 section 5.1).
func Head(channels, family byte) []byte {
	b := append([]byte("OpusHead\x01"), channels, 0x38, 1) // pre-skip 312
	b = binary.LittleEndian.AppendUint32(b, 48000)
	return append(b, 0, 0, family)
}

// Pages returns the stream's pages: the identification header on the first, the comment header on those that follow, then the audio.
func (s Stream) Pages(packets []Packet) []Page {
	if s.Channels == 0 {
		s.Channels = 2
	}
	tags := append([]byte("OpusTags"), make([]byte, max(8, s.TagBytes-8))...)
	list := []Page{{Flags: BOS, Lacing: []byte{19}, Body: Head(s.Channels, 0)}}
	list = append(list, s.fill([]Packet{{Data: tags}}, 0)...)
	list = append(list, s.fill(packets, s.Start)...)
	for i := range list {
		list[i].Serial, list[i].Seq = s.Serial, uint32(i)
	}
	if !s.NoEOS {
		list[len(list)-1].Flags |= EOS
	}
	return list
}

// fill lays packets out on pages.
func (s Stream) fill(packets []Packet, granule int64) (list []Page) {
	page, ended := Page{Granule: -1}, 0
	flush := func(flags byte) {
		list = append(list, page)
		page, ended = Page{Flags: flags, Granule: -1}, 0
	}
	maxLacing := 255
	if s.MaxBody > 0 {
		maxLacing = s.MaxBody / 255
	}
	for _, p := range packets {
		data := p.Data
		for {
			n := min(255, len(data))
			page.Lacing, page.Body = append(page.Lacing, byte(n)), append(page.Body, data[:n]...)
			data = data[n:]
			if n < 255 {
				break
			}
			if len(page.Lacing) == maxLacing {
				flush(Continued)
			}
		}
		ended++
		granule += p.Ticks
		page.Granule = granule
		if ended >= max(1, s.PerPage) || len(page.Lacing) == maxLacing {
			flush(0)
		}
	}
	if len(page.Lacing) > 0 {
		flush(0)
	}
	return list
}

// Join returns the bytes of pages.
func Join(pages ...[]Page) []byte {
	var b []byte
	for _, p := range slices.Concat(pages...) {
		b = append(b, p.Bytes()...)
	}
	return b
}

// FixCRC writes the right checksum into every page of data, as far as pages can be told apart.
func FixCRC(data []byte) {
	for len(data) >= 27 {
		if !bytes.HasPrefix(data, []byte("OggS")) {
			data = data[1:]
			continue
		}
		size := 27 + int(data[26])
		for _, n := range data[27:min(size, len(data))] {
			size += int(n)
		}
		if size > len(data) {
			data = data[1:]
			continue
		}
		clear(data[22:26])
		binary.LittleEndian.PutUint32(data[22:], checksum(data[:size]))
		data = data[size:]
	}
}

// checksum goes bit by bit: slow, and independent of the demuxer's tables.
func checksum(b []byte) (crc uint32) {
	for _, v := range b {
		crc ^= uint32(v) << 24
		for range 8 {
			top := crc >> 31
			crc = crc<<1 ^ top*0x04c11db7
		}
	}
	return crc
}
