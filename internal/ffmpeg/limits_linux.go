package ffmpeg

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"gotgcall/models"
)

// limitsChildren: prlimit(2) sets the limits of another process.
const limitsChildren = true

// The numbers of the signals with which limits end a child.
const (
	sigKill = int(unix.SIGKILL)
	sigXFSZ = int(unix.SIGXFSZ)
)

// setLimits limits a child that was started a moment ago. Its own limits could only be set between fork and exec, where no code of ours runs, and
// ours before a fork would be those of the whole program. Nothing is lost by that: the processor time counts from the start, memory and files are
// limited from the next system call on, which comes long before the program has read its source. What the child itself starts in that moment
// has no limits.
//
// The hard limit is set with the soft one. For processor time that means SIGKILL: SIGXCPU, which comes at a lower soft limit, ffmpeg takes for the wish
// to end, and lives on if nobody reads its output.
func setLimits(pid int, l models.ProcessLimits) error {
	for _, r := range []struct {
		name     string
		resource int
		value    int64
	}{
		{"processor time", unix.RLIMIT_CPU, int64((l.CPU + time.Second - 1) / time.Second)},
		{"address space", unix.RLIMIT_AS, l.AddressSpace},
		{"size of files", unix.RLIMIT_FSIZE, l.Output},
	} {
		if r.value == 0 {
			continue
		}
		var now unix.Rlimit
		err := unix.Prlimit(pid, r.resource, nil, &now)
		if err == nil {
			most := min(uint64(r.value), now.Max) // we may be limited to less ourselves
			err = unix.Prlimit(pid, r.resource, &unix.Rlimit{Cur: most, Max: most}, nil)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("%w: %s: %w", errLimits, r.name, err)
		}
	}
	return nil
}
