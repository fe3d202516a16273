package instances

import (
	"time"

	"gotgcall/internal/broadcast"
	"gotgcall/internal/demux"
)

// pushOutlet gives samples and pictures to a broadcast's mixer, which keeps going whatever is played.
type pushOutlet struct {
	// set at construction
	mixer   *broadcast.Mixer
	backlog time.Duration // of the mixer, at which the connection counts as hung
	hung    chan struct{} // closed then

	gaveUp bool // hung is closed
}

// audio implements outlet. What is not heard the mixer replaces by silence.
func (o *pushOutlet) audio(_ *leg, f demux.Frame, muted bool, due, _ time.Time) {
	if !muted {
		o.mixer.Audio(due, f.Data)
	}
}

// video implements outlet.
func (o *pushOutlet) video(_ *leg, f demux.Frame, due, _ time.Time) bool {
	o.mixer.Video(due, f.Data)
	return true
}

// flush implements outlet: a picture is one piece.
func (o *pushOutlet) flush(time.Time) time.Time { return time.Time{} }

// finish implements outlet.
func (o *pushOutlet) finish() {}

// shift implements outlet.
func (o *pushOutlet) shift(time.Duration) {}

// idle implements outlet: it fills what is missing.
func (o *pushOutlet) idle(now time.Time, seen bool) time.Time {
	if !seen {
		o.mixer.Black()
	}
	next := o.mixer.Fill(now)
	if !o.gaveUp && o.mixer.Backlog() >= o.backlog {
		o.gaveUp = true
		close(o.hung)
	}
	return next
}
