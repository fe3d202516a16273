package ffmpeg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// output is our end of a pipe the program writes to.
type output struct {
	// Set at construction.
	process *Process
	file    *os.File
	room    int // the most a pipe may hold, bytes

	// turn is held by the one who reads, and guards rest.
	turn sync.Mutex
	rest []byte // what settle took from the pipe, to be read before err

	// mu guards err.
	mu  sync.Mutex
	err error // with which it ended
}

// Read implements io.Reader as documented at Process.Output.
func (o *output) Read(b []byte) (int, error) {
	o.turn.Lock()
	defer o.turn.Unlock()
	if len(o.rest) > 0 {
		n := copy(b, o.rest)
		o.rest = o.rest[n:]
		return n, nil
	}
	if err := o.ended(); err != nil || len(b) == 0 {
		return 0, err
	}
	for {
		last := o.process.over()
		until := time.Now().Add(o.process.runner.limits.quiet)
		if last {
			// Normally the end of the pipe comes at once. The deadline is for one that is held open by a process that left the group.
			_ = o.file.SetReadDeadline(until)
		}
		n, err := o.file.Read(b)
		if n > 0 {
			return n, nil
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && (!last || time.Now().Before(until)):
			continue // woken by the exit, which may have been seen before the waker came as far as setting its deadline
		case errors.Is(err, os.ErrDeadlineExceeded):
			// The deadline may have passed while this goroutine did not run, so that nothing was even tried.
			if n := readNow(o.file, b); n > 0 {
				return n, nil
			}
			return 0, o.finish()
		case errors.Is(err, io.EOF):
			return 0, o.finish()
		case errors.Is(err, os.ErrClosed):
			return 0, o.end(o.process.stopError())
		default:
			return 0, o.end(fmt.Errorf("reading the output of %s: %w", o.process.title, err))
		}
	}
}

// settle frees the descriptor of an ended program's output that nobody is reading, and keeps what it holds.
func (o *output) settle() {
	if !o.turn.TryLock() {
		return // the reader sees the end
	}
	defer o.turn.Unlock()
	if o.ended() != nil || isClosed(o.process.stopped) {
		return
	}
	buf := make([]byte, 4<<10)
	for len(o.rest) < o.room { // a process that left the group may go on writing
		n := readNow(o.file, buf)
		if n == 0 {
			break
		}
		o.rest = append(o.rest, buf[:n]...)
	}
	_ = o.finish() // the Read that sees the end returns it
}

func (o *output) ended() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// finish closes an output in which nothing more will come, and returns the error that ends it.
func (o *output) finish() error {
	o.file.Close()
	p := o.process
	p.mu.Lock()
	p.open--
	p.mu.Unlock()
	err := o.end(p.verdict())
	p.release()
	return err
}

// end makes err the answer to all further reads.
func (o *output) end(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	return o.err
}
