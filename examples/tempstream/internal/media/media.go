// Package media is where the stream comes from: a server that takes one broadcast by RTMP and gives it out as HLS. There are two of them, an
// ffmpeg of our own (FFmpeg) and an external MediaMTX (MTX).
package media

import (
	"context"
	"net/http"
	"regexp"
	"time"
)

// State is what there is to see.
type State string

// The states.
const (
	Waiting State = "waiting" // nobody broadcasts yet, or the broadcast has a gap
	Live    State = "live"
	Paused  State = "paused" // only an operator beside the service can tell that
	Ended   State = "ended"  // nobody has broadcast for a while
)

// endAfter is how long a gap is before the broadcast counts as ended. It may begin again all the same.
const endAfter = time.Minute

// Status is a State, since when, and who broadcasts, as far as that is known.
type Status struct {
	State     State     `json:"state"`
	Since     time.Time `json:"since"`
	Publisher string    `json:"publisher,omitempty"`
}

// Server is a media server. Its methods may be called from several goroutines at once.
type Server interface {
	// Run does what there is to do until ctx ends.
	Run(ctx context.Context) error
	// Status tells what there is to see. It is cheap.
	Status() Status
	// ServeHLS answers with a playlist or a part of the stream; name is one that IsName accepts.
	ServeHLS(w http.ResponseWriter, r *http.Request, name string)
	// Check says why no stream could be taken or given out now; nil when it could.
	Check(ctx context.Context) error
}

// Index is the name of the playlist to begin with.
const Index = "index.m3u8"

// names are those that playlists lead to: one part, with an ending of HLS.
var names = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}\.(m3u8|m4s|mp4)$`)

// IsName says whether name may be part of a stream. Whatever else somebody asks for does not exist.
func IsName(name string) bool { return names.MatchString(name) }

// phase is what both servers keep of the broadcast: when it last came and went. Its owner guards it.
type phase struct {
	live  bool
	since time.Time // of the change to what live says
	began bool      // has been live
}

// turn notes at now whether there is a broadcast.
func (p *phase) turn(live bool, now time.Time) {
	if p.live != live || p.since.IsZero() {
		p.live, p.since = live, now
	}
	p.began = p.began || live
}

// status tells what that is at now.
func (p *phase) status(now time.Time, publisher string) Status {
	switch {
	case p.live:
		return Status{Live, p.since, publisher}
	case p.began && now.Sub(p.since) >= endAfter:
		return Status{Ended, p.since.Add(endAfter), ""}
	}
	return Status{Waiting, p.since, ""}
}
