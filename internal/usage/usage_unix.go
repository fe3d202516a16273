//go:build unix

package usage

import (
	"syscall"
	"time"
)

// CPUTime returns the CPU time, user and system, that this process has used so far, its children not included.
func CPUTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
