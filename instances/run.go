package instances

import (
	"log/slog"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/models"
)

// send sends what is due.
func (p *playback) send(now time.Time) time.Time {
	w := p.takeWanted()
	if w.shift > 0 {
		p.gap(w.outlet, w.shift)
	}
	if w.next != nil {
		p.replace(w.outlet, w.next)
	}
	if w.failed != nil {
		p.endFailed(w.failed)
		return time.Time{}
	}
	p.cutOff(w, now)
	p.readOn(w.outlet, w.frozen)
	if w.outlet == nil {
		p.videoOn.Store(p.hasVideo())
		return time.Time{}
	}
	var next time.Time
	if p.current != nil && w.frozen {
		w.outlet.finish()
	}
	if p.current != nil && !w.frozen {
		next = p.play(w.outlet, w.muted, now)
	}
	seen := p.hasVideo()
	p.videoOn.Store(seen)
	return earlier(next, w.outlet.idle(now, seen))
}

// cutOff ends the current stream if that was asked for, or cannot be helped, and goes on in its list.
func (p *playback) cutOff(w wanted, now time.Time) {
	var at time.Time
	var flows bool
	if s := p.current; s != nil && (w.over == s || s.broken.Load() != nil) {
		if !w.frozen && s.started {
			at, flows = p.boundary(s, now)
		}
		var err error
		if w.over == s {
			s.skipped = w.leaves
		} else {
			err = *s.broken.Load()
		}
		p.endAll(err)
	}
	if w.leaves && w.over == p.between {
		p.endList(nil, true)
	}
	if w.stale || w.changed && !p.stillFollows() {
		p.dropSuccession()
	}
	p.nextTrack(w.outlet, at, flows)
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// earlier returns the earlier of two times, of which the zero one is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// gap moves everything that is still to come by d: nothing was sent meanwhile, so the next packets begin a talk spurt.
func (p *playback) gap(out outlet, d time.Duration) {
	p.clock.Shift(d)
	if out != nil {
		out.shift(d)
	}
	if p.current == nil {
		return
	}
	for _, l := range p.current.legs {
		l.spurt = true
		l.since = l.since.Add(d) // a pause is no stall
	}
}

// replace puts s in the place of the current stream. When that is playing, the first frame of the new one is due when the next frame of the
// old one would have been: the timeline has no seam. When that has run dry or has not begun, the new one begins by itself.
func (p *playback) replace(out outlet, s *stream) {
	old := p.current
	if !p.fits(s) {
		if p.arrived(s) {
			s.settle(nil)
		} else {
			s.settle(errEnded)
		}
		s.close()
		return
	}
	p.dropSuccession()
	p.closeBetween()
	p.setCurrent(s)
	if old != nil {
		if old.flowing() {
			p.continueFrom(old)
		}
		if out != nil {
			out.finish()
		}
		p.endMissing(old, s)
		p.skip(old, s)
		old.close()
	}
	if s.request.track != nil && !s.request.continues {
		p.tellTrackStart(s)
	}
	p.endBroken(s)
	s.settle(nil)
}

// fits tells whether a stream may take the place of the current one: one that goes on with a source may not when that ended while it was being
// opened again, for the end was told; nor may a track that plays already.
func (p *playback) fits(s *stream) bool {
	if s.request.continues {
		return p.current != nil && p.current.request.track == s.request.track
	}
	return !p.arrived(s)
}

// arrived tells whether a list has come by itself to the track that Next, Previous or Jump asked for, while that was being opened for them.
func (p *playback) arrived(s *stream) bool {
	from, wanted := s.request.skipped, s.request.track
	if from == nil || p.current == nil || p.current.request.track == nil {
		return false
	}
	now := p.current.request.track
	return now != from && now.list == wanted.list && now.ID == wanted.ID
}

// setCurrent makes s, which the controls see already, what plays.
func (p *playback) setCurrent(s *stream) {
	p.current = s
	if s.shared {
		s.placed()
	}
}

// showLocked lets the controls see what is about to play, all at once: so a seek does not mix the old and the new, and what is asked of a list or of a track
// is asked of the one before or of this one.
func (p *playback) showLocked(s *stream) {
	t := s.request.track
	if t != nil && !s.request.continues {
		t.list.note(p, t.ID, false)
	}
	p.playing.Store(s)
	p.position.Store(s.timeline.Begin.Milliseconds())
	if t == nil {
		s = nil
	}
	p.listed.Store(s)
}

// continueFrom starts the current stream at the frame boundary of an older one: of its sound, if it has any.
func (p *playback) continueFrom(old *stream) {
	var at time.Time
	spurt := true
	for _, l := range old.legs {
		if l.flows() && (at.IsZero() || l.kind == models.Audio) {
			at = p.clock.Due(l.next, l.rate)
			spurt = l.kind != models.Audio || l.spurt
		}
	}
	if at.IsZero() { // nothing of the old one had begun
		return
	}
	p.startAt(at)
	for _, l := range p.current.legs {
		l.spurt = spurt
	}
}

// startAt makes the earliest first frame of the current stream due at the given time, or when the last packet of sound is over; the others keep their
// distance to it.
func (p *playback) startAt(at time.Time) {
	at = later(at, p.spoken)
	var first *leg
	for _, l := range p.current.legs {
		if !l.over && l.begin() && (first == nil || l.begins() < first.begins()) {
			first = l
		}
	}
	if first == nil { // nothing waits any more, or not yet: the next frame begins
		return
	}
	p.clock.Start(at, first.first, first.rate)
	p.current.begins = first.begins()
	p.current.started = true
}

// play sends what is due of every leg, ends legs that have no more, and returns when it wants to be called again.
func (p *playback) play(out outlet, muted bool, now time.Time) (next time.Time) {
	if !p.current.started {
		p.startAt(now)
	}
	p.rejoin(out, now)
	p.followSound(out, now)
	for _, l := range p.current.legs {
		switch {
		case l.over:
		case l.kind == models.Video:
			next = earlier(next, p.playVideo(out, l, now))
		default:
			next = earlier(next, p.playAudio(out, l, muted, now))
			if l.over && p.current.request.track != nil {
				next = now // the picture of a track ends with its sound
			}
		}
	}
	if p.current.ended() {
		at, flows := p.boundary(p.current, now)
		p.endStream()
		if p.nextTrack(out, at, flows); p.current != nil {
			return p.play(out, muted, now)
		}
		return time.Time{}
	}
	if p.current.request.track != nil && p.current.readThrough() {
		p.prepare(p.current)
	}
	if ahead := next.Sub(later(now, p.spoken)); ahead > maxAhead {
		p.log(slog.LevelWarn, "the source's times jump forward; going on without the wait", "jump", ahead.Round(time.Second))
		p.gap(out, -ahead)
		p.current.begins += ahead // the position does not jump
		return now
	}
	return next
}

// advance takes note that a frame has had its time.
func (p *playback) advance(l *leg, f demux.Frame) {
	l.begin()
	l.shown, l.next = f.PTS, f.PTS+f.Duration
	at := p.current.timeline.At(pacer.Duration(l.next, l.rate) - p.current.begins).Milliseconds()
	if l.kind == models.Audio || !p.current.sounding() && at > p.position.Load() {
		p.position.Store(at)
	}
}
