package models

import "time"

// ProcessLimits bound what a child process that plays a source may use up. What it starts itself has the same limits, each process for itself. A field
// that is 0 sets no limit.
type ProcessLimits struct {
	// CPU is the processor time of all its threads together, at least 1 second; a part of a second counts as a whole one. What has used it up is
	// killed.
	CPU time.Duration
	// AddressSpace is the memory that it may map, in bytes, at least 64 MiB. Program, libraries and the stacks of threads count whole, used or not,
	// so that it is several times what the process occupies. What asks for more gets none, and most programs then give up.
	AddressSpace int64
	// Output is the size up to which it may make a file grow, in bytes. Pipes and connections do not count: what is played is no file. What writes
	// more is killed.
	Output int64
}
