package instances

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"gotgcall/internal/guard"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// move is how a source is opened again while it plays: elsewhere, or in another way.
type move struct {
	by     time.Duration              // for a seek
	change func(*media.EncodeOptions) // nil for a seek
	live   bool                       // the change makes sense for a live source too
}

// adjustLead is how much later than where it is now a source is opened again with other options: until then the old one goes on, so that the
// new one takes over at its very place.
const adjustLead = 500 * time.Millisecond

// journey is a move on its way. A later one begins with what it was to bring about, and decides how both end.
type journey struct {
	heir *journey // guarded by playback.mu; nil while there is none
	done chan struct{}
	err  error // written before done is closed
}

// move opens the current source again. What plays goes on until the new one has its first frame. A seek beyond either end ends the source.
func (p *playback) move(ctx context.Context, m move) error {
	j := &journey{done: make(chan struct{})}
	defer close(j.done)
	j.err = p.travel(ctx, m, j)
	for errors.Is(j.err, errNextPlays) {
		j.err = p.travel(ctx, m, j)
	}
	p.mu.Lock()
	if p.journey == j {
		p.journey = nil
	}
	heir := j.heir
	p.mu.Unlock()
	if heir != nil && errors.Is(j.err, errSuperseded) {
		select {
		case <-heir.done:
			j.err = heir.err
		case <-ctx.Done():
			j.err = context.Cause(ctx)
		}
	}
	return j.err
}

// travel is move, as far as no other one takes over.
func (p *playback) travel(ctx context.Context, m move, j *journey) error {
	o := p.newOpening(ctx)
	defer o.end()
	from, err := p.beginMove(o, m, j)
	if err != nil {
		return err
	}
	defer p.background.Done()
	var watch sync.WaitGroup
	defer watch.Wait()
	defer o.end()
	if o.seeks.offset >= 0 {
		if m.change == nil {
			watch.Go(func() { p.watchLive(o) })
		}
		err = p.open(o, *o.seeks)
		switch {
		case m.change != nil && (errors.Is(err, errEnded) || errors.Is(err, errEmpty) && from.readThrough()):
			return p.bequeath(from, o.seeks.options)
		case m.change != nil || !errors.Is(err, errEmpty):
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opening == o {
		p.opening = nil
	}
	p.over = from
	p.entry.Wake()
	return nil
}

// liveAfter is how long a new position is waited for before it is asked whether the source is live. That is not asked at once, for it costs a process.
const liveAfter = 2 * time.Second

// watchLive is a goroutine beside a seek that takes long: a radio over HTTP that does not say that it is one looks like a file, and its new position
// would never come.
func (p *playback) watchLive(o *opening) {
	timer := time.NewTimer(liveAfter)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-o.ctx.Done():
		return
	}
	ctx := media.WithOptions(p.env.opening(o.ctx, o.seeks.source), o.seeks.options)
	var info media.MediaInfo
	err := guard.Logged(p.env.Logger, "probing a source", func() (err error) {
		info, err = media.Probe(ctx, o.seeks.source)
		return err
	})
	if err == nil && info.Live {
		o.cancel(fmt.Errorf("%w: its server does not tell how long it is, and the new position does not come: it is live", models.ErrSeekUnsupported))
	}
}

// beginMove decides where a move goes, and makes it the newest opening. It begins with what an earlier one that is still on its way will be.
func (p *playback) beginMove(o *opening, m move, j *journey) (from *stream, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.unusableLocked(); err != nil {
		return nil, err
	}
	from = p.playing.Load()
	at := time.Duration(p.position.Load()) * time.Millisecond
	pending := p.opening != nil && !p.opening.follows
	if p.next != nil {
		from, at = p.next, p.next.timeline.Begin
	}
	switch {
	case pending && p.opening.seeks == nil, p.next != nil && !p.next.request.continues:
		return nil, fmt.Errorf("%w: another source is being opened; try again when it plays", models.ErrBusy)
	case from == nil:
		return nil, fmt.Errorf("%w: set a source first, or again after its end", models.ErrNoSource)
	}
	r := from.wish()
	if pending {
		r, at = *p.opening.seeks, p.opening.seeks.offset
	}
	r.live, r.after = from.onAir(), nil
	_, seekable := r.seekable()
	if m.change != nil && r.commands() {
		return nil, fmt.Errorf("%w, nor opened again in another way: commands play what they say: put a filter into them, such as -af volume=0.5", models.ErrSeekUnsupported)
	}
	if !seekable && !(m.live && r.live) {
		return nil, fmt.Errorf("%w, nor opened again in another way: it is live, or a command, a reader, Shared, or a Source without OpenAt", models.ErrSeekUnsupported)
	}
	waits := r.enters > 0 // what is on its way has the lead already
	r.continues, r.offset, r.enters = true, sum(at, m.by), 0
	if m.change != nil {
		m.change(&r.options)
		switch {
		case p.frozenLocked() && waits:
			r.offset = time.Duration(p.position.Load()) * time.Millisecond
		case p.frozenLocked() || !seekable:
		case !waits && !pending && p.next == nil:
			r.offset += time.Duration(float64(adjustLead) * from.timeline.Speed)
			r.enters = r.offset
		case waits:
			r.enters = r.offset
		}
	}
	o.seeks = &r
	if p.journey != nil && p.journey != j {
		p.journey.heir = j
	}
	p.journey = j
	p.beginLocked(o)
	return from, nil
}

// enters tells whether it is time for a stream to take the place of the current one.
func (p *playback) enters(s *stream) bool {
	if p.current == nil || !p.current.flowing() {
		return true
	}
	late := p.lateFor(s)
	return late == 0 || late > 0 && s.reaches(late)
}

// lateFor returns how much the current stream has played of what s begins with, because opening that took long; less than zero means that it is
// not there yet.
func (p *playback) lateFor(s *stream) time.Duration {
	if s.request.enters == 0 {
		return 0
	}
	return time.Duration(float64(time.Duration(p.position.Load())*time.Millisecond-s.request.enters) / s.timeline.Speed)
}

// reaches tells whether the legs have been read up to a time after their beginning, or as far as they are read ahead.
func (s *stream) reaches(d time.Duration) bool {
	for _, l := range s.legs {
		if level, ended, _ := l.queue.level(); !ended && level < min(pacer.Ticks(d+lookInterval, l.rate), l.queue.limit) {
			return false
		}
	}
	return true
}

// overtake drops from the beginning of a stream what the current one has played already. A coded picture cannot be shortened.
func (p *playback) overtake(s *stream) {
	late := p.lateFor(s)
	if late <= 0 || p.current == nil || !p.format.raw && s.has(models.Video) {
		return
	}
	var skipped time.Duration
	for _, l := range s.legs {
		skipped = max(skipped, l.skip(late))
	}
	s.timeline.Begin += time.Duration(float64(skipped) * s.timeline.Speed)
}

// sum adds without overflow.
func sum(a, b time.Duration) time.Duration {
	switch c := a + b; {
	case b > 0 && c < a:
		return math.MaxInt64
	case b < 0 && c > a:
		return math.MinInt64
	default:
		return c
	}
}
