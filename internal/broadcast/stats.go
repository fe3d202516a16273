package broadcast

import (
	"sync/atomic"
	"time"
)

// Stats counts what a Mixer did, over all its connections.
type Stats struct {
	Audio    time.Duration // sound that was taken to be written
	Silence  time.Duration // silence that took the place of missing sound
	Cut      time.Duration // sound whose place was taken: it came too late
	Refused  time.Duration // sound that was not taken: the connection hung or had failed
	Pictures uint64        // taken to be written when they came
	Repeated uint64        // standing pictures taken to be written again
	Dropped  uint64        // pictures that were not taken: too late, too many, of a wrong size, or the connection hung or had failed
}

// counters are what Stats is made of; sound in samples.
type counters struct {
	audio, silence, cut, refused atomic.Int64
	pictures, repeated, dropped  atomic.Uint64
}

// Stats returns what was done so far.
func (m *Mixer) Stats() Stats {
	c := &m.count
	return Stats{
		Audio:    timeOf(c.audio.Load()),
		Silence:  timeOf(c.silence.Load()),
		Cut:      timeOf(c.cut.Load()),
		Refused:  timeOf(c.refused.Load()),
		Pictures: c.pictures.Load(),
		Repeated: c.repeated.Load(),
		Dropped:  c.dropped.Load(),
	}
}
