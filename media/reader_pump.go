package media

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"gotgcall/internal/guard"
)

const (
	// pumpBuffer is how much is asked of a reader at once.
	pumpBuffer = 32 << 10
	// pumpGrace is how long closing waits for the reader's own Close and for a Read under way.
	pumpGrace = 250 * time.Millisecond
	// maxEmptyReads is how often in a row a reader may return nothing and no error.
	maxEmptyReads = 100
)

// pump reads a reader of the program, which may hang, on behalf of those who must not. One goroutine reads; it is ended by close, or, while
// it is stuck in the program's Read, when that returns.
type pump struct {
	// Set at construction.
	subject string
	from    io.Reader
	chunks  chan chunk
	closed  chan struct{} // closed by close
	done    chan struct{} // closed when the goroutine has ended
	detach  func() bool   // ends the watch on the context

	// Owned by who calls next.
	err error

	once  sync.Once
	cause error // of close, nil for none; written before closed is closed
	// failure is what the reader's Close returned, written inside once.
	failure error
}

// chunk is what one Read gave. Its data are valid until the next chunk is asked for.
type chunk struct {
	data []byte
	err  error
}

// newPump begins to read. It is closed with ctx too.
func newPump(ctx context.Context, subject string, r io.Reader) *pump {
	p := &pump{subject: subject, from: r, chunks: make(chan chunk), closed: make(chan struct{}), done: make(chan struct{})}
	p.detach = context.AfterFunc(ctx, func() { _ = p.close(context.Cause(ctx)) })
	go p.run()
	return p
}

// run is the goroutine. Of its two buffers one is filled while the other is in use: chunks holds none, so who takes one has done with the
// one before.
func (p *pump) run() {
	defer close(p.done)
	bufs := [2][]byte{make([]byte, pumpBuffer), make([]byte, pumpBuffer)}
	empty := 0
	for i := 0; ; {
		n, err := readFrom(p.subject, p.from, bufs[i])
		if n == 0 && err == nil {
			if empty++; empty < maxEmptyReads {
				continue
			}
			err = io.ErrNoProgress
		}
		empty = 0
		select {
		case p.chunks <- chunk{bufs[i][:n], err}:
		case <-p.closed:
			return
		}
		if err != nil {
			return
		}
		i ^= 1
	}
}

// readFrom reads once from a program's own reader.
func readFrom(subject string, r io.Reader, b []byte) (n int, err error) {
	err = guard.Call(subject+": the reader's Read", func() (err error) {
		n, err = r.Read(b)
		_ = b[:n] // a number that cannot be is a defect of the reader as well
		return err
	})
	return min(max(n, 0), len(b)), err
}

// next returns what the reader gave, or its error, which comes again; os.ErrClosed after close. stop makes it return errPumpStopped without
// anything being lost.
func (p *pump) next(stop <-chan struct{}) ([]byte, error) {
	select {
	case <-p.closed:
		return nil, p.closedError()
	case <-stop:
		return nil, errPumpStopped
	default:
	}
	if p.err != nil {
		return nil, p.err
	}
	select {
	case c := <-p.chunks:
		if p.err = c.err; len(c.data) > 0 {
			return c.data, nil
		}
		return nil, c.err
	case <-p.closed:
		return nil, p.closedError()
	case <-stop:
		return nil, errPumpStopped
	}
}

// errPumpStopped is what next returns when it was told to stop. Nobody else sees it.
var errPumpStopped = fmt.Errorf("no more is wanted: %w", os.ErrClosed)

func (p *pump) closedError() error {
	if p.cause != nil {
		return fmt.Errorf("%s was closed: %w: %w", p.subject, os.ErrClosed, p.cause)
	}
	return fmt.Errorf("%s was closed: %w", p.subject, os.ErrClosed)
}

// end is close by the one who made the pump.
func (p *pump) end() error {
	p.detach()
	return p.close(nil)
}

// close ends the pump and closes the reader if that can be closed. It waits for both, but not long.
func (p *pump) close(cause error) error {
	p.once.Do(func() {
		p.cause = cause
		close(p.closed)
		deadline := time.NewTimer(pumpGrace)
		defer deadline.Stop()
		if c, ok := p.from.(io.Closer); ok {
			closing := make(chan error, 1)
			go func() { closing <- guard.Call(p.subject+": the reader's Close", c.Close) }()
			select {
			case p.failure = <-closing:
			case <-deadline.C:
				return
			}
		}
		select {
		case <-p.done:
		case <-deadline.C:
		}
	})
	return p.failure
}
