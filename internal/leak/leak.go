package leak

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// settleTime bounds how long things of the test may take to go away after it: goroutines return and descriptors are closed a little
// after the call that ended them.
const settleTime = 10 * time.Second

// Check notes which goroutines, descriptors and children the test process has now, and at the end of the test reports as an error every
// one that is new, after having given it up to 10 seconds to go away. Call it first, so that its clean-up runs last.
//
// It is for tests that run alone: what a parallel test has at the moment looks like a leak. Inside a synctest bubble it is of no use, as
// a bubble itself does not end before its goroutines. Descriptors and children are seen where there is a Linux /proc; elsewhere only
// goroutines are.
func Check(t testing.TB) {
	t.Helper()
	check(t, settleTime)
}

func check(t testing.TB, settle time.Duration) {
	t.Helper()
	startPoller()
	before := take()
	t.Cleanup(func() {
		t.Helper()
		deadline := time.Now().Add(settle)
		var left []string
		for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
			if left = take().minus(before); len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				break
			}
			time.Sleep(wait) // the interval of polling, not a guess at how long it takes
		}
		t.Errorf("the test left %d thing(s) behind:\n%s", len(left), strings.Join(left, "\n"))
	})
}

// startPoller makes the runtime open its own descriptors (epoll, eventfd) so that they are part of every snapshot.
func startPoller() {
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
}

// snapshot maps the identity of a thing to its description.
type snapshot map[string]string

func take() snapshot {
	s := snapshot{}
	maps.Copy(s, goroutines())
	maps.Copy(s, descriptors())
	maps.Copy(s, children())
	return s
}

// minus describes, in a stable order, what is in s and not in before.
func (s snapshot) minus(before snapshot) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(s)) {
		if _, old := before[id]; !old {
			out = append(out, s[id])
		}
	}
	return out
}
