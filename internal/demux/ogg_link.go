package demux

import (
	"bytes"
	"fmt"

	"gotgcall/models"
)

var (
	opusHead = []byte("OpusHead")
	opusTags = []byte("OpusTags")
)

// maxLate pages in a row that come too late are passed over; then the stream has begun to count again.
const maxLate = 16

// link is the state of the logical stream being read: one link of a chain (RFC 3533 section 4).
type link struct {
	open   bool // a stream was chosen
	serial uint32
	seq    uint32 // expected sequence number of its next page
	late   int    // pages in a row that came too late

	chosen bool // the group of first pages being read has an Opus stream
	data   bool // that group is over: a page that is no first page was read
}

// route decides whether a page belongs to the stream being read, and opens the next one.
func (o *Ogg) route(page oggPage) (ours bool, err error) {
	if page.flags&flagBOS != 0 {
		return false, o.first(page)
	}
	o.link.data = true
	if o.headLost(page) {
		o.open(page)
	}
	switch {
	case !o.link.open && !o.clock.damaged:
		return false, fmt.Errorf("%w: the Ogg data has no Opus stream; a page of it begins with %q", models.ErrFormat,
			page.body[:min(openingBytes, len(page.body))])
	case !o.link.open || page.serial != o.link.serial || !o.inOrder(page):
		return false, nil
	}
	return true, nil
}

// headLost reports whether a page is the second one of a link whose first page was lost to damage: what that page said is needed for nothing else.
func (o *Ogg) headLost(page oggPage) bool {
	return bytes.HasPrefix(page.body, opusTags) && (!o.link.open || o.clock.damaged)
}

// first looks at the first page of a logical stream. Such pages stand together before all others of their link (RFC 3533 section 4), so one that
// comes after others begins the next link of a chain.
func (o *Ogg) first(page oggPage) error {
	if o.link.data {
		o.link.data, o.link.chosen = false, false
	}
	if o.link.chosen || !bytes.HasPrefix(page.body, opusHead) {
		return nil
	}
	if _, err := ParseOpusHead(page.body); err != nil {
		return err
	}
	o.open(page)
	o.link.seq++
	return nil
}

// open begins reading the logical stream of a page. Its positions count from 0 again, while time goes on.
func (o *Ogg) open(page oggPage) {
	o.link.open, o.link.chosen = true, true
	o.link.serial, o.link.seq, o.link.late = page.serial, page.seq, 0
	o.clock.granule = 0
}

// inOrder checks a page's sequence number. It reports false for a page that comes too late, after one that it should precede: the time it holds was
// already passed over.
func (o *Ogg) inOrder(page oggPage) bool {
	ahead := int32(page.seq - o.link.seq)
	if ahead < 0 && page.granule <= o.clock.granule && o.link.late < maxLate {
		o.link.late++
		o.damage++
		return false
	}
	o.link.late = 0
	if ahead != 0 {
		o.packets.reset()
		o.hurt()
	}
	o.link.seq = page.seq + 1
	return true
}
