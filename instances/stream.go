package instances

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// request says what to open, and how.
type request struct {
	format   format
	leftOut  *atomic.Uint64 // counts the pictures that ffmpeg leaves out to keep up
	source   media.Source
	options  media.EncodeOptions
	offset   time.Duration // where to begin; more than 0 only for a SeekableSource
	separate bool          // a process for each leg
	// continues: it takes the place of a stream of the same source, whose legs it does not have end with it.
	continues bool
}

// open opens the source. The timeline says which moments of the media its frames are.
func (r request) open(ctx context.Context) (opened *media.Streams, timeline media.Timeline, err error) {
	if r.separate {
		ctx = media.WithSeparateLegs(ctx)
	}
	ctx = media.CountLeftOut(media.WithOptions(ctx, r.options), r.leftOut)
	if r.format.raw {
		ctx = media.WithRaw(ctx)
	}
	if opened, err = r.openSource(ctx); err != nil || opened == nil {
		return nil, timeline, err
	}
	timeline, ok := media.TimelineOf(opened)
	if !ok {
		timeline = media.Timeline{Begin: r.offset, Speed: 1}
	}
	if r.format.raw {
		opened = media.Raw(ctx, opened, r.options)
	}
	return opened, timeline, nil
}

func (r request) openSource(ctx context.Context) (*media.Streams, error) {
	if seekable, ok := r.source.(media.SeekableSource); ok && r.offset > 0 {
		return seekable.OpenAt(ctx, r.offset)
	}
	return r.source.Open(ctx)
}

// canUntangle tells whether opening the source again, with a process for each leg and at another position, can help.
func (r request) canUntangle() bool {
	_, seekable := r.source.(media.SeekableSource)
	_, shells := r.source.(*media.MultiShellSource) // has a process for each leg already
	return seekable && !shells && !r.separate
}

// stream is an opened source: its legs are reading ahead.
type stream struct {
	// set at construction
	request  request
	opened   *media.Streams
	timeline media.Timeline
	name     string // of the source, as Stats shows it
	// interactive: fed by a program while it plays
	interactive bool
	legs        []*leg // video before audio: the order of their ends
	cancel      context.CancelCauseFunc

	readers  sync.WaitGroup
	settling sync.Once
	settled  chan struct{} // closed when the stream has taken its place, or never will
	unplaced error         // why it never will; written before settled is closed
	closing  sync.Once
	closed   chan struct{} // closed when the process and the readers are gone

	untangling atomic.Bool           // it is being opened again
	broken     atomic.Pointer[error] // why that failed

	// owned by the scheduler's goroutine
	started bool
	begins  time.Duration // PTS of the earliest first frame
}

// errStreamClosed is the cause that ends a stream's context.
var errStreamClosed = errors.New("gotgcall: the stream was closed")

// openStream opens a source and waits until it can play: until each leg has its first frame or has ended, and one has a frame. life is the
// call's context, and the stream's; opening ends when ctx does, with ctx's cause. wake is called when a leg gets going again, track
// as soon as there is something to be closed.
func openStream(
	life, ctx context.Context, env *Environment, r request, wake func(), track func(*stream),
) (*stream, error) {
	life, cancel := context.WithCancelCause(life)
	release := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	s, err := startStream(media.WithRunner(life, env.Runner), ctx, r, wake)
	if err == nil {
		s.cancel = cancel
		track(s)
		err = s.awaitFirst(ctx)
	}
	if !release() && err == nil { // ctx ended at this very moment and took the stream with it
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel(errStreamClosed)
		if s != nil {
			s.close()
		}
		return nil, err
	}
	return s, nil
}

// startStream calls Open on a goroutine of its own: a user's Source may ignore its context, and then its late result is closed unseen.
func startStream(life, ctx context.Context, r request, wake func()) (*stream, error) {
	type result struct {
		opened   *media.Streams
		timeline media.Timeline
		err      error
	}
	results := make(chan result)
	go func() {
		opened, timeline, err := r.open(life)
		select {
		case results <- result{opened, timeline, err}:
		case <-ctx.Done():
			if err == nil && opened != nil {
				_ = opened.Close()
			}
		}
	}()
	select {
	case got := <-results:
		if got.err != nil {
			return nil, orCause(ctx, got.err)
		}
		return newStream(life, r, got.opened, got.timeline, wake)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func newStream(life context.Context, r request, opened *media.Streams, timeline media.Timeline, wake func()) (*stream, error) {
	s := &stream{request: r, opened: opened, timeline: timeline, name: media.Describe(r.source), settled: make(chan struct{}), closed: make(chan struct{})}
	if opened == nil {
		return nil, fmt.Errorf("%w: the source's Open returned neither streams nor an error", models.ErrFile)
	}
	s.legs = r.format.legs(opened)
	switch len(s.legs) {
	case 0:
		_ = opened.Close()
		return nil, fmt.Errorf("%w: the source has neither sound nor picture", models.ErrFile)
	case 2:
		s.legs[0].queue.other, s.legs[1].queue.other = s.legs[1].queue, s.legs[0].queue
		s.legs[0].queue.tangles, s.legs[1].queue.tangles = r.canUntangle(), r.canUntangle()
	}
	if opened.Interactive() {
		s.interact(wake)
	}
	for _, l := range s.legs {
		s.readers.Go(func() { l.read(life, wake) })
	}
	return s, nil
}

// interactiveAhead is how far the sound of a program that talks is read ahead: so much later is heard what it says.
const interactiveAhead = 100 * time.Millisecond

// interact prepares for a source that a program feeds while it plays: little is read ahead, silence is no stall, and it may be interrupted.
func (s *stream) interact(wake func()) {
	s.interactive = true
	for _, l := range s.legs {
		l.queue.limit = pacer.Ticks(interactiveAhead, l.rate)
	}
	s.opened.OnClear(func() {
		for _, l := range s.legs {
			l.queue.clear()
		}
		wake()
	})
}

// lookInterval is how often awaitFirst looks whether one leg has enough to begin without the other.
const lookInterval = 20 * time.Millisecond

// awaitFirst waits until the stream can begin: until every leg has its first frame, or has ended without one. A leg whose media begins
// later is not waited for once the other one has read as far ahead as it should.
func (s *stream) awaitFirst(ctx context.Context) error {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for _, l := range s.legs {
		for !l.isReady() && !s.oneIsFull() {
			select {
			case <-l.ready:
			case <-ticker.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	var failed, empty error
	playable := false
	for _, l := range s.legs {
		err := l.failure()
		switch {
		case err == nil:
			playable = playable || l.isReady()
			continue
		case errors.Is(err, errEmpty):
			empty = errors.Join(empty, err)
		default:
			failed = errors.Join(failed, err)
		}
		l.over, l.broken = true, err
	}
	switch {
	case playable:
		return nil
	case failed != nil: // what broke is the reason, not what the source does not have
		return orCause(ctx, failed)
	default:
		return orCause(ctx, empty)
	}
}

// oneIsFull tells whether a leg has read as far ahead as it should.
func (s *stream) oneIsFull() bool {
	for _, l := range s.legs {
		if level, _, _ := l.queue.level(); level >= l.queue.limit {
			return true
		}
	}
	return false
}

// orCause prefers the reason why ctx ended to the error that this made.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// settle tells the SetStreamSources that waits that its stream has taken its place, or why it never will.
func (s *stream) settle(unplaced error) {
	s.settling.Do(func() {
		s.unplaced = unplaced
		close(s.settled)
	})
}

// close ends the stream. It does not wait, for a user's Source may hang in its Close; closed tells when all is gone.
func (s *stream) close() {
	s.settle(errStreamClosed)
	s.closing.Do(func() {
		s.cancel(errStreamClosed)
		go func() {
			_ = s.opened.Close()
			s.readers.Wait()
			close(s.closed)
		}()
	})
}

// ended tells whether nothing is left to play.
func (s *stream) ended() bool {
	for _, l := range s.legs {
		if !l.over {
			return false
		}
	}
	return true
}

// has tells whether the stream has a leg of that kind to play.
func (s *stream) has(kind models.StreamType) bool {
	for _, l := range s.legs {
		if l.kind == kind && !l.over {
			return true
		}
	}
	return false
}

// flowing tells whether the stream is in the middle of playing.
func (s *stream) flowing() bool {
	for _, l := range s.legs {
		if !l.over && l.starved {
			return false
		}
	}
	return s.started && !s.ended()
}

// tangled tells whether a leg has given up reading because the other one had nothing for too long.
func (s *stream) tangled() bool {
	for _, l := range s.legs {
		if _, _, err := l.queue.level(); errors.Is(err, errTangled) {
			return true
		}
	}
	return false
}

// sounding tells whether the sound is playing: then it sets the time, and the picture follows.
func (s *stream) sounding() bool {
	for _, l := range s.legs {
		if l.kind == models.Audio {
			return l.begun && !l.over && !l.starved
		}
	}
	return false
}

// otherFlows tells whether another leg than l is playing.
func (s *stream) otherFlows(l *leg) bool {
	for _, o := range s.legs {
		if o != l && !o.over && !o.starved {
			return true
		}
	}
	return false
}

// opening is one SetStreamSources on its way: its context ends after openTimeout, with the caller's context, when a newer source comes, and
// when the call stops.
type opening struct {
	// set by who begins it
	seeks *request // where a seek goes; nil for a new source

	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	unlink func() bool
}

// errSuperseded is what an opening ends with when a newer one came.
var errSuperseded = fmt.Errorf("gotgcall: another source or position of this chat was asked for later and won: %w", context.Canceled)

func newOpening(life, caller context.Context) *opening {
	ctx, cancel := context.WithCancelCause(life)
	o := &opening{ctx: ctx, cancel: cancel}
	o.timer = time.AfterFunc(openTimeout, func() {
		cancel(fmt.Errorf("%w: nothing playable within %s; check that the address answers and the file is not a pipe nobody writes to",
			models.ErrSourceTimeout, openTimeout))
	})
	o.unlink = context.AfterFunc(caller, func() { cancel(context.Cause(caller)) })
	return o
}

// end releases what the opening holds.
func (o *opening) end() {
	o.timer.Stop()
	o.unlink()
	o.cancel(context.Canceled)
}
