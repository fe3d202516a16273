package instances

import (
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/models"
)

// followSound moves the timeline when the sound is late, before any leg looks at it.
func (p *playback) followSound(out outlet, now time.Time) {
	if !p.current.started {
		return
	}
	for _, l := range p.current.legs {
		if l.kind != models.Audio || l.over {
			continue
		}
		if f, ok, _, _ := l.queue.peek(); ok {
			p.follow(out, l, f, now)
		}
	}
}

// follow moves the timeline when the next packet of sound is late: after a hiccup of the source by a little more than the delay, or a live source would
// run dry again at once; after a long sleep of the machine by the whole of it, so that there is no burst. So it does when the packet would begin in the
// one that was sent last: where the picture was there first, it has been taken for the beginning.
func (p *playback) follow(out outlet, l *leg, f demux.Frame, now time.Time) {
	if !l.begun {
		p.current.begins = min(p.current.begins, pacer.Duration(f.PTS, l.rate))
	}
	due := p.clock.Due(f.PTS, l.rate)
	at := later(due, p.spoken)
	switch late := now.Sub(due); {
	case l.starved && late > 0:
		at = later(at, now.Add(rebuffer))
	case late > maxLate:
		at = later(at, now)
	}
	if at.After(due) {
		p.gap(out, at.Sub(due))
	}
	l.starved = false
}

// playAudio sends the packets of the audio leg that are due and returns when the next one is; the zero time when the leg is over.
func (p *playback) playAudio(out outlet, l *leg, muted bool, now time.Time) time.Time {
	for {
		f, ok, ended, err := l.queue.peek()
		if !ok {
			return p.idleLeg(l, ended, err, now)
		}
		if !p.current.started { // it has come since then
			return now
		}
		p.follow(out, l, f, now) // it may have come since the legs were looked at
		due := p.clock.Due(f.PTS, l.rate)
		if due.After(now) {
			return due
		}
		if f.PTS > l.next {
			l.spurt = true // the source left something out
		}
		p.advance(l, f)
		out.audio(l, f, muted, due, now)
		p.spoken = due.Add(pacer.Duration(f.Duration, l.rate))
		if muted {
			p.audio.muted.Add(1)
		} else {
			p.audio.count(len(f.Data), now)
		}
		l.queue.pop(f)
	}
}
