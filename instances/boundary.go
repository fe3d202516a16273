package instances

import (
	"cmp"
	"time"

	"gotgcall/internal/pacer"
	"gotgcall/models"
)

// boundary returns when the next track is due: when the sound ends, or the picture that is longer. flows tells that the sound of the next one
// follows without a gap. When that moment is long ago, the zero time stands for now.
func (p *playback) boundary(s *stream, now time.Time) (at time.Time, flows bool) {
	for _, l := range s.legs {
		if !l.begun {
			continue
		}
		switch end := p.clock.Due(l.next, l.rate); {
		case l.kind == models.Audio:
			if at.IsZero() || !p.clock.Due(l.shown, l.rate).After(end) {
				at, flows = end, !l.spurt
			}
		case at.IsZero() || p.clock.Due(l.shown, l.rate).After(at):
			at, flows = end, false
		}
	}
	if at.IsZero() || now.Sub(at) > maxLate {
		return time.Time{}, false
	}
	return at, flows
}

// nextTrack goes on with what follows the track that is over, if that is there already.
func (p *playback) nextTrack(out outlet, at time.Time, flows bool) {
	if p.between == nil {
		return
	}
	n := p.takeSuccession(p.between)
	switch {
	case n == nil:
		p.prepare(p.between)
	case n.next == nil:
		p.tellFailed(n.failed)
		p.endList(nil, true)
	default:
		if out != nil {
			out.finish()
		}
		p.enter(n.next)
		if !at.IsZero() {
			p.startAt(at)
			for _, l := range n.next.legs {
				l.spurt = !flows
			}
		}
	}
}

// enter makes a stream of a list the current one and says which track begins.
func (p *playback) enter(s *stream) {
	p.closeBetween()
	p.setCurrent(s)
	p.tellTrackStart(s)
	p.endBroken(s)
	s.settle(nil)
}

// closeBetween closes the track that is over: another one plays, or none is to come. Until then it keeps its list from being played elsewhere.
func (p *playback) closeBetween() {
	if p.between != nil {
		p.between.close()
		p.between = nil
	}
}

// endList ends the list whose last track is over, with an event for each leg of that: with its own error if err is nil. passed tells that it was not
// interrupted: set again, the list begins behind it. It does nothing while a track plays.
func (p *playback) endList(err error, passed bool) {
	s := p.between
	if s == nil {
		return
	}
	s.request.track.list.note(p, s.request.track.ID, passed) // as long as nobody else can play it
	p.listed.Store(nil)
	p.closeBetween()
	p.dropSuccession()
	for _, l := range s.legs {
		if !l.absent && !s.unheard {
			p.env.Events.StreamEnd(p.chat, l.kind, l.device, cmp.Or(err, l.broken))
		}
	}
}

// skip tells that a track ends because another one of its list was asked for.
func (p *playback) skip(old, s *stream) {
	if t := old.request.track; t != nil && s.request.track != nil && t.list == s.request.track.list && !s.request.continues {
		old.skipped = true
		p.tellTrackEnd(old)
	}
}

func (p *playback) tellTrackStart(s *stream) {
	p.tellFailed(s.request.failed)
	p.env.Events.TrackStart(p.chat, s.request.track.PlaylistTrack)
}

func (p *playback) tellTrackEnd(s *stream) {
	var err error
	for _, l := range s.legs {
		err = cmp.Or(err, l.broken)
	}
	if s.skipped {
		err = models.ErrSkipped
	}
	p.env.Events.TrackEnd(p.chat, s.request.track.PlaylistTrack, err)
}

func (p *playback) tellFailed(failed []trackEnd) {
	for _, f := range failed {
		p.env.Events.TrackEnd(p.chat, f.track, f.err)
	}
}

// sightEnds tells whether a picture of a list has nothing more to show while or after the sound plays: it ends with the sound, however long its last
// frame is to be seen.
func (p *playback) sightEnds(l *leg) bool {
	if l.kind != models.Video || p.current.request.track == nil {
		return false
	}
	for _, o := range p.current.legs {
		if o.kind == models.Audio && o.begun {
			return o.over && pacer.Duration(l.shown, l.rate) <= pacer.Duration(o.next, o.rate)
		}
	}
	return false
}
