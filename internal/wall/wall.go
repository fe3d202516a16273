// Package wall moves the wall clock of a test: it makes the times that time.Now returns after somebody has set the system's clock. To set the real one
// would concern the whole machine.
//
// It is imported by tests only; nothing of it reaches a program that uses the library.
package wall

import (
	"time"
	"unsafe"
)

// reading is how package time keeps a Time with a monotonic reading. The test of this package tells when that changes.
type reading struct {
	wall uint64 // a flag, 33 bits of seconds, 30 bits of nanoseconds
	ext  int64  // the monotonic reading
	loc  *time.Location
}

const (
	monotonic = 1 << 63 // the flag that there is a monotonic reading
	second    = 1 << 30 // of the wall clock, in the field wall
)

// Set returns at, which is a time.Now outside synctest, as time.Now would have returned it if the clock had been set forward by d before, or back for
// a d below 0: with another wall clock, and the same monotonic reading. It panics when at has none, and when d is not whole seconds.
func Set(at time.Time, d time.Duration) time.Time {
	r := (*reading)(unsafe.Pointer(&at))
	if r.wall&monotonic == 0 || d%time.Second != 0 {
		panic("wall: expected a time with a monotonic reading, and whole seconds")
	}
	r.wall += uint64(int64(d/time.Second) * second)
	return at
}
