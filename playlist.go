package gotgcall

import (
	"gotgcall/instances"
)

type (
	// Playlist is a Source that plays others, one after the other and without a gap. Its methods are Append, Remove, Next, Previous, Jump, SetLoop, List
	// and Current. See [instances.Playlist].
	Playlist = instances.Playlist
	// PlaylistTrack is one entry of a Playlist: its ID and its Source. See [instances.PlaylistTrack].
	PlaylistTrack = instances.PlaylistTrack
	// LoopMode says what a Playlist plays after a track's end. See [instances.LoopMode].
	LoopMode = instances.LoopMode
)

// The loop modes of a Playlist: each track once, one track again and again, the whole list again and again.
const (
	LoopOff   = instances.LoopOff
	LoopTrack = instances.LoopTrack
	LoopList  = instances.LoopList
)

// NewPlaylist returns a list of the given tracks, to be given to SetStreamSources. Its methods control it while it plays.
func NewPlaylist(tracks ...Source) *Playlist { return instances.NewPlaylist(tracks...) }

// OnTrackStart registers a callback fired when a track of a Playlist takes its place in a call: it plays from then on or, before the call is Connected, as
// soon as that is. A later registration replaces an earlier one; nil removes it.
func (c *Client) OnTrackStart(fn func(chatID int64, t PlaylistTrack)) {
	register(&c.events.trackStart, fn, fn == nil)
}

// OnTrackEnd registers a callback fired once for each track of a Playlist that was played, or could not be: err is nil at its natural end, ErrSkipped
// after Next, Previous and Jump, and when the list is set again while it plays; otherwise it says what broke. It is never fired for Stop, Close or a list
// that another source has replaced. After the last track's end OnStreamEnd tells that of the list. A later registration replaces an earlier one; nil
// removes it.
func (c *Client) OnTrackEnd(fn func(chatID int64, t PlaylistTrack, err error)) {
	register(&c.events.trackEnd, fn, fn == nil)
}

// TrackStart implements instances.Events.
func (d *dispatcher) TrackStart(chat int64, t PlaylistTrack) {
	post(d, "OnTrackStart", chat, &d.trackStart, func(fn func(int64, PlaylistTrack)) { fn(chat, t) })
}

// TrackEnd implements instances.Events.
func (d *dispatcher) TrackEnd(chat int64, t PlaylistTrack, err error) {
	post(d, "OnTrackEnd", chat, &d.trackEnd, func(fn func(int64, PlaylistTrack, error)) { fn(chat, t, err) })
}
