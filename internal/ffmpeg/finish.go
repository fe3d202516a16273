package ffmpeg

import (
	"fmt"
	"time"

	"gotgcall/models"
)

// Finish ends a program that reads the polite way: it closes the input and waits until the program has exited, for timeout at most, then
// kills it and its group. It returns nil when the program exited by itself with 0, and otherwise what Err says: a killed one is
// models.ErrFFmpegCrashed with an *ExitError. It returns 1.5 seconds after timeout at the latest, and may be called more than once.
//
// Finish reads no output. Who reads one goes on reading and gets all of it; where nobody is at it, what the pipe holds is kept for a later
// Read, so that nothing has to be stopped after Finish. A program that waits for somebody to read what it writes does not exit.
func (p *Process) Finish(timeout time.Duration) error {
	p.finishing(1)
	defer p.finishing(-1)
	if p.input != nil {
		p.input.Close()
	}
	if !p.endsWithin(timeout) {
		p.giveUp(fmt.Sprintf("did not exit within %v after the end of its input", timeout))
		if !p.diesWithin(p.runner.limits.kill) {
			p.stop(nil)
			return fmt.Errorf("%w: %s did not exit within %v after the end of its input, and the system does not end it (pid %d)",
				models.ErrFFmpegCrashed, p.title, timeout, p.Pid())
		}
	}
	for _, o := range p.outputs {
		o.settle()
	}
	return p.Err()
}

// finishing counts the calls of Finish that are under way.
func (p *Process) finishing(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finishers += n
}

// giveUp kills a program that should have exited by itself. The first reason counts.
func (p *Process) giveUp(reason string) {
	p.mu.Lock()
	if p.hung == "" {
		p.hung = reason
	}
	p.mu.Unlock()
	p.kill()
}

// endsWithin waits for the program's end as long as it is not stopped, and reports whether that came in time.
func (p *Process) endsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-p.stopped:
	case <-timer.C:
	}
	return isClosed(p.done)
}

// diesWithin waits for the end of a killed program, and reports whether that came in time.
func (p *Process) diesWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	return isClosed(p.done)
}
