package instances

import (
	"errors"
	"testing"

	"gotgcall/media"
)

// opened is a stream that is ready to take its place.
func (c *concert) opened() (s *stream, closed *bool) {
	closed = new(bool)
	return &stream{
		request: request{host: c.playback}, opened: media.NewStreams(nil, nil, nil), settled: make(chan struct{}), closed: make(chan struct{}),
		cancel: func(error) { *closed = true },
	}, closed
}

// begin makes a new opening the newest.
func (c *concert) begin() *opening {
	c.t.Helper()
	o := c.newOpening(c.t.Context())
	c.t.Cleanup(o.end)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beginLocked(o)
	return o
}

// TestALaterSourceOvertakesAnEarlierOneAtTheLastMoment: that one is open already, and its own context does not stop it any more.
func TestALaterSourceOvertakesAnEarlierOneAtTheLastMoment(t *testing.T) {
	t.Run("before it is the next one", func(t *testing.T) {
		c := newConcert(t, packet)
		c.next = nil
		earlier, later := c.begin(), c.begin()
		first, _ := c.opened()
		if err := c.install(earlier, first); !errors.Is(err, errSuperseded) || c.next != nil {
			t.Errorf("the earlier one is the next one, with the error %v", err)
		}
		second, closed := c.opened()
		if err := c.install(later, second); err != nil || c.next != second || *closed {
			t.Errorf("the later one is not the next one, with the error %v", err)
		}
	})
	t.Run("before it has taken its place", func(t *testing.T) {
		c := newConcert(t, packet)
		c.next = nil
		first, closed := c.opened()
		if err := c.install(c.begin(), first); err != nil {
			t.Fatal(err)
		}
		second, _ := c.opened()
		if err := c.install(c.begin(), second); err != nil || c.next != second {
			t.Errorf("the later one is not the next one, with the error %v", err)
		}
		if !isClosed(first.settled) || !errors.Is(first.unplaced, errSuperseded) || !*closed {
			t.Errorf("the earlier one was told %v, and closed: %v", first.unplaced, *closed)
		}
	})
}
