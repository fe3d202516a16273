package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"gotgcall/models"
)

// Process is a program that was started. It must be stopped, even after it has ended, unless Finish has returned or its outputs were read
// to their end and its input, if it has one, was closed. Its methods are safe for concurrent use, but each output has one reader.
type Process struct {
	// Set at construction.
	runner   *Runner
	child    child
	title    string // the program's name
	redactor *redactor
	allowed  models.ProcessLimits
	input    *input // nil when the Command did not ask for it
	outputs  []*output
	stderr   *tail
	started  time.Time
	detach   func() bool   // ends the watch on the context; set by run
	stopped  chan struct{} // closed by the first stop
	exited   chan struct{} // closed when the program has ended: what the pipes hold is all there will be
	done     chan struct{} // closed when the program was reaped and all is known about its end

	// mu guards the rest.
	mu        sync.Mutex
	cause     error       // of the stop; nil while it was not stopped
	open      int         // outputs whose end was not seen
	finishers int         // calls of Finish under way: they decide how long it may live
	hung      string      // what it did not do, and was killed for
	alarm     *time.Timer // warns of a killed child that does not die
	ended     bool        // err is final
	err       error
}

func newProcess(r *Runner, req *request, l launched) *Process {
	p := &Process{
		runner:   r,
		child:    l.child,
		title:    req.title(),
		redactor: req.redactor,
		allowed:  req.spec.limits,
		stderr:   newTail(l.stderr, req.notes, r.echo(req, l)),
		started:  time.Now(),
		stopped:  make(chan struct{}),
		exited:   make(chan struct{}),
		done:     make(chan struct{}),
		open:     len(l.outputs),
	}
	if l.input != nil {
		p.input = newInput(p, l.input)
	}
	for _, f := range l.outputs {
		p.outputs = append(p.outputs, &output{process: p, file: f, room: 2 * max(pipeSize, req.pipeSize)}) // a size is rounded up to a power of two
	}
	if r.log.Enabled(req.ctx, slog.LevelDebug) {
		r.log.Debug("program started", "program", req.spec.path, "pid", p.Pid(), "args", p.redactor.args(req.spec.args[1:]))
	}
	return p
}

// echo is what logs the child's stderr, nil where it is not logged.
func (r *Runner) echo(req *request, l launched) *echo {
	if r.stderr == nil {
		return nil
	}
	return &echo{log: r.stderr.With("program", req.title(), "pid", l.child.pid()), redactor: req.redactor}
}

// run begins the supervision: two goroutines, one that drains stderr and one that waits for the exit. Both end with the program.
func (p *Process) run(ctx context.Context) {
	p.detach = context.AfterFunc(ctx, func() { p.stop(context.Cause(ctx)) })
	go p.stderr.drain()
	go p.supervise()
}

// Pid returns the program's process id, which is also the id of its group.
func (p *Process) Pid() int { return p.child.pid() }

// Output returns what the program writes: 0 is its stdout, 1 its descriptor 3. It panics for an output the Command did not ask for.
//
// All that was written is there to be read at any pace, also after the program has ended. Read at the end waits for the exit status, for
// 5 seconds at most, then the program is killed. It gives io.EOF when the program exited with 0, an error that is models.ErrFFmpegCrashed
// and carries an *ExitError when it ended otherwise, and one that is os.ErrClosed after a stop. An output that its program closes while
// it goes on with the other one, or with its input, ends with io.EOF. While Finish waits, Read at the end leaves the kill to it.
func (p *Process) Output(i int) io.Reader { return p.outputs[i] }

// Input returns what the program reads as its stdin. It panics when the Command did not ask for it.
//
// Write blocks while the pipe is full, until the program reads on, closes its stdin, ends or is stopped, or Close is called. After a stop
// and after Close its error is os.ErrClosed. Otherwise the program reads no more: the error is that of Err (models.ErrFFmpegCrashed with
// an *ExitError) when the program ended badly within a second, and syscall.EPIPE when it exited with 0 or goes on without its stdin.
// What was written may not have been read, whatever Write returned: only an exit with 0 tells.
//
// Close gives the program its end of file, after what Write has put into the pipe. It returns at once, cuts a Write in progress short, and
// may be called more than once. A stop and the program's end close the input too.
func (p *Process) Input() io.WriteCloser {
	if p.input == nil {
		panic("ffmpeg: Input of a process whose Command has none")
	}
	return p.input
}

// Done is closed when the program has ended and was reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err tells how the program ended: nil while it runs and after an exit with 0, an error as of Output's Read otherwise.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended && p.cause != nil {
		return p.stopErrorLocked()
	}
	return p.err
}

// Stderr returns the last lines the program wrote to stderr, 4 KiB at most, redacted and without control characters.
func (p *Process) Stderr() string { return p.redactor.tail(p.stderr.bytes()) }

// Stop kills the program and its group at once and closes its input and outputs. It returns when the program is gone, after 1.5 seconds at most:
// one that the system does not end is warned about and reaped in the background. Stop may be called at any time and more than once;
// after the program's end it only closes the outputs.
func (p *Process) Stop() {
	p.stop(nil)
	timer := time.NewTimer(p.runner.limits.kill)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
}

// errStopped is the cause of a Stop.
var errStopped = errors.New("stopped")

// stop does what Stop does, without waiting. A nil cause means Stop. The first cause counts.
func (p *Process) stop(cause error) {
	if cause == nil {
		cause = errStopped
	}
	p.mu.Lock()
	if p.cause == nil {
		p.cause = cause
		close(p.stopped)
	}
	p.mu.Unlock()
	p.kill()
	if p.input != nil {
		p.input.file.Close()
	}
	for _, o := range p.outputs {
		o.file.Close()
	}
	p.stderr.file.Close()
	p.release()
}

// kill ends the program and its group, and sets the alarm that tells if they stay.
func (p *Process) kill() {
	p.mu.Lock()
	if p.alarm == nil && !p.ended {
		p.alarm = time.AfterFunc(p.runner.limits.kill, func() {
			if !p.over() {
				p.runner.log.Warn("a killed program is still there: the system does not end it; it is reaped when it does",
					"program", p.title, "pid", p.Pid())
			}
		})
	}
	p.mu.Unlock()
	p.child.kill()
}

// over reports whether the program is gone.
func (p *Process) over() bool { return isClosed(p.exited) }

// stopErrorLocked is what a stopped process ended with. mu is held.
func (p *Process) stopErrorLocked() error {
	if errors.Is(p.cause, errStopped) {
		return fmt.Errorf("%s was stopped: %w", p.title, os.ErrClosed)
	}
	return fmt.Errorf("%s was stopped: %w: %w", p.title, os.ErrClosed, p.cause)
}
