package app

import (
	"sync"
	"time"

	"gotgcall/examples/tempstream/internal/media"
)

// announcement is what an operator beside the service knows better than the media server: a paused broadcast brings a still picture, and one that
// has ended may come again, for all that can be seen of it.
type announcement struct {
	media func() media.Status // set at construction

	mu    sync.Mutex   // guards what follows
	state media.Status // the zero one: what the media server says
}

func (a *announcement) set(s media.State) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = media.Status{}
	if s == media.Paused || s == media.Ended {
		a.state = media.Status{State: s, Since: time.Now()}
	}
}

// status is what viewers are told.
func (a *announcement) status() media.Status {
	now := a.media()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state.State == media.Ended || a.state.State == media.Paused && now.State == media.Live {
		return media.Status{State: a.state.State, Since: a.state.Since, Publisher: now.Publisher}
	}
	return now
}

// Announce tells viewers that the broadcast is paused or has ended; with Live the media server has the word again.
func (a *App) Announce(s media.State) { a.announce.set(s) }
