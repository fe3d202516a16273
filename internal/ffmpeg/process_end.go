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
	p.mu.Lock()
	p.ended = true
	if p.alarm != nil {
		p.alarm.Stop()
	}
	switch {
	case p.cause != nil:
		p.err = p.stopErrorLocked()
	case p.hung:
		p.err = fmt.Errorf("%w: %s closed its output but did not exit within %v: %w", models.ErrFFmpegCrashed, p.title, p.runner.limits.exit, exit)
	case !st.ok():
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
	select {
	case <-p.done:
		return p.endError()
	case <-p.stopped:
		return p.stopError()
	case <-timer.C:
	}

	p.mu.Lock()
	busy := p.open > 0
	p.hung = p.hung || !busy
	p.mu.Unlock()
	if busy { // with its other output; this one it has ended by itself
		return io.EOF
	}
	p.kill()
	timer.Reset(p.runner.limits.kill)
	select {
	case <-p.done:
		return p.endError()
	case <-p.stopped:
		return p.stopError()
	case <-timer.C:
		return fmt.Errorf("%w: %s closed its output, did not exit within %v, and the system does not end it (pid %d)",
			models.ErrFFmpegCrashed, p.title, p.runner.limits.exit, p.Pid())
	}
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
