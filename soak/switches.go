//go:build unix

package main

// changes count what those who drive a call were told to have changed.
type changes struct{ pauses, resumes, mutes, unmutes int }

// toggle does Pause, Resume, Mute or Unmute, and counts it if it has changed something.
func (w *walker) toggle(do func(chat int64) (bool, error), place func(*changes) *int) error {
	changed, err := do(w.chat)
	if err == nil && changed {
		w.mu.Lock()
		*place(&w.changes)++
		w.mu.Unlock()
	}
	return err
}

func (w *walker) pause() error {
	return w.toggle(w.client.Pause, func(c *changes) *int { return &c.pauses })
}

// unfreeze is Resume.
func (w *walker) unfreeze() error {
	return w.toggle(w.client.Resume, func(c *changes) *int { return &c.resumes })
}

func (w *walker) mute() error {
	return w.toggle(w.client.Mute, func(c *changes) *int { return &c.mutes })
}

func (w *walker) unmute() error {
	return w.toggle(w.client.Unmute, func(c *changes) *int { return &c.unmutes })
}

// checkSwitches compares the state with what was changed: whoever drives the call, each change is told to one of them.
func (w *walker) checkSwitches() {
	state, err := w.client.GetState(w.chat)
	if err != nil {
		return // the call is gone
	}
	w.mu.Lock()
	c := w.changes
	w.mu.Unlock()
	if c.pauses-c.resumes != number(state.Paused) || c.mutes-c.unmutes != number(state.Muted) {
		w.books.violation("call %d: %+v have changed something, and the state is %+v", w.chat, c, state)
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
