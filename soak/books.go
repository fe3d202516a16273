//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// books are the accounts of all calls, and what went wrong.
type books struct {
	// set at construction
	begun time.Time

	mu         sync.Mutex // guards what follows
	out        io.Writer  // what goes wrong is told there at once
	all        account
	accepted   int // tracks that SetStreamSources has taken
	told       int // ends
	operations int
	peak       int            // of goroutines, in all samples
	refused    map[string]int // errors that are allowed, by name
	violations []string
	listened   int           // calls that were to be heard, and were
	latest     time.Duration // how long the longest of them took
}

func (b *books) post(a account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all.add(a)
}

func (b *books) operation(refusal string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.operations++
	if refusal != "" {
		b.refused[refusal]++
	}
}

func (b *books) takes(tracks int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted += tracks
}

func (b *books) tells() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told++
}

func (b *books) heard(after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listened++
	b.latest = max(b.latest, after)
}

func (b *books) violation(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.violationLocked(fmt.Sprintf(format, args...))
}

func (b *books) violationLocked(text string) {
	b.violations = append(b.violations, text)
	fmt.Fprintf(b.out, "\nVIOLATION after %s: %s\n\n", time.Since(b.begun).Round(time.Second), text)
}

// bounded does what may hang. When it has not returned in time, that is a violation and it is left behind: what had hung before is told all the same.
func (b *books) bounded(what string, limit time.Duration, do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		b.violation("%s has not come after %s", what, limit)
	}
}

// verdict prints what became of the songs, and returns an error when something was wrong.
func (b *books) verdict() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.all
	if !a.balanced() || a.ended != b.told || a.started < b.accepted {
		b.violationLocked(fmt.Sprintf("the law does not hold; in all, %d tracks were taken and %d ends were told", b.accepted, b.told))
	}
	fmt.Fprintf(b.out, "\ntracks: %d started = %d ended + %d replaced + %d stopped\nheard: %d times a call that should be, after %s at the latest\nrefused:",
		a.started, a.ended, a.replaced, a.stopped, b.listened, b.latest.Round(time.Millisecond))
	for _, name := range slices.Sorted(maps.Keys(b.refused)) {
		fmt.Fprintf(b.out, " %d × %q", b.refused[name], name)
	}
	fmt.Fprintln(b.out)
	if n := len(b.violations); n > 0 {
		return fmt.Errorf("%d violations", n)
	}
	if a.started == 0 || a.ended == 0 || a.replaced == 0 || a.stopped == 0 || b.listened == 0 {
		return errTooShort
	}
	return nil
}

// errTooShort is the verdict on a walk that has shown nothing wrong, and little else.
var errTooShort = errors.New("the walk was too short to say anything: of each there has to be something")
