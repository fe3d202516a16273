package instances

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

const (
	// liveTries is how often a live source that stalls or breaks off is opened again before that is its end.
	liveTries = 3
	// liveHealthy is how long it has to have played so that they are counted anew.
	liveHealthy = time.Minute
)

// liveWaits lie before the tries, in fifths of the stall limit: 0, 2 and 8 s. So long a server takes that starts anew.
var liveWaits = [liveTries]int{0, 1, 4}

// revivable tells whether the stream is of a source that can be opened again where it is at that moment, and has ended, or stands still, for a reason
// that this may mend.
func (s *stream) revivable(why error) bool {
	return (errors.Is(why, models.ErrStalled) || media.BrokeOff(why)) && (media.IsLive(s.request.source) || s.nature() >= media.Endless)
}

// revives tells whether the current stream is a live one that has stalled, or broken off, and is opened again: what hangs may be one connection, or one
// ffmpeg, and not the broadcast. Its legs do not end meanwhile. l is the leg that has nothing more to play.
func (p *playback) revives(l *leg, why error) bool {
	s := p.current
	if !s.revivable(why) {
		return false
	}
	if s.reopening.Load() {
		return true
	}
	if s.stalls == 0 && pacer.Duration(l.next, l.rate)-s.begins < liveHealthy {
		s.stalls = s.request.stalls
	}
	if vain := s.vain.Load(); s.stalls == liveTries || vain != nil && errors.Is(*vain, errNotLive) {
		return false
	}
	r := s.request
	r.offset, r.live, r.stalls, r.after = time.Duration(p.position.Load())*time.Millisecond, true, s.stalls+1, s.intro()
	if p.reopen(s, r, time.Duration(liveWaits[s.stalls])*p.env.Patience.stall()/5, func(err error) {
		s.vain.Store(&err)
		s.reopening.Store(false)
		p.env.Logger.Warn("a live source cannot be opened again", "chat", p.chat, "source", s.name, "error", err)
	}) {
		s.stalls++
		p.log(slog.LevelWarn, "a live source stands still or has broken off: opening it again", "reason", why, "try", s.stalls, "of", liveTries)
	}
	return true
}

// inVain is why a leg ends, with what became of the last try to open its source again.
func (s *stream) inVain(why error) error {
	if vain := s.vain.Load(); vain != nil && s.revivable(why) {
		return fmt.Errorf("%w; opening it again has failed: %w", why, *vain)
	}
	return why
}

// errNotLive says that what looked like a live source is none.
var errNotLive = fmt.Errorf("%w: it is no live source", models.ErrFile)

// goesOn returns an error when a stream that was opened again does not go on with what was played before, but begins again: a song whose server does
// not tell its length looks like a radio. The sound of such a one begins as it did before.
func (s *stream) goesOn(ctx context.Context, before *intro) error {
	if before == nil || media.IsLive(s.request.source) {
		return nil
	}
	select {
	case <-s.liveness.Known():
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	switch {
	case s.nature().Live():
		return nil
	case s.nature() == media.Finite:
		return fmt.Errorf("%w any more: it has a length now", errNotLive)
	}
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for !s.introduced(before) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if before.same(s.intro()) {
		return fmt.Errorf("%w: it begins at its beginning again", errNotLive)
	}
	return nil
}

// introduced tells whether as much of the sound has been read as is known of the stream before, or as there is.
func (s *stream) introduced(before *intro) bool {
	for _, l := range s.legs {
		if level, ended, _ := l.queue.level(); l.kind == models.Audio && !ended && level < l.queue.limit {
			return l.intro.known.Load() >= before.known.Load()
		}
	}
	return true
}

// intro returns how the sound of the stream began.
func (s *stream) intro() *intro {
	for _, l := range s.legs {
		if l.kind == models.Audio {
			return &l.intro
		}
	}
	return &intro{}
}

// introFrames is how many frames an intro has: a second of sound.
const introFrames = 50

// introSeed is of the hashes of an intro.
var introSeed = maphash.MakeSeed()

// intro is how the sound of a stream began. The reader of a leg writes it, anyone may look at it.
type intro struct {
	frames [introFrames]uint64
	known  atomic.Int32 // so many of them are written
}

// add takes note of a frame.
func (i *intro) add(f demux.Frame) {
	if n := i.known.Load(); n < introFrames {
		i.frames[n] = maphash.Bytes(introSeed, f.Data)
		i.known.Store(n + 1)
	}
}

// same tells whether two streams began with the same, as far as that is known of both. Of nothing it is not.
func (i *intro) same(o *intro) bool {
	n := min(i.known.Load(), o.known.Load())
	return n > 0 && slices.Equal(i.frames[:n], o.frames[:n])
}
