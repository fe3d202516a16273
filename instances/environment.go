package instances

import (
	"log/slog"
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
	ConnectTimeout time.Duration
	Loopback       bool
}

// Events receives what happens to a call. Its methods are called with locks held and in order: they must neither block nor call back.
type Events interface {
	StreamEnd(chat int64, t models.StreamType, d models.Device, err error)
	ConnectionChange(chat int64, state models.ConnState)
	Upgrade(chat int64, state models.MediaState)
}

// Limits of a call. docs/ARCHITECTURE.md has them all in one table.
const (
	// openTimeout is how long a source may take until it gives its first frame.
	openTimeout = 15 * time.Second
	// stallTimeout is how long a playing source may give nothing before it ends with ErrStalled.
	stallTimeout = 10 * time.Second
	// stopTimeout is how long Stop waits for processes, sockets and goroutines. What needs longer goes on in the background.
	stopTimeout = 1900 * time.Millisecond
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
