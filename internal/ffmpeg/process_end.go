package ffmpeg

import (
	"fmt"
	"io"
	"time"

	"gotgcall/models"
)

// supervise waits for the program's end, kills what it left in its group, and makes the result known.
func (p *Process) supervise() {
	p.child.await()
	p.child.kill() // before the pid is given up: helpers that hold the pipes
	st := p.child.reap()
	close(p.exited)
	if p.input != nil {
		p.input.file.Close() // a descendant that left the group may hold the other end
	}
	for _, o := range p.outputs {
		_ = o.file.SetReadDeadline(time.Now()) // wakes the reader, which knows what an exit means
	}
	p.stderr.endBy(time.Now().Add(p.runner.limits.quiet))
	<-p.stderr.done

	p.finish(st)
	close(p.done)
	p.release()
	p.runner.leave()
}

// finish records how the program ended.
func (p *Process) finish(st status) {
	exit := &ExitError{Program: p.title, Code: st.code, Signal: st.signal, Stderr: p.Stderr(), cause: st.err}
	exit.Limit = reached(p.allowed, st, exit.Stderr)
	p.mu.Lock()
	exit.told = p.hung != ""
	p.ended = true
	if p.alarm != nil {
		p.alarm.Stop()
	}
	switch {
	case p.cause != nil:
		p.err = p.stopErrorLocked()
	case st.ok():
	case p.hung != "":
		p.err = fmt.Errorf("%w: %s %s: %w", models.ErrFFmpegCrashed, p.title, p.hung, exit)
	default:
		p.err = fmt.Errorf("%w: %w", models.ErrFFmpegCrashed, exit)
	}
	stopped := p.cause != nil
	p.mu.Unlock()
	p.runner.log.Debug("program ended", "program", p.title, "pid", p.Pid(), "code", st.code, "signal", st.signal,
		"stopped", stopped, "duration", time.Since(p.started))
}

// release lets go of the context and the Runner when nothing is left to be stopped.
func (p *Process) release() {
	p.mu.Lock()
	free := p.ended && (p.cause != nil || p.open == 0)
	p.mu.Unlock()
	if free {
		p.detach()
		p.runner.forget(p)
	}
}

// verdict is the error at the end of an output whose writers are gone: it waits until the program's own end is known.
func (p *Process) verdict() error {
	timer := time.NewTimer(p.runner.limits.exit)
	defer timer.Stop()
	limit := timer.C
	for killed := false; ; {
		select {
		case <-p.done:
			return p.endError()
		case <-p.stopped:
			return p.stopError()
		case <-limit:
		}
		switch {
		case killed:
			return fmt.Errorf("%w: %s closed its output, did not exit within %v, and the system does not end it (pid %d)",
				models.ErrFFmpegCrashed, p.title, p.runner.limits.exit, p.Pid())
		case p.busy(): // this output it has ended by itself
			return io.EOF
		case p.isFinishing():
			limit = nil // Finish ends it in time
		default:
			p.giveUp(fmt.Sprintf("closed its output but did not exit within %v", p.runner.limits.exit))
			killed = true
			timer.Reset(p.runner.limits.kill)
		}
	}
}

// busy reports whether the program has other pipes to serve: an output that it has not closed, or an input that may still bring something.
func (p *Process) busy() bool {
	p.mu.Lock()
	outputs := p.open
	p.mu.Unlock()
	return outputs > 0 || p.input != nil && p.input.open()
}

func (p *Process) isFinishing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.finishers > 0
}

// endError is Err for readers: io.EOF at the natural end.
func (p *Process) endError() error {
	if err := p.Err(); err != nil {
		return err
	}
	return io.EOF
}

func (p *Process) stopError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopErrorLocked()
}
