package demux

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"gotgcall/models"
)

const (
	// pageHeader is the size of a page's header before its lacing values (RFC 3533 section 6).
	pageHeader = 27
	// maxPreamble is how far the first whole page may be from the beginning: two pages of the largest size, 27+255+255*255 bytes.
	maxPreamble = 2 * 65307
	// openingBytes of an input that is not Ogg are quoted; no Ogg is shorter.
	openingBytes = 16
	// wasteFactor bounds the work on damaged input: bytes checksummed in vain per byte read. Honest damage stays below 2; without the bound
	// a file full of false page headers would cost thousands.
	wasteFactor = 16
	// wasteFree is what the bound leaves to every stream.
	wasteFree = 1 << 20
)

var (
	capturePattern = []byte("OggS")
	errTooDamaged  = fmt.Errorf("%w: the Ogg data is too damaged, or has no Opus packets any more", models.ErrFormat)
)

// Flags of a page's header type.
const (
	flagContinued = 1 << iota // the first packet began on an earlier page
	flagBOS                   // first page of a logical stream
)

// oggPage is one whole page with a correct checksum. Its slices are valid until the next page is read.
type oggPage struct {
	flags   byte
	granule int64 // position at the end of the last packet that ends on this page, or -1 when none does
	serial  uint32
	seq     uint32
	lacing  []byte
	body    []byte
}

// pageReader finds whole pages in a byte stream. Damaged ones are skipped: reading goes on at the next capture pattern, which may stand inside
// what the damaged header claimed.
type pageReader struct {
	in window

	// Owned by the reading goroutine.
	pages     int64  // whole pages seen
	dropped   int64  // bytes passed over, which belonged to no whole page
	total     int64  // bytes dropped or read as pages
	begin     int64  // total where the last whole page began
	wasted    int64  // bytes checksummed in vain
	limit     int64  // total at which to give up
	truncated bool   // since the last whole page, a page began that the input does not finish
	opening   []byte // the first bytes of the input, for an error text
}

// next returns the next whole page, or the error that ended the input.
func (p *pageReader) next() (oggPage, error) {
	for p.sync() {
		page, size, whole := p.candidate()
		if !whole {
			p.skip(1)
			continue
		}
		p.in.drop(size)
		p.begin = p.total
		p.total += int64(size)
		p.pages++
		p.truncated = false
		return page, nil
	}
	if p.tooDamaged() {
		return oggPage{}, errTooDamaged
	}
	if rest := p.in.bytes(); len(rest) > 0 && bytes.HasPrefix(capturePattern, rest) {
		p.truncated = true
	}
	return oggPage{}, p.in.err
}

// sync moves to the next capture pattern. It reports false when there is none, or when looking further is not worth it.
func (p *pageReader) sync() bool {
	if p.opening == nil {
		p.in.need(openingBytes)
		p.opening = bytes.Clone(p.in.bytes()[:min(openingBytes, len(p.in.bytes()))])
	}
	for !p.tooDamaged() && p.in.need(len(capturePattern)) {
		b := p.in.bytes()
		if i := bytes.Index(b, capturePattern); i >= 0 {
			p.skip(i)
			return true
		}
		p.skip(len(b) - len(capturePattern) + 1)
	}
	return false
}

// candidate reads the page that the capture pattern at the front announces and says how many bytes it has and whether it is whole.
func (p *pageReader) candidate() (page oggPage, size int, whole bool) {
	if !p.in.need(pageHeader) {
		p.truncated = true
		return page, 0, false
	}
	h := p.in.bytes()
	if h[4] != 0 { // stream structure version
		return page, 0, false
	}
	head := pageHeader + int(h[26])
	if !p.in.need(head) {
		p.truncated = true
		return page, 0, false
	}
	size = head
	for _, n := range p.in.bytes()[pageHeader:head] {
		size += int(n)
	}
	if !p.in.need(size) {
		p.truncated = true
		return page, 0, false
	}
	b := p.in.bytes()[:size]
	if pageCRC(b) != binary.LittleEndian.Uint32(b[22:]) {
		p.wasted += int64(size)
		return page, 0, false
	}
	return oggPage{
		flags:   b[5],
		granule: int64(binary.LittleEndian.Uint64(b[6:])),
		serial:  binary.LittleEndian.Uint32(b[14:]),
		seq:     binary.LittleEndian.Uint32(b[18:]),
		lacing:  b[pageHeader:head],
		body:    b[head:],
	}, size, true
}

// skip passes over n bytes that belong to no whole page.
func (p *pageReader) skip(n int) {
	p.in.drop(n)
	p.dropped += int64(n)
	p.total += int64(n)
}

// tooDamaged reports whether the input has no page near its beginning, costs more work than damage explains, or has been read for too long.
func (p *pageReader) tooDamaged() bool {
	return p.pages == 0 && p.dropped > maxPreamble || p.wasted > wasteFactor*p.total+wasteFree || p.total > p.limit
}
