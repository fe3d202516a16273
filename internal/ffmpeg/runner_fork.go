package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"gotgcall/models"
)

// request asks the forking goroutine for one child.
type request struct {
	ctx      context.Context // of the Start that waits for the reply
	spec     spec            // without its files
	input    bool
	outputs  int
	pipeSize int // 0: the system's
	notes    func(line []byte) []byte
	redactor *redactor
	reply    chan launched
}

// launched is a child with our ends of its pipes, or the reason why there is none.
type launched struct {
	child   child
	input   *os.File // nil for none
	outputs []*os.File
	stderr  *os.File
	err     error
}

// newRequest checks a command and finds its program.
func (r *Runner) newRequest(ctx context.Context, c Command) (*request, error) {
	name, advice := c.Name, programAdvice
	if name == "" {
		name, advice = r.path, ffmpegAdvice
	}
	outputs := max(c.Outputs, 1)
	if c.Outputs < 0 || outputs > 2 {
		return nil, fmt.Errorf("%w: %d outputs of a program, expected 1 or 2", models.ErrInvalidParams, c.Outputs)
	}
	if outputs > maxOutputs {
		return nil, fmt.Errorf("%w: %q: a second output pipe is not available on %s, use two processes: %w",
			models.ErrFFmpegSpawn, name, runtime.GOOS, errors.ErrUnsupported)
	}
	if c.PipeSize < 0 {
		return nil, fmt.Errorf("%w: pipes of %d bytes for a program, expected 0 (the system's size) or more", models.ErrInvalidParams, c.PipeSize)
	}
	for i, a := range c.Args {
		if strings.ContainsRune(a, 0) {
			return nil, fmt.Errorf("%w: argument %d of %q contains a NUL byte, which no program can receive: %w",
				models.ErrFFmpegSpawn, i+1, name, os.ErrInvalid)
		}
	}
	path, err := lookup(name, advice)
	if err != nil {
		return nil, err
	}
	s := spec{path: path, args: append([]string{name}, c.Args...), env: environment(os.Environ(), c.Inherit), low: r.low}
	if !c.Unlimited {
		s.limits = r.allowed
	}
	return &request{
		ctx:      ctx,
		spec:     s,
		input:    c.Input,
		outputs:  outputs,
		pipeSize: c.PipeSize,
		notes:    c.Notes,
		redactor: newRedactor(append(secretsOf(c.Args), c.Secrets...)),
		reply:    make(chan launched, 1),
	}, nil
}

// fork is the goroutine that makes all children of the Runner. On Linux a child is killed when the thread that made it ends (see
// spawn_linux.go), so this one keeps its thread to itself and ends, and the thread with it, only when the Runner is closed and the last
// child was reaped.
func (r *Runner) fork() {
	runtime.LockOSThread()
	defer close(r.forkEnd)
	for {
		select {
		case req := <-r.requests:
			req.reply <- r.launch(req)
		case <-r.idle:
			return
		}
	}
}

// launch makes the pipes and the child, or neither.
func (r *Runner) launch(req *request) (l launched) {
	switch {
	case r.isClosed():
		return launched{err: models.ErrClosed}
	case req.ctx.Err() != nil:
		return launched{err: notStarted(req.ctx)}
	}

	theirs, err := l.openPipes(req) // the child's ends, closed here in any case
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
		if l.err != nil {
			l.closeFiles()
			l.err = spawnError(req.spec.path, l.err)
		}
	}()
	if l.err = err; err != nil {
		return l
	}
	s := req.spec
	s.files = theirs
	l.child, l.err = r.spawn(s)
	return l
}

// openPipes makes the pipes and returns the child's ends of them, as its descriptors 0, 1, 2 and so on. After an error it returns those it
// had made.
func (l *launched) openPipes(req *request) (theirs []*os.File, err error) {
	stdin, err := l.openStdin(req)
	if err != nil {
		return nil, err
	}
	theirs = append(theirs, stdin)
	for fd := 1; fd <= 1+req.outputs; fd++ { // stdout, stderr, descriptor 3
		ours, their, err := os.Pipe()
		if err != nil {
			return theirs, err
		}
		theirs = append(theirs, their)
		if fd == 2 {
			l.stderr = ours
			continue
		}
		l.outputs = append(l.outputs, ours)
		setPipeSize(ours, req.pipeSize)
	}
	return theirs, nil
}

func (l *launched) openStdin(req *request) (*os.File, error) {
	if !req.input {
		return os.Open(os.DevNull)
	}
	their, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	l.input = ours
	setPipeSize(ours, req.pipeSize)
	return their, nil
}

func (l *launched) closeFiles() {
	if l.input != nil {
		l.input.Close()
	}
	for _, f := range l.outputs {
		f.Close()
	}
	if l.stderr != nil {
		l.stderr.Close()
	}
}

// title is the program's name as messages show it.
func (req *request) title() string {
	return strings.TrimSuffix(filepath.Base(req.spec.path), ".exe")
}
