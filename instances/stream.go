package instances

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gotgcall/media"
	"gotgcall/models"
)

// stream is an opened source: its legs are reading ahead.
type stream struct {
	// set at construction
	opened *media.Streams
	legs   []*leg // video before audio: the order of their ends
	cancel context.CancelCauseFunc

	readers  sync.WaitGroup
	settling sync.Once
	settled  chan struct{} // closed when the stream has taken its place, or never will
	closing  sync.Once
	closed   chan struct{} // closed when the process and the readers are gone

	// owned by the scheduler's goroutine
	started bool
}

// errStreamClosed is the cause that ends a stream's context.
var errStreamClosed = errors.New("gotgcall: the stream was closed")

// openStream opens a source and waits until it can play: until each leg has its first frame or has ended, and one has a frame. life is the
// call's context, and the stream's; opening ends when ctx does, with ctx's cause. wake is called when a leg gets going again.
func openStream(
	life, ctx context.Context, env *Environment, source media.Source, options media.EncodeOptions, wake func(),
) (*stream, error) {
	life, cancel := context.WithCancelCause(life)
	release := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	s, err := startStream(life, ctx, env, source, options, wake)
	if err == nil {
		s.cancel = cancel
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
func startStream(
	life, ctx context.Context, env *Environment, source media.Source, options media.EncodeOptions, wake func(),
) (*stream, error) {
	life = media.WithOptions(media.WithRunner(life, env.Runner), options)
	type result struct {
		opened *media.Streams
		err    error
	}
	results := make(chan result)
	go func() {
		opened, err := source.Open(life)
		select {
		case results <- result{opened, err}:
		case <-ctx.Done():
			if err == nil && opened != nil {
				_ = opened.Close()
			}
		}
	}()
	select {
	case r := <-results:
		if r.err != nil {
			return nil, orCause(ctx, r.err)
		}
		return newStream(life, r.opened, wake)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func newStream(life context.Context, opened *media.Streams, wake func()) (*stream, error) {
	s := &stream{opened: opened, settled: make(chan struct{}), closed: make(chan struct{})}
	if opened == nil || opened.Audio == nil {
		if opened != nil {
			_ = opened.Close()
		}
		return nil, fmt.Errorf("%w: the source's Open returned no audio stream", models.ErrFile)
	}
	s.legs = append(s.legs, newAudioLeg(opened.Audio))
	for _, l := range s.legs {
		s.readers.Go(func() { l.read(life, wake) })
	}
	return s, nil
}

// awaitFirst waits for the first frame of every leg.
func (s *stream) awaitFirst(ctx context.Context) error {
	var failed error
	playable := false
	for _, l := range s.legs {
		select {
		case <-l.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := l.failure(); err != nil {
			failed = errors.Join(failed, err)
			l.over = true
			continue
		}
		playable = true
	}
	if !playable {
		return orCause(ctx, failed)
	}
	return nil
}

// orCause prefers the reason why ctx ended to the error that this made.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// settle tells the SetStreamSources that waits that its stream has taken its place, or never will.
func (s *stream) settle() {
	s.settling.Do(func() { close(s.settled) })
}

// close ends the stream. It does not wait, for a user's Source may hang in its Close; closed tells when all is gone.
func (s *stream) close() {
	s.settle()
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

// flowing tells whether the stream is in the middle of playing.
func (s *stream) flowing() bool {
	for _, l := range s.legs {
		if !l.over && l.starved {
			return false
		}
	}
	return s.started && !s.ended()
}

// opening is one SetStreamSources on its way: its context ends after openTimeout, with the caller's context, when a newer source comes, and
// when the call stops.
type opening struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	unlink func() bool
}

// errSuperseded is what an opening ends with when a newer SetStreamSources came.
var errSuperseded = fmt.Errorf("gotgcall: another SetStreamSources of this chat came later and won: %w", context.Canceled)

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
