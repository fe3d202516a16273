package lab

import (
	"time"

	"golang.org/x/sys/unix"
)

// meter measures the processor time of this process: the library's, and that of the servers, which are in the same one.
type meter struct {
	begin time.Time
	used  time.Duration
}

func newMeter() meter { return meter{time.Now(), processorTime()} }

// share returns how much of one processor was used since the beginning: 1 is all of it.
func (m meter) share() float64 {
	return float64(processorTime()-m.used) / float64(time.Since(m.begin))
}

func processorTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // it fails for wrong arguments only
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
