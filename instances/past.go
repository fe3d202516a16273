package instances

import (
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
)

// past is the newest of what a hub has handed on, of one kind: with that a call that joins begins.
type past struct {
	rate   int
	frames []demux.Frame
}

// add takes note of a frame. What is older than sharedCushion goes, but never the last frame, however long it lasts.
func (p *past) add(f demux.Frame) {
	p.frames = append(p.frames, f)
	for len(p.frames) > 1 && pacer.Duration(f.PTS+f.Duration-p.frames[0].PTS, p.rate) > sharedCushion {
		p.frames = p.frames[1:]
	}
}

// span returns from when to when the frames last; both are 0 when there are none.
func (p *past) span() (begin, end time.Duration) {
	if len(p.frames) == 0 {
		return 0, 0
	}
	last := p.frames[len(p.frames)-1]
	return pacer.Duration(p.frames[0].PTS, p.rate), pacer.Duration(last.PTS+last.Duration, p.rate)
}

// since returns the frames as one sees them who comes in at a moment: a picture that is there already begins with it, one that is long gone, with the
// track that it was of, does not come again. Each has a time of its own: to a receiver, what has the same one is the same picture.
func (p *past) since(moment time.Duration) (seen []demux.Frame) {
	begin := pacer.Ticks(moment, p.rate)
	for _, f := range p.frames {
		end := f.PTS + f.Duration
		if pacer.Duration(begin-end, p.rate) > sharedCushion {
			continue
		}
		if f.PTS < begin {
			f.PTS, f.Duration = begin, max(1, end-begin)
		}
		begin = f.PTS + 1
		seen = append(seen, f)
	}
	return seen
}
