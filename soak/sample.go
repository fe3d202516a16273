//go:build unix

package main

import (
	"fmt"
	"runtime"
	"time"

	"gotgcall/internal/usage"
)

// sample is what the process holds at a moment.
type sample struct {
	at                               time.Duration
	calls, descriptors, goroutines   int
	heap, resident                   int64
	children, operations, violations int
	tracks                           int // that have been started until then
	peak                             int // the most goroutines that any sample has had until then
}

func (b *books) sample(at time.Duration, calls int) sample {
	runtime.GC()
	runtime.GC() // what had a finalizer
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.peak = max(b.peak, runtime.NumGoroutine())
	return sample{
		at: at, calls: calls, descriptors: usage.OpenDescriptors(), goroutines: runtime.NumGoroutine(), heap: int64(m.HeapAlloc), //nolint:gosec // far below 2^63
		resident: usage.ResidentBytes(), children: len(usage.Children()), operations: b.operations, violations: len(b.violations), tracks: b.accepted,
		peak: b.peak,
	}
}

// table begins the table of samples.
func (b *books) table() {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprint(b.out, "| time | calls | operations | tracks | descriptors | goroutines | heap MB | RSS MB | children | violations |\n"+
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
}

// show adds a row to it.
func (b *books) show(s sample) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(b.out, "| %s | %d | %d | %d | %d | %d | %.1f | %.1f | %d | %d |\n", s.at.Round(time.Second), s.calls, s.operations, s.tracks, s.descriptors,
		s.goroutines, float64(s.heap)/mega, float64(s.resident)/mega, s.children, s.violations)
}
