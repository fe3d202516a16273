package broadcast

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// errAborted ends a connection whose owner wants nothing more of it.
var errAborted = errors.New("broadcast: aborted")

// smallBlock is more than the 3840 bytes of 20 ms of sound, and little to copy.
const smallBlock = 8 << 10

// connection is one stream: a queue that the Mixer fills, a goroutine that empties it into w (run), and one that closes w (closer): a Close may
// have to end a Write, or may wait itself.
type connection struct {
	// Set at construction.
	w       io.WriteCloser
	config  Config
	count   *counters
	wake    chan struct{} // capacity 1: look at the queue again
	written chan struct{} // closed when run is gone
	quit    chan struct{} // closed by abort
	done    chan struct{} // closed when both goroutines are gone

	// Owned by run.
	scratch []byte

	mu    sync.Mutex
	queue queue
	ended bool  // nothing more is put into the queue
	err   error // why nothing more is written
}

// connect starts a connection.
func connect(w io.WriteCloser, config Config, count *counters) *connection {
	c := &connection{
		w: w, config: config, count: count,
		wake: make(chan struct{}, 1), written: make(chan struct{}), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go c.run()
	go c.closer()
	return c
}

// put takes a block to be written. It reports false when it is dropped.
func (c *connection) put(b block) bool {
	c.mu.Lock()
	taken := !c.ended && c.err == nil && c.queue.push(b)
	c.mu.Unlock()
	if taken {
		c.poke()
	}
	return taken
}

// takes reports whether sound is still taken.
func (c *connection) takes() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ended && c.err == nil && !c.queue.hung
}

func (c *connection) backlog() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queue.hung {
		return max(maxBacklog, c.queue.backlog())
	}
	return c.queue.backlog()
}

func (c *connection) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(c.err, errAborted) {
		return nil
	}
	return c.err
}

// end lets the goroutines return when the queue is empty.
func (c *connection) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.poke()
}

// abort lets the goroutines return, whatever waits.
func (c *connection) abort() {
	if c.fail(errAborted) {
		close(c.quit)
	}
}

// fail drops what waits and lets nothing more be written. It reports false when that was so before.
func (c *connection) fail(err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.err = err
	c.count.dropped.Add(c.queue.clear())
	return true
}

// poke lets run look at the queue.
func (c *connection) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run writes the stream.
func (c *connection) run() {
	defer close(c.written)
	if err := c.stream(); err != nil {
		c.fail(fmt.Errorf("broadcast: writing the stream: %w", err))
	}
}

func (c *connection) stream() error {
	head, err := header(c.config)
	if err != nil {
		return err
	}
	if _, err := c.w.Write(head); err != nil {
		return err
	}
	for {
		b, some, more := c.take()
		switch {
		case some:
			if err := c.write(b); err != nil {
				return err
			}
		case !more:
			return nil
		default:
			select {
			case <-c.wake:
			case <-c.quit:
				return nil
			}
		}
	}
}

// take returns the next block. Without one it tells whether there can be more.
func (c *connection) take() (b block, some, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, some = c.queue.pop()
	return b, some, !c.ended && c.err == nil
}

// write writes a block. A small one leaves in one piece with its header; a large one, as pictures are, is not copied.
func (c *connection) write(b block) error {
	c.scratch = b.appendHeader(c.scratch[:0])
	if len(b.data) <= smallBlock {
		c.scratch = append(c.scratch, b.data...)
		_, err := c.w.Write(c.scratch)
		return err
	}
	if _, err := c.w.Write(c.scratch); err != nil {
		return err
	}
	_, err := c.w.Write(b.data)
	return err
}

// closer closes w when nothing more is written to it.
func (c *connection) closer() {
	defer close(c.done)
	select {
	case <-c.written:
	case <-c.quit:
	}
	if err := c.w.Close(); err != nil {
		c.fail(fmt.Errorf("broadcast: closing the stream: %w", err))
	}
	<-c.written
}
