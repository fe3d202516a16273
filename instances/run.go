package instances

import (
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/internal/rtc"
)

// wanted is what the controls have asked for, as one Run sees it.
type wanted struct {
	next   *stream
	muted  bool
	paused bool
	shift  time.Duration
	failed error
}

func (p *playback) takeWanted() wanted {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := wanted{next: p.next, muted: p.muted, paused: p.paused, failed: p.failed}
	p.next = nil
	if !p.paused {
		w.shift, p.shift = p.shift, 0
	}
	return w
}

// Run implements pacer.Task: it sends what is due.
func (p *playback) Run(now time.Time) time.Time {
	w := p.takeWanted()
	if w.shift > 0 {
		p.gap(w.shift)
	}
	if w.next != nil {
		p.replace(w.next)
	}
	if p.current == nil {
		return time.Time{}
	}
	if w.failed != nil {
		p.endAll(w.failed)
		return time.Time{}
	}
	link := p.outlet.Load()
	if link == nil || w.paused {
		return time.Time{}
	}
	if !p.current.started {
		p.startAt(now)
	}
	return p.play(link, w.muted, now)
}

// gap moves everything that is still to come by d: nothing was sent meanwhile, so the next packets begin a talk spurt.
func (p *playback) gap(d time.Duration) {
	p.clock.Shift(d)
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
func (p *playback) replace(s *stream) {
	old := p.current
	p.current = s
	p.position.Store(0)
	if old != nil {
		if old.flowing() {
			p.continueFrom(old)
		}
		old.close()
	}
	s.settle()
}

// continueFrom starts the current stream at the frame boundary of an older one.
func (p *playback) continueFrom(old *stream) {
	var at time.Time
	for _, l := range old.legs {
		if due := p.clock.Due(l.next, l.rate); !l.over && (at.IsZero() || due.Before(at)) {
			at = due
		}
	}
	p.startAt(at)
	for _, l := range p.current.legs {
		l.spurt = false
	}
}

// startAt makes the earliest first frame of the current stream due at the given time; the others keep their distance to it.
func (p *playback) startAt(at time.Time) {
	var first *leg
	for _, l := range p.current.legs {
		if !l.over && (first == nil || pacer.Duration(l.first, l.rate) < pacer.Duration(first.first, first.rate)) {
			first = l
		}
	}
	p.clock.Start(at, first.first, first.rate)
	p.current.started = true
}

// play sends what is due of every leg, ends legs that have no more, and returns when it wants to be called again.
func (p *playback) play(link *rtc.Link, muted bool, now time.Time) (next time.Time) {
	for _, l := range p.current.legs {
		if l.over {
			continue
		}
		if at := p.playLeg(link, l, muted, now); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if p.current.ended() {
		p.current.close()
		p.current = nil
		return time.Time{}
	}
	return next
}

// playLeg sends the frames of one leg that are due and returns when the next one is; the zero time when the leg is over.
func (p *playback) playLeg(link *rtc.Link, l *leg, muted bool, now time.Time) time.Time {
	for {
		f, ok, ended, err := l.queue.peek()
		if !ok {
			return p.idleLeg(l, ended, err, now)
		}
		due := p.clock.Due(f.PTS, l.rate)
		if due.After(now) {
			return due
		}
		if late := now.Sub(due); l.starved || late > maxLate {
			p.gap(late)
			l.starved = false
		}
		p.send(link, l, f, muted, now)
		l.queue.pop()
	}
}

// idleLeg deals with an empty queue: the end comes when the last frame has been heard; a reader that is behind has until the stall limit.
func (p *playback) idleLeg(l *leg, ended bool, err error, now time.Time) time.Time {
	due := p.clock.Due(l.next, l.rate)
	switch {
	case due.After(now):
		return due
	case ended:
		p.endLeg(l, err)
		return time.Time{}
	case !l.starved:
		l.starved, l.since = true, now
	case now.Sub(l.since) >= stallTimeout:
		p.endLeg(l, stalled())
		return time.Time{}
	}
	return l.since.Add(stallTimeout)
}

// send writes one frame, and the Sender Report of its leg when it is time.
func (p *playback) send(link *rtc.Link, l *leg, f demux.Frame, muted bool, now time.Time) {
	l.next = f.PTS + f.Duration
	p.position.Store(pacer.Duration(l.next-l.first, l.rate).Milliseconds())
	if muted {
		l.spurt = true
		return
	}
	base := link.BaseTime(l.kind)
	// An error is a full socket buffer or a missing route: the packet is lost, as on any network, and the stream goes on.
	_ = link.WriteAudio(p.clock.RTP(base, f.PTS, l.rate), l.spurt, audioLevel(f.Data), f.Data)
	l.spurt = false
	if now.Sub(l.reported) >= reportInterval {
		l.reported = now
		_ = link.Report(l.kind, p.clock.Wall(now), p.clock.RTPAt(base, now, l.rate))
	}
}

// audioLevel tells silence from sound by the packet's size: an Opus packet of one or two bytes carries none (RFC 6716 §3.2.1, DTX).
func audioLevel(packet []byte) rtc.AudioLevel {
	const dtx = 2
	if len(packet) <= dtx {
		return rtc.Silence
	}
	return rtc.Voice
}

// endLeg ends one leg and says so.
func (p *playback) endLeg(l *leg, err error) {
	l.over = true
	p.env.Events.StreamEnd(p.chat, l.kind, l.device, err)
}

// endAll ends every leg that is not over.
func (p *playback) endAll(err error) {
	for _, l := range p.current.legs {
		if !l.over {
			p.endLeg(l, err)
		}
	}
	p.current.close()
	p.current = nil
}
