package ffmpeg

import (
	"context"
	"errors"
	"fmt"

	"gotgcall/models"
)

// Start runs a program. It lives until it ends by itself, is stopped, or ctx is cancelled, which stops it; Close stops it too.
//
// A program that cannot be started is ErrFFmpegSpawn wrapping the cause (such as fs.ErrNotExist or syscall.EMFILE); after Close it is
// ErrClosed. When ctx is already cancelled nothing is started and the error wraps ctx's cause. While there are Config.MaxProcesses children,
// Start waits for its turn, for 10 seconds at most: then it is ErrBusy.
func (r *Runner) Start(ctx context.Context, c Command) (*Process, error) {
	processes, err := r.StartAll(ctx, c)
	if err != nil {
		return nil, err
	}
	return processes[0], nil
}

// StartAll is Start for programs that belong together: it starts all of them, in order, or none. Where the number of children is limited it
// waits until there is room for all; more than the limit are ErrInvalidParams.
func (r *Runner) StartAll(ctx context.Context, commands ...Command) ([]*Process, error) {
	requests := make([]*request, len(commands))
	for i, c := range commands {
		switch {
		case r.isClosed():
			return nil, models.ErrClosed
		case ctx.Err() != nil:
			return nil, notStarted(ctx)
		}
		var err error
		if requests[i], err = r.newRequest(ctx, c); err != nil {
			return nil, err
		}
	}
	if err := r.room.take(ctx, r.closing, r.limits.room, len(commands)); err != nil {
		return nil, err
	}
	processes := make([]*Process, 0, len(commands))
	for i, req := range requests {
		p, err := r.start(ctx, req)
		if err != nil {
			r.room.give(len(commands) - i - 1) // those that nobody tried
			for _, p := range processes {
				p.Stop()
			}
			return nil, err
		}
		processes = append(processes, p)
	}
	return processes, nil
}

// start has a child made, for which there is room: leave gives that back.
func (r *Runner) start(ctx context.Context, req *request) (*Process, error) {
	if err := r.enter(); err != nil {
		r.room.give(1)
		return nil, err
	}
	select {
	case r.requests <- req:
	case <-ctx.Done():
		r.leave()
		return nil, notStarted(ctx)
	case <-r.closing:
		r.leave()
		return nil, models.ErrClosed
	}
	l := <-req.reply
	if l.err != nil {
		r.leave()
		return nil, l.err
	}

	p := newProcess(r, req, l)
	r.mu.Lock()
	r.procs[p] = struct{}{}
	closed := r.closed
	r.mu.Unlock()
	p.run(ctx)
	if closed { // Close has not seen p
		p.stop(models.ErrClosed)
		return nil, models.ErrClosed
	}
	return p, nil
}

// errNotStarted: the context of a Start ended before the program was started.
var errNotStarted = errors.New("ffmpeg: not started")

func notStarted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", errNotStarted, context.Cause(ctx))
}
