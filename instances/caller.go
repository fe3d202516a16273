package instances

import "sync"

// caller is a SetStreamSources, or a Play, whose source has taken its place or is about to. When the call fails before it has returned, that is its error
// and no event besides; afterwards it is an event and no error. nil is one that has returned.
type caller struct {
	mu   sync.Mutex
	gone bool  // guarded by mu; it has returned without an error
	err  error // guarded by mu; the failure of the call, which it returns
}

// hears tells the caller that the call has failed. It reports false when that comes too late, and the end is to be told by events.
func (c *caller) hears(err error) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.gone {
		c.err = err
	}
	return !c.gone
}

// leave is the caller's last word: it returns what it heard.
func (c *caller) leave() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = c.err == nil
	return c.err
}
