package usage

import (
	"syscall"
	"time"
)

// CPUTime returns the CPU time, user and system, that this process has used so far, its children not included.
func CPUTime() (time.Duration, error) {
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0, err
	}
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &exited, &kernel, &user); err != nil {
		return 0, err
	}
	return span(kernel) + span(user), nil
}

// span converts a Filetime that is a length of time: units of 100 ns. Its own conversion takes it for a date.
func span(f syscall.Filetime) time.Duration {
	const unit = 100 * time.Nanosecond
	return time.Duration(int64(f.HighDateTime)<<32|int64(f.LowDateTime)) * unit
}
