package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// input is our end of the pipe the program reads as its stdin.
type input struct {
	// Set at construction.
	process *Process
	file    *os.File
	closed  chan struct{} // closed by the first Close

	// mu guards the rest.
	mu     sync.Mutex
	shut   bool // Close was called
	broken bool // nobody holds the other end
}

func newInput(p *Process, f *os.File) *input {
	return &input{process: p, file: f, closed: make(chan struct{})}
}

// Write implements io.Writer as documented at Process.Input.
func (in *input) Write(b []byte) (int, error) {
	n, err := in.file.Write(b)
	if err == nil {
		return n, nil
	}
	return n, in.explain(err)
}

// Close implements io.Closer as documented at Process.Input.
func (in *input) Close() error {
	in.mu.Lock()
	if !in.shut {
		in.shut = true
		close(in.closed)
	}
	in.mu.Unlock()
	in.file.Close() // could fail only because a stop or the program's end came first
	return nil
}

// open reports whether the program may still be given something.
func (in *input) open() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return !in.shut && !in.broken
}

// breaks records that nobody reads any more, and reports whether that is news.
func (in *input) breaks() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	news := !in.broken
	in.broken = true
	return news
}

// explain says why a Write failed, for which it may have to wait for the program's end. Only the first Write waits in vain.
func (in *input) explain(err error) error {
	p := in.process
	ours := errors.Is(err, os.ErrClosed) // by Close, by a stop, or because the program has ended
	if !ours && !isBrokenPipe(err) {
		return fmt.Errorf("writing the input of %s: %w", p.title, err)
	}
	if ours || in.breaks() {
		timer := time.NewTimer(p.runner.limits.reason)
		defer timer.Stop()
		select {
		case <-p.done:
		case <-p.stopped:
		case <-in.closed:
		case <-timer.C:
		}
	}

	switch {
	case isClosed(p.stopped):
		return p.stopError()
	case isClosed(in.closed):
		return fmt.Errorf("the input of %s was closed: %w", p.title, os.ErrClosed)
	}
	if err := p.Err(); err != nil {
		return err
	}
	if p.over() {
		return fmt.Errorf("%s ended before it had read all of its input: %w", p.title, syscall.EPIPE)
	}
	return fmt.Errorf("%s closed its input: %w", p.title, syscall.EPIPE)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
