package instances

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"gotgcall/models"
)

// together is how close the ends of sound and picture are when they count as one: then the picture's is reported first.
const together = 250 * time.Millisecond

// idleLeg deals with an empty queue: the end comes when the last frame has had its time; a reader that is behind has until the stall limit.
// It returns when to look again, the zero time when the leg is over.
func (p *playback) idleLeg(l *leg, ended bool, err error, now time.Time) time.Time {
	due, limit := p.clock.Due(l.next, l.rate), p.env.Patience.stall()
	switch {
	case ended && !l.queue.had() && !l.owed && (err == nil || p.current.shared): // the source does not have it
		l.over, l.absent = true, true
		l.finished.Store(true)
		return time.Time{}
	case ended && p.sightEnds(l):
		p.endLeg(l, err)
		return time.Time{}
	case l.begun && due.After(now):
		return due
	case p.untangles():
		return now.Add(untangleInterval)
	case ended && p.revives(l, err):
		p.starve(l, now)
		return now.Add(untangleInterval)
	case ended:
		if wait := p.pictureEnds(l); wait.After(now) && p.current.request.track == nil {
			return wait
		}
		p.endLeg(l, p.current.inVain(err))
		return time.Time{}
	case !l.starved:
		p.starve(l, now)
	case p.current.interactive, p.current.shared: // a shared source has its limit in its hub
		return now.Add(reportInterval)
	case now.Sub(l.since) < limit:
	case p.current.otherFlows(l): // a picture may stand still as long as the sound plays
		return now.Add(reportInterval)
	case p.revives(l, models.ErrStalled):
		return now.Add(untangleInterval)
	default:
		err = fmt.Errorf("%w: nothing came for %s; the network or the program behind the source hangs", models.ErrStalled, limit)
		p.endLeg(l, p.current.inVain(err))
		return time.Time{}
	}
	return l.since.Add(limit)
}

// starve takes note that a leg has nothing to play when it should.
func (p *playback) starve(l *leg, now time.Time) {
	if l.starved {
		return
	}
	l.starved, l.since = true, now
	p.counters(l.kind).gaps.Add(1)
}

// untangleInterval is how often a stream that is opened again looks for its successor.
const untangleInterval = time.Second

// untangles tells whether the current stream is tangled and is being opened again; its legs do not end meanwhile.
func (p *playback) untangles() bool {
	s := p.current
	if !s.request.canUntangle() || !s.tangled() {
		return false
	}
	if !s.reopening.Load() {
		p.untangle(s, time.Duration(p.position.Load())*time.Millisecond)
	}
	return true
}

// pictureEnds returns when the picture is over, if that is so soon after the sound of leg l that both end together; else the zero time.
func (p *playback) pictureEnds(l *leg) time.Time {
	for _, v := range p.current.legs {
		if v == l || v.over || v.kind != models.Video || !v.begun {
			continue
		}
		level, ended, _ := v.queue.level()
		end := p.clock.Due(v.next+level, v.rate)
		if ended && end.Sub(p.clock.Due(l.next, l.rate)) <= together {
			return end
		}
	}
	return time.Time{}
}

// endMissing ends the legs that the successor of a stream does not have, though it is of the same source: they do not come any more. Of those that it may
// still have it is told later.
func (p *playback) endMissing(old, successor *stream) {
	if !successor.request.continues {
		return
	}
	for _, l := range old.legs {
		switch {
		case l.over || !l.owed && !l.begin():
		case successor.has(l.kind):
			successor.owe(l.kind)
		default:
			p.endLeg(l, successor.takeBroken(l.kind))
		}
	}
}

// endBroken reports the legs of a new stream that are broken from the start. One that the source does not have is no news.
func (p *playback) endBroken(s *stream) {
	for _, l := range s.legs {
		if err := s.takeBroken(l.kind); err != nil {
			p.endLeg(l, err)
		}
	}
}

// takeBroken returns, once, why the leg of that kind never had anything to play; nil when the source just does not have it.
func (s *stream) takeBroken(kind models.StreamType) error {
	for _, l := range s.legs {
		if err := l.broken; l.kind == kind && err != nil {
			l.broken = nil
			if !errors.Is(err, errEmpty) {
				return err
			}
		}
	}
	return nil
}

// endLeg ends one leg and says so. Who is told finds the state as it is then.
func (p *playback) endLeg(l *leg, err error) {
	l.over = true
	l.finished.Store(true)
	p.counters(l.kind).ended.Store(&ending{at: time.Now(), err: err})
	seen := p.hasVideo()
	stopped := p.videoOn.Swap(seen) && !seen
	if p.current.request.track != nil { // the end of the track tells it, and that of the list
		l.broken = err
		stopped = stopped && p.current.sounding()
	} else if !p.current.unheard {
		p.env.Events.StreamEnd(p.chat, l.kind, l.device, err)
	}
	if stopped {
		p.mu.Lock()
		p.upgradeLocked()
		p.mu.Unlock()
	}
}

// endAll ends every leg that is not over.
func (p *playback) endAll(err error) {
	if p.current == nil {
		return
	}
	for _, l := range p.current.legs {
		if !l.over {
			p.endLeg(l, err)
		}
	}
	p.endStream()
}

// endFailed ends what plays, and its list, because the call has failed.
func (p *playback) endFailed(err error) {
	passed := p.current == nil
	if s := cmp.Or(p.current, p.between); s != nil {
		s.unheard = s.request.caller.hears(err)
	}
	p.endAll(err)
	p.endList(err, passed)
}

// endStream takes away the current stream, all of whose legs are over.
func (p *playback) endStream() {
	s := p.current
	p.current = nil
	p.playing.Store(nil)
	p.entry.Wake() // for what waits to take its place, and cannot any more
	if s.request.track == nil {
		s.close()
		return
	}
	p.between = s
	p.tellTrackEnd(s)
}
