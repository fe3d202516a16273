package instances

import (
	"cmp"
	"log/slog"
	"net/url"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/pacer"
	"gotgcall/internal/rtc"
	"gotgcall/models"
)

// Environment is what the calls of one Client share. It does not change.
type Environment struct {
	Logger         *slog.Logger
	Engine         *rtc.Engine
	Scheduler      *pacer.Scheduler
	Runner         *ffmpeg.Runner
	Events         Events
	URLPolicy      func(*url.URL) error // nil: every URL may be opened
	ConnectTimeout time.Duration
	Patience       Patience
	Loopback       bool

	base *Environment // the Client's, of which this one is for a call; set by of
}

// Patience is how long a source may give nothing. A field that is 0 means its default; tests shorten them.
type Patience struct {
	// Open is how long a source may take until it gives its first frame. It defaults to openTimeout.
	Open time.Duration
	// Stall is how long a playing source may give nothing before it ends with ErrStalled. It defaults to stallTimeout.
	Stall time.Duration
}

func (p Patience) open() time.Duration { return cmp.Or(p.Open, openTimeout) }

func (p Patience) stall() time.Duration { return cmp.Or(p.Stall, stallTimeout) }

// Events receives what happens to a call. Its methods are called with locks held and in order: they must neither block nor call back.
type Events interface {
	StreamEnd(chat int64, t models.StreamType, d models.Device, err error)
	ConnectionChange(chat int64, state models.ConnState)
	Upgrade(chat int64, state models.MediaState)
	TrackStart(chat int64, t PlaylistTrack)
	TrackEnd(chat int64, t PlaylistTrack, err error)
	// RejoinNeeded tells that an established connection has failed, and that what plays waits for another one.
	RejoinNeeded(chat int64)
	// Rejoins tells whether anybody listens to RejoinNeeded.
	Rejoins() bool
}

// Limits of a call. docs/ARCHITECTURE.md has them all in one table.
const (
	// openTimeout and stallTimeout are the defaults of Patience.
	openTimeout  = 15 * time.Second
	stallTimeout = 10 * time.Second
	// stopTimeout is how long Stop waits for processes, sockets and goroutines. What needs longer goes on in the background.
	stopTimeout = 1900 * time.Millisecond
	// holdTimeout is how long what plays waits for another connection after one was lost: for a Rejoin, and after it for Connect.
	holdTimeout = time.Minute
	// maxTries is how often Play joins and connects in a row; the wait before try n, counted from 0, is n² times backoffStep, and maxBackoff at most.
	maxTries    = 8
	backoffStep = 300 * time.Millisecond
	maxBackoff  = 7 * time.Second
	// holdsFor is how long a connection of Play stands after which the count of tries begins anew.
	holdsFor = 30 * time.Second
	// joinTimeout is how long a Signaler's Join may take in the background, after a connection was lost.
	joinTimeout = 30 * time.Second
	// leaveTimeout is how long a Signaler's Leave may take when Play gives up.
	leaveTimeout = 5 * time.Second
	// checkInterval is the time between two Checks of a Signaler while Play connects (docs/WIRE.md §3).
	checkInterval = 4 * time.Second
	// maxLate is how far a wake-up may be late and still be caught up by sending at once. Beyond it (a suspended machine) the timeline
	// moves instead, so that no burst is longer.
	maxLate = 200 * time.Millisecond
	// maxAhead is how far ahead the next frame of a source may lie when nothing else is to be sent. What lies further is taken for a damaged
	// timestamp: the timeline moves back.
	maxAhead = time.Minute
	// rebuffer is how much more than it was late a source that ran dry is given.
	rebuffer = 100 * time.Millisecond
	// reportInterval is the time between two Sender Reports of a leg (docs/WIRE.md §5).
	reportInterval = time.Second
)
