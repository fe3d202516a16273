package instances

import (
	"errors"
	"fmt"

	"gotgcall/media"
	"gotgcall/models"
)

// errEnded says that a source was over before what was asked of it was there.
var errEnded = fmt.Errorf("%w: the source ended before the new position was there", models.ErrNoSource)

// errNextPlays says that what a change came too late for is over, and the next track of its list plays already.
var errNextPlays = errors.New("gotgcall: the next track plays")

// bequeath is what becomes of other options that come too late for a stream: its end comes as it would have, and they hold for the tracks that follow it
// in its list.
func (p *playback) bequeath(from *stream, o media.EncodeOptions) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.entry.Wake() // for the next track, which this kept from being opened
	t, now := from.request.track, p.listed.Load()
	switch {
	case t == nil || now == nil || now.request.track.list != t.list: // nothing follows, or something else
		return nil
	case now.request.track != t:
		return errNextPlays
	}
	now.bequest.Store(&o)
	p.stale = true
	return nil
}

// wish is the stream's request with the options that are wanted by now.
func (s *stream) wish() request {
	r := s.request
	if o := s.bequest.Load(); o != nil {
		r.options = *o
	}
	return r
}
