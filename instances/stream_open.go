package instances

import (
	"context"
	"fmt"
	"log/slog"

	"gotgcall/internal/guard"
	"gotgcall/media"
	"gotgcall/models"
)

// openStream opens a source and waits until it can play: until each leg has its first frame or has ended, and one has a frame. life is the
// call's context, and the stream's; opening ends when ctx does, with ctx's cause. wake is called when a leg gets going again, track
// as soon as there is something to be closed.
func openStream(
	life, ctx context.Context, env *Environment, r request, wake func(), track func(*stream),
) (*stream, error) {
	if err := r.claim(); err != nil {
		return nil, err
	}
	defer r.release() // what was opened has a claim of its own
	before := r.after
	r.after = nil // the stream keeps nothing of the one before
	life, cancel := context.WithCancelCause(life)
	release := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	var s *stream
	var err error
	if shared, ok := r.source.(*Shared); ok {
		s, err = shared.join(ctx, env, r, wake, cancel, track)
	} else if s, err = startStream(env.opening(life, r.source), ctx, r, wake); err == nil {
		s.cancel = cancel
		track(s)
		if err = s.awaitFirst(ctx); err == nil {
			err = s.goesOn(ctx, before)
		}
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
	results, liveness := make(chan result), media.NewLiveness()
	go func() {
		var got result
		got.err = guard.Logged(r.host.env.Logger, "opening a source", func() (err error) {
			got.opened, got.timeline, err = r.open(life, liveness)
			return err
		})
		select {
		case results <- got:
		case <-ctx.Done():
			if got.err == nil && got.opened != nil {
				closeOpened(r.host.env.Logger, got.opened)
			}
		}
	}()
	select {
	case got := <-results:
		if got.err != nil {
			return nil, orCause(ctx, orCause(life, got.err)) // life may end first, by which the source was told
		}
		return newStream(life, r, got.opened, got.timeline, liveness, wake)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func newStream(
	life context.Context, r request, opened *media.Streams, timeline media.Timeline, liveness *media.Liveness, wake func(),
) (*stream, error) {
	s := &stream{
		request: r, opened: opened, timeline: timeline, liveness: liveness, name: describe(r.source),
		settled: make(chan struct{}), closed: make(chan struct{}),
	}
	if opened == nil {
		return nil, fmt.Errorf("%w: the source's Open returned neither streams nor an error", models.ErrFile)
	}
	s.legs = r.host.format.legs(opened, r.track != nil)
	switch len(s.legs) {
	case 0:
		closeOpened(r.host.env.Logger, opened)
		return nil, fmt.Errorf("%w: the source has neither sound nor picture", models.ErrFile)
	case 2:
		s.legs[0].queue.other, s.legs[1].queue.other = s.legs[1].queue, s.legs[0].queue
		s.legs[0].queue.tangles, s.legs[1].queue.tangles = r.canUntangle(), r.canUntangle()
	}
	s.claimed()
	if opened.Interactive() {
		s.interact(wake)
	}
	for _, l := range s.legs {
		s.readers.Go(func() { l.read(life, r.host.env.Logger, wake) })
	}
	return s, nil
}

// closeOpened closes what a source has opened. Its error is no news: what plays has ended, or was never heard.
func closeOpened(log *slog.Logger, opened *media.Streams) {
	_ = guard.Logged(log, "closing a source", opened.Close)
}
