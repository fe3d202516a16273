package instances

import (
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

// since returns the frames as one sees them who comes in when sound begins: a picture that is there already begins with it, one that is long gone, with
// the track that it was of, does not come again.
func (p *past) since(sound past) []demux.Frame {
	if len(sound.frames) == 0 {
		return p.frames
	}
	begin := pacer.Ticks(pacer.Duration(sound.frames[0].PTS, sound.rate), p.rate)
	var seen []demux.Frame
	for _, f := range p.frames {
		before := begin - f.PTS
		if pacer.Duration(before-f.Duration, p.rate) > sharedCushion {
			continue
		}
		if before > 0 {
			f.PTS, f.Duration = begin, max(1, f.Duration-before)
		}
		seen = append(seen, f)
	}
	return seen
}
