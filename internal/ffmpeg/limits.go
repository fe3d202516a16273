package ffmpeg

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"gotgcall/models"
)

// The least that the fields of models.ProcessLimits may be: the system counts processor time in seconds, and with a smaller address space no program
// so much as starts.
const (
	minCPU          = time.Second
	minAddressSpace = 64 << 20
)

// CheckLimits returns nil for limits that children can have, and otherwise ErrInvalidParams that says what is wrong. Where the system does not let a
// program limit its children it is errors.ErrUnsupported too, unless there is nothing to be limited.
func CheckLimits(l models.ProcessLimits) error {
	switch {
	case l.CPU < 0 || l.CPU > 0 && l.CPU < minCPU:
		return badLimit("CPU is %v, expected %v or more, or 0 for no limit", l.CPU, minCPU)
	case l.AddressSpace < 0 || l.AddressSpace > 0 && l.AddressSpace < minAddressSpace:
		return badLimit("AddressSpace is %d bytes, expected %d (64 MiB) or more, or 0 for no limit", l.AddressSpace, int64(minAddressSpace))
	case l.Output < 0:
		return badLimit("Output is %d bytes, expected 1 or more, or 0 for no limit", l.Output)
	case l != models.ProcessLimits{} && !limitsChildren:
		return fmt.Errorf("%w: WithProcessLimits: a program cannot limit its children on %s, leave the option out: %w",
			models.ErrInvalidParams, runtime.GOOS, errors.ErrUnsupported)
	}
	return nil
}

func badLimit(format string, args ...any) error {
	return fmt.Errorf("%w: WithProcessLimits: %s", models.ErrInvalidParams, fmt.Sprintf(format, args...))
}

// errLimits: a child was started, could not be limited, and was killed.
var errLimits = errors.New("its limits cannot be set")

// signals of children that their limits have ended, or that a shell has reported so, which exits with shellKilled plus the signal's number.
const shellKilled = 128

// reached says which limit has ended a child, "" for none. The system tells it of files, and of processor time only when the child was not
// killed by somebody else at that moment; of memory only what the child says.
func reached(l models.ProcessLimits, st status, stderr string) string {
	switch {
	case st.ok() || st.err != nil:
	case l.Output > 0 && st.killedBy("SIGXFSZ", sigXFSZ):
		return fmt.Sprintf("a file that it wrote grew beyond the %d bytes that WithProcessLimits allows (Output)", l.Output)
	case l.CPU > 0 && st.killedBy("SIGKILL", sigKill) && st.cpu >= l.CPU-l.CPU/10: // ticks of the system's clock count, and it rounds
		return fmt.Sprintf("it has used up the %v of processor time that WithProcessLimits allows (CPU)", l.CPU)
	case l.AddressSpace > 0 && wantsMemory(stderr):
		return fmt.Sprintf("it wanted more memory than the %d bytes that WithProcessLimits allows (AddressSpace)", l.AddressSpace)
	}
	return ""
}

// killedBy reports whether a signal has ended the program, or the last one that a shell has run.
func (s status) killedBy(name string, number int) bool {
	return s.signal == name || s.code == shellKilled+number
}

// wantsMemory reports whether a program complains that it got no memory: ffmpeg and other programs in C, encoders, the loader (glibc's, which has a word for
// each place, and musl's), C++.
func wantsMemory(stderr string) bool {
	for _, text := range []string{
		"annot allocate", "emory allocation error", "malloc of size", "emory exhausted", "ut of memory", "failed to map segment", "cannot map zero-fill pages",
		"cannot create shared object descriptor", "bad_alloc",
	} {
		if strings.Contains(stderr, text) {
			return true
		}
	}
	return false
}
