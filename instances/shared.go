package instances

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// Shared is a Source that any number of calls play at once, for the price of one: it is opened and encoded once. It runs like a radio: who comes
// later joins where it is, and so does who comes back from a pause. It is opened when the first call plays it, with that call's options, and closed when
// the last one has left; after its end it begins anew.
type Shared struct {
	// set at construction
	source media.Source

	mu      sync.Mutex
	hubs    map[hubKey]*hub // what plays it
	leaving chan struct{}   // closed when the hubs that were left have let go of the source; nil when none was
}

// hubKey is what the calls of one hub have in common: with uncompressed pictures their size and rate.
type hubKey struct {
	raw                bool
	width, height, fps int
}

func keyOf(r request) hubKey {
	if !r.host.format.raw {
		return hubKey{}
	}
	return hubKey{raw: true, width: r.options.VideoWidth, height: r.options.VideoHeight, fps: r.options.VideoFPS}
}

// NewShared returns a Source that many calls can play at once.
func NewShared(source media.Source) *Shared {
	return &Shared{source: source, hubs: map[hubKey]*hub{}}
}

// String names the source that is shared, without its secrets.
func (s *Shared) String() string { return "Shared, " + describe(s.source) }

// Tracks implements media.Source.
func (s *Shared) Tracks() media.Track { return s.source.Tracks() }

// Open returns ErrInvalidParams: the calls share it among themselves, and not with another Source around it.
func (s *Shared) Open(context.Context) (*media.Streams, error) {
	return nil, fmt.Errorf("%w: a Shared source is played by SetStreamSources itself, and not by another Source: give it as it is", models.ErrInvalidParams)
}

const (
	// sharedCushion is how far behind the newest frame a call begins to play: what the calls' wake-ups and that of the source may differ by.
	sharedCushion = 100 * time.Millisecond
	// sharedKept is how far behind it a call may fall: what is older is dropped.
	sharedKept = 500 * time.Millisecond
)

// join opens the source, if it is the first to do so, and returns a stream of what it gives from now on.
// track remembers the stream as soon as there is one.
func (s *Shared) join(
	ctx context.Context, env *Environment, r request, wake func(), cancel context.CancelCauseFunc, track func(*stream),
) (*stream, error) {
	h, early, err := s.enter(env, r)
	if err != nil {
		return nil, err
	}
	select {
	case <-h.ready:
		if err = h.err; err != nil && early {
			r.host.tellFailed(h.early) // nobody changes them any more
		}
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		r.host.background.Go(s.exit(h)) // may have to wait for a user's Source
		return nil, err
	}
	t := h.tap(r, wake)
	t.cancel, t.placed = cancel, func() { h.hears(t, early) }
	t.opened = media.NewStreams(nil, nil, func() error {
		h.remove(t)
		s.exit(h)()
		return nil
	})
	track(t)
	if err := t.awaitCushion(ctx); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// enter returns the hub that plays the source for calls of one kind, counted in. early tells that it is still being opened, or is from now on.
func (s *Shared) enter(env *Environment, r request) (h *hub, early bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h = s.hubs[keyOf(r)]
	early = h == nil || !isClosed(h.ready)
	if h == nil {
		h = newHub(s, env.base, r)
		s.hubs[h.key] = h
		leaving := s.leaving
		go func() {
			defer close(h.ready)
			await(leaving)
			if h.err = h.play.setSource(h.life, request{source: s.source, options: r.options}); h.err != nil {
				s.forget(h)
			}
		}()
	}
	if h.env != env.base {
		return nil, false, fmt.Errorf("%w: the shared source is being played by another Client; make one for each", models.ErrBusy)
	}
	h.members++
	return h, early, nil
}

// forget lets the next call open the source anew.
func (s *Shared) forget(h *hub) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetLocked(h)
}

func (s *Shared) forgetLocked(h *hub) {
	if s.hubs[h.key] == h {
		delete(s.hubs, h.key)
	}
}

// exit counts a call out. After the last one the source is at an end, and who opens it anew gets what it held; the returned function waits until it is gone.
func (s *Shared) exit(h *hub) (wait func()) {
	left := s.leave(h)
	if left == nil {
		return func() {}
	}
	h.play.halt(errStreamClosed)
	h.end(errStreamClosed)
	left()
	return func() {
		wait := h.play.close()
		<-h.ready
		wait()
	}
}

// leave counts a call out. After the last one nobody joins any more, and who opens the source anew waits until the returned function was called, which is nil
// for all others.
func (s *Shared) leave(h *hub) (left func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.members--; h.members > 0 {
		return nil
	}
	s.forgetLocked(h)
	return inTurn(&s.leaving)
}

// awaitCushion waits until a tap has enough to begin, or its end.
func (s *stream) awaitCushion(ctx context.Context) error {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for waited := time.Duration(0); ; waited += lookInterval {
		enough, over, err := s.cushion(waited > sharedCushion)
		switch {
		case enough:
			return nil
		case err != nil:
			return err
		case over && s.legs[len(s.legs)-1].queue.count() == 0:
			return fmt.Errorf("%w, in %s", errEmpty, s.name)
		case over:
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// cushion tells whether a tap has enough to begin, whether nothing more comes, and why. A program that talks may have nothing to say for long: of that a
// packet is enough. A picture that lasts is not enough once the sound, which is the last leg, has begun to come; waited tells that it has had its time for that.
func (s *stream) cushion(waited bool) (enough, over bool, err error) {
	over = true
	for _, l := range s.legs {
		level, ended, why := l.queue.level()
		full := pacer.Duration(level, l.rate) >= sharedCushion || s.interactive && level > 0
		if full || level > 0 && !ended && !waited {
			enough = full
		}
		over, err = over && ended, cmp.Or(err, why)
	}
	return enough, over, err
}

// rejoin takes a call that has fallen too far behind a shared source, or waits for what comes much later, back to where that is. What it leaves out
// does not count for its position.
func (p *playback) rejoin(out outlet, now time.Time) {
	s := p.current
	if !s.shared || !s.started {
		return
	}
	for _, l := range s.legs {
		f, ok, _, _ := l.queue.peek()
		if !ok || !l.begun {
			continue
		}
		if !l.queue.dropped() && p.clock.Due(f.PTS, l.rate).Sub(now) <= 2*sharedCushion {
			return
		}
		for _, o := range s.legs {
			o.queue.trim(pacer.Ticks(sharedCushion, o.rate))
		}
		if f, ok, _, _ = l.queue.peek(); ok {
			p.gap(out, later(now, p.spoken).Sub(p.clock.Due(f.PTS, l.rate)))
			s.begins += pacer.Duration(f.PTS-l.next, l.rate)
		}
		return
	}
}
