package sfutest

import (
	"fmt"
	"time"

	"gotgcall/models"
)

// Tolerances are the limits beyond which something counts as a violation. They are generous, because a busy machine wakes sender and
// server late; in fake time they may be close to 0. Delays that the server's own options add are
// left out of account. The zero value of a field means its default.
type Tolerances struct {
	// Timestamp is how far a timestamp that begins a talk spurt, or a video frame, may be from the wall clock. Default 500 ms.
	Timestamp time.Duration
	// Burst is by how much media time may outrun wall time between two packets, the second of which is among the 512 after the first.
	// Default 500 ms.
	Burst time.Duration
	// Drift is how far media time and wall time may part over the life of a stream. Default 1 s.
	Drift time.Duration
	// ReportGap is how long media may flow without a Sender Report. Default 3 s; delays the server itself adds come on top.
	ReportGap time.Duration
	// Clock is how far the send time that a Sender Report or abs-send-time gives a packet may be from its arrival. Default 500 ms.
	Clock time.Duration
	// ClockLine is by how much NTP time and media time may part from one Sender Report to the next, and the NTP clocks of sound and picture
	// from each other. Default 100 ms.
	ClockLine time.Duration
	// FrameBurst is how many packets of a video frame may be sent within 2 ms by the sender's clock. Default 30.
	FrameBurst int
	// KeyFrame is how long video may flow without a key frame after one was asked for; a second between two frames counts in full, of a
	// longer time one second. Default 2.5 s; delays the server itself adds come on top.
	KeyFrame time.Duration
	// Padding is how long a video that was declared may send nothing while there is sound. Default 3 s; delays the server itself adds
	// come on top.
	Padding time.Duration
	// Loss says that the network between client and server may lose and repeat packets: such things are counted in the statistics and
	// are no violations, and sequence numbers that step forward by less than half of their cycle do so by loss. What the server's own
	// options lose never is one.
	Loss bool
}

const (
	defaultTimestampTolerance = 500 * time.Millisecond
	defaultBurst              = 500 * time.Millisecond
	defaultDrift              = time.Second
	defaultReportGap          = 3 * time.Second
	defaultClockTolerance     = 500 * time.Millisecond
	defaultClockLine          = 100 * time.Millisecond
	defaultFrameBurst         = 30
	defaultKeyFrame           = 2500 * time.Millisecond
	defaultPadding            = 3 * time.Second
)

// Patient returns Tolerances that leave every limit of time out: for tests in real time, which must not depend on how busy the machine is. What they
// hide, tests in fake time see.
func Patient() Tolerances {
	const never = 24 * time.Hour
	return Tolerances{
		Timestamp: never, Burst: never, Drift: never, ReportGap: never, Clock: never, ClockLine: never, KeyFrame: never, Padding: never,
	}
}

// WithTolerances replaces the limits beyond which something counts as a violation.
func WithTolerances(t Tolerances) Option {
	return func(c *config) error {
		if min(t.Timestamp, t.Burst, t.Drift, t.ReportGap, t.Clock, t.ClockLine, t.KeyFrame, t.Padding) < 0 || t.FrameBurst < 0 {
			return fmt.Errorf("%w: tolerances %+v, expected none below 0", models.ErrInvalidParams, t)
		}
		c.tolerances = t
		return nil
	}
}

func (t *Tolerances) fill() {
	orDefault(&t.Timestamp, defaultTimestampTolerance)
	orDefault(&t.Burst, defaultBurst)
	orDefault(&t.Drift, defaultDrift)
	orDefault(&t.ReportGap, defaultReportGap)
	orDefault(&t.Clock, defaultClockTolerance)
	orDefault(&t.ClockLine, defaultClockLine)
	orDefault(&t.FrameBurst, defaultFrameBurst)
	orDefault(&t.KeyFrame, defaultKeyFrame)
	orDefault(&t.Padding, defaultPadding)
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
