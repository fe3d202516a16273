package instances

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gotgcall/internal/pacer"
	"gotgcall/models"
)

// playback is what a call plays: idle → opening → playing ⇄ paused → ended. The controls (controls.go) say what is wanted; the scheduler's
// goroutine (run.go) does it. A stream that is opened becomes the next one, and takes the current one's place at a frame boundary.
type playback struct {
	// set at construction
	chat   int64
	env    *Environment
	format format
	life   context.Context // the call's
	entry  *pacer.Entry

	// owned by the scheduler's goroutine
	clock     *pacer.Timeline
	current   *stream
	between   *stream   // the track of a list that is over, while the next one is not there yet
	spoken    time.Time // until when the last packet of sound lasts: what follows, of whatever stream, may not begin before
	stumbled  bool      // the last Run has panicked
	accounted uint64    // of the dropped pictures, those that were dropped here or warned about

	background sync.WaitGroup // openings, and warnings on their way to the log

	position atomic.Int64 // milliseconds of media pushed from the current source
	videoOn  atomic.Bool  // the current source has a picture that is not over
	playing  atomic.Pointer[stream]
	listed   atomic.Pointer[stream] // playing or, of a list, the one before what is to come

	audio, video counters

	mu         sync.Mutex
	outlet     outlet      // nil while there is no connection
	live       bool        // the outlet takes the media; before it only keeps itself going
	opening    *opening    // the newest SetStreamSources, while it opens
	journey    *journey    // the newest move, until it has returned
	next       *stream     // opened, waits for the scheduler
	over       *stream     // sought beyond one of its ends: it ends as if by itself
	leaves     bool        // and the list that it is of ends with it
	changed    bool        // the list that plays has changed
	stale      bool        // what was opened to follow has not the options that are wanted by now
	succession *succession // of the track that plays, from shortly before its end
	streams    []*stream   // not yet closed, for Stop
	muted      bool
	paused     bool
	frozenAt   time.Time     // since when the media stands still, because of a pause or for want of a connection
	shift      time.Duration // such times that the timeline has not seen yet
	failed     error         // the connection is lost: what plays ends with this
	halted     error         // the call was stopped: nothing plays any more, and nobody is told of what ends
}

func newPlayback(life context.Context, chat int64, env *Environment, f format) *playback {
	now := time.Now()
	p := &playback{chat: chat, env: env, format: f, life: life, clock: pacer.NewTimeline(now), frozenAt: now}
	p.entry = env.Scheduler.Add(p)
	return p
}

// setSource opens a source and puts it in the place of the current one. It returns when that has happened, or with the reason why not;
// then nothing has changed. A later call makes an earlier one that is still opening fail with errSuperseded.
func (p *playback) setSource(ctx context.Context, r request) error {
	r.host = p
	if list, ok := r.source.(*Playlist); ok {
		return p.setPlaylist(ctx, list, r)
	}
	_, err := p.put(ctx, r)
	return err
}

// put opens what is requested and puts it in the place of the current source. lost says that the error is not the source's.
func (p *playback) put(ctx context.Context, r request) (lost bool, err error) {
	o := p.newOpening(ctx)
	defer o.end()
	p.mu.Lock()
	err = p.unusableLocked()
	if err == nil && r.skipped != nil {
		err = p.stillPlaysLocked(r.track.list)
	}
	if err != nil {
		p.mu.Unlock()
		return true, err
	}
	p.beginLocked(o)
	p.mu.Unlock()
	defer p.background.Done()
	err = p.open(o, r)
	return p.life.Err() != nil || ctx.Err() != nil || errors.Is(err, errSuperseded) || errors.Is(err, models.ErrNotConnected), err
}

// beginLocked makes o the newest opening.
func (p *playback) beginLocked(o *opening) {
	if p.opening != nil {
		p.opening.cancel(errSuperseded)
		if p.opening.follows {
			p.succession = nil
		}
	}
	p.opening = o
	p.background.Add(1)
}

// open does the work of the newest opening.
func (p *playback) open(o *opening, r request) error {
	var err error
	s := p.takePrepared(o, r)
	if s == nil {
		s, err = openStream(p.life, o.ctx, p.env, r, p.entry.Wake, p.track)
	}
	if err != nil {
		p.mu.Lock()
		if p.opening == o {
			p.opening = nil
		}
		p.mu.Unlock()
		p.entry.Wake() // for the next track of a list, which this one kept from being opened
		return err
	}
	if err := p.install(o, s); err != nil {
		s.close()
		return err
	}
	p.entry.Wake()
	select {
	case <-s.settled:
		if s.unplaced != nil {
			return orCause(p.life, s.unplaced)
		}
		return nil
	case <-p.life.Done():
		return context.Cause(p.life)
	}
}

// track remembers a stream until it is closed, for Stop.
func (p *playback) track(s *stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.streams = append(slices.DeleteFunc(p.streams, func(s *stream) bool { return isClosed(s.closed) }), s)
}

// install makes an opened stream the next one.
func (p *playback) install(o *opening, s *stream) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opening != o {
		return cmp.Or(p.unusableLocked(), errSuperseded)
	}
	p.opening = nil
	if err := p.unusableLocked(); err != nil {
		return err
	}
	if p.next != nil {
		p.next.settle(errSuperseded)
		p.next.close()
	}
	p.next = s
	return nil
}

// isClosed tells whether what a channel stands for has happened.
func isClosed(happened <-chan struct{}) bool {
	select {
	case <-happened:
		return true
	default:
		return false
	}
}

func (p *playback) unusableLocked() error {
	switch {
	case p.halted != nil:
		return p.halted
	case p.failed != nil:
		return fmt.Errorf("%w: %w", models.ErrNotConnected, p.failed)
	}
	return nil
}

// closeStreams closes what there is and returns it.
func (p *playback) closeStreams() []*stream {
	p.mu.Lock()
	streams := slices.Clone(p.streams)
	p.next = nil
	p.mu.Unlock()
	for _, s := range streams {
		s.close()
	}
	return streams
}

// halt ends all sending. When it has returned no event comes any more: so it precedes the end of the call's context, which is an error to whoever reads or
// opens. cause is what those get who want to play something afterwards.
func (p *playback) halt(cause error) {
	p.mu.Lock()
	p.halted = cmp.Or(p.halted, cause)
	p.mu.Unlock()
	p.entry.Remove()
}

// close ends what is left after halt and the end of the call's context. The returned function waits until processes and readers are gone.
func (p *playback) close() (wait func()) {
	p.closeStreams()
	return func() {
		p.background.Wait() // then no stream comes any more
		for _, s := range p.closeStreams() {
			<-s.closed
		}
	}
}
