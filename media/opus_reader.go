package media

import (
	"encoding/binary"
	"io"
)

// opusReader is an OpusSource as Ogg. Each Read gives a part of one page, and each page is one packet: so nobody behind it holds more than he asked for.
type opusReader struct {
	// Set at construction.
	source *OpusSource

	// Owned by the reader.
	pages oggWriter
	rest  []byte // of the current page
}

// Read implements io.Reader.
func (r *opusReader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if len(r.rest) == 0 {
		p, err := r.source.pop()
		if err != nil {
			return 0, err
		}
		r.rest = r.pages.page(nil, p)
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// oggWriter puts Opus packets on pages, one on each (RFC 3533, RFC 7845).
type oggWriter struct {
	sequence uint32
	granule  int64
}

// begin returns the headers and, unless there is something else to begin with, a packet of silence: by it a call knows at once that it plays.
func (w *oggWriter) begin(something bool) []byte {
	head := append([]byte("OpusHead\x01"), 2, 0, 0) // two channels, no pre-skip
	head = binary.LittleEndian.AppendUint32(head, opusTicks)
	head = append(head, 0, 0, 0)
	pages := w.page(nil, opusPacket{data: head})
	pages = w.page(pages, opusPacket{data: append([]byte("OpusTags"), make([]byte, 8)...)})
	if !something {
		pages = w.page(pages, opusPacket{data: opusSilence, ticks: opusTicks / 50})
	}
	return pages
}

// page appends a page with a packet. A packet of 61440 bytes fits: a page takes 65025.
func (w *oggWriter) page(to []byte, p opusPacket) []byte {
	start := len(to)
	w.granule += p.ticks
	flags := byte(0)
	if w.sequence == 0 {
		flags = oggFirstPage
	}
	to = append(to, 'O', 'g', 'g', 'S', 0, flags)
	to = binary.LittleEndian.AppendUint64(to, uint64(w.granule)) //nolint:gosec // a position is never negative
	to = binary.LittleEndian.AppendUint32(to, 1)                 // the only stream
	to = binary.LittleEndian.AppendUint32(to, w.sequence)
	to = append(to, 0, 0, 0, 0) // the checksum
	w.sequence++
	to = append(to, byte(len(p.data)/255+1))
	for range len(p.data) / 255 {
		to = append(to, 255)
	}
	to = append(to, byte(len(p.data)%255))
	to = append(to, p.data...)
	binary.LittleEndian.PutUint32(to[start+22:], oggChecksum(to[start:]))
	return to
}

// oggTable has the checksum of each byte (RFC 3533 section 6): hash/crc32 has only reflected ones.
var oggTable = func() (t [256]uint32) {
	const polynomial = 0x04c11db7
	for b := range t {
		sum := uint32(b) << 24
		for range 8 {
			carry := sum >> 31
			sum = sum<<1 ^ carry*polynomial
		}
		t[b] = sum
	}
	return t
}()

// oggChecksum is that of a page whose checksum field is zero.
func oggChecksum(page []byte) uint32 {
	var sum uint32
	for _, b := range page {
		sum = sum<<8 ^ oggTable[byte(sum>>24)^b]
	}
	return sum
}

// Interactive tells that the sound comes while it is played, whenever there is something to be said: there is no point in reading far ahead, and
// having nothing for long is no stall.
func (s *Streams) Interactive() bool { return conversation(s.Audio) != nil }

// OnClear lets f be called when what was read ahead of an interactive stream is not to be played any more. f is called by whoever calls Clear,
// after the source has dropped what it holds itself; it should come back soon. There is one f: the last one. For other streams nothing happens.
func (s *Streams) OnClear(f func()) {
	source := conversation(s.Audio)
	if source == nil {
		return
	}
	source.mu.Lock()
	defer source.mu.Unlock()
	source.onClear = f
}

// conversation returns the source of an interactive leg, also behind its decoder, nil for other legs.
func conversation(r io.Reader) *OpusSource {
	switch l := r.(type) {
	case *opusReader:
		return l.source
	case *rawLeg:
		return conversation(l.from)
	}
	return nil
}
