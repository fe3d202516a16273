package instances

import (
	"time"

	"gotgcall/internal/demux"
)

// outlet is where the frames of a playback go. Its methods belong to the scheduler's goroutine, and never block.
type outlet interface {
	// audio takes a frame of sound that is due, and that nobody hears when it is muted.
	audio(l *leg, f demux.Frame, muted bool, due, now time.Time)
	// video takes a picture that is due; the one before it is out. It begins to send it, and flush goes on. It reports false for a picture that
	// nobody could see.
	video(l *leg, f demux.Frame, due, now time.Time) bool
	// flush sends what is due of the picture that was taken last. It returns when more of it will be, the zero time when it is out.
	flush(now time.Time) (next time.Time)
	// finish sends what is left of that picture: nothing may cut it in two.
	finish()
	// shift tells that everything that is still to come was postponed.
	shift(d time.Duration)
	// idle keeps the connection alive where nothing else does; seen tells whether there is a picture. It returns when it wants to do so again, the
	// zero time when never.
	idle(now time.Time, seen bool) (next time.Time)
}
