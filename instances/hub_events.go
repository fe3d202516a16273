package instances

import (
	"slices"

	"gotgcall/models"
)

// hubEvents are the events of a hub's playback, for all its calls.
type hubEvents struct{ *hub }

// StreamEnd implements Events.
func (e hubEvents) StreamEnd(_ int64, kind models.StreamType, _ models.Device, err error) {
	e.endLeg(kind, err)
}

// TrackStart implements Events.
func (e hubEvents) TrackStart(_ int64, t PlaylistTrack) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.track = &t
	for to := range e.listeners {
		to.env.Events.TrackStart(to.chat, t)
	}
}

// TrackEnd implements Events.
func (e hubEvents) TrackEnd(_ int64, t PlaylistTrack, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.track != nil && e.track.ID == t.ID:
		e.track = nil
	case !isClosed(e.ready):
		e.early = append(e.early, trackEnd{t, err})
	}
	for to := range e.listeners {
		to.env.Events.TrackEnd(to.chat, t, err)
	}
}

// hears makes a tap's call one that hears the source from now on, and is told what is played; a call that was there from the beginning also what could not
// be. One whose source is set again hears it already.
func (h *hub) hears(t *stream, early bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	host := t.request.host
	if !slices.Contains(h.taps, t) { // it was closed meanwhile
		return
	}
	t.heard = true
	if h.listeners[host]++; h.listeners[host] > 1 {
		return
	}
	if early {
		host.tellFailed(h.early)
	}
	if h.track != nil {
		host.env.Events.TrackStart(host.chat, *h.track)
	}
}

// ConnectionChange, Upgrade, RejoinNeeded and Rejoins implement Events: a hub has no connection.
func (hubEvents) ConnectionChange(int64, models.ConnState) {}
func (hubEvents) Upgrade(int64, models.MediaState)         {}
func (hubEvents) RejoinNeeded(int64)                       {}
func (hubEvents) Rejoins() bool                            { return false }
