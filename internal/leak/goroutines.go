package leak

import (
	"runtime"
	"strings"
)

// system are functions whose goroutines belong to the runtime or to the test runner and come and go by themselves.
var system = []string{
	"testing.(*M).startAlarm",
	"testing.(*T).Run(",
	"testing.runFuzz",
	"os/signal.signal_recv",
	"os/signal.loop",
	"runtime.ensureSigM",
	"runtime/trace.",
	"runtime/pprof.",
}

// goroutines lists the goroutines other than the caller's own, by number and the place that started them.
func goroutines() snapshot {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	s := snapshot{}
	for i, g := range strings.Split(string(buf), "\n\n") {
		head, _, _ := strings.Cut(g, " [") // "goroutine 12 [chan receive]:"
		if i == 0 || isSystem(g) {         // the first one is the caller
			continue
		}
		s[head] = g
	}
	return s
}

func isSystem(stack string) bool {
	for _, f := range system {
		if strings.Contains(stack, f) {
			return true
		}
	}
	return false
}
