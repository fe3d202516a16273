//go:build unix

package main

import (
	"fmt"
	"sync"
)

// account is what has become of songs.
type account struct{ started, ended, replaced, stopped int }

func (a *account) add(b account) {
	a.started += b.started
	a.ended += b.ended
	a.replaced += b.replaced
	a.stopped += b.stopped
}

// balanced is the law, when nothing plays any more.
func (a account) balanced() bool { return a.started == a.ended+a.replaced+a.stopped }

// ledger keeps account of one call's songs. Its owner tells what it has done and then what it sees; what the library has told meanwhile has to fit.
type ledger struct {
	account
	playing string // the song that plays, as Stats describe it; "" when none does
	ends    int    // the ends that have been told before
}

// settle compares what is seen with what may have happened: started is the song that has been started since the last time, or ""; now is what plays; ends
// is how often an end has been told in all. The error says what does not fit; then the books follow what is seen.
func (l *ledger) settle(started, now string, ends int) error {
	before, told := l.playing, ends-l.ends
	least, most := 0, 0 // ends that may have been told
	switch {
	case started != "":
		l.started++
		if before != "" {
			most = 1 // the old one may have ended just before the new one took its place
		}
		if now == "" { // the new one is over, too
			least, most = 1, most+1
		}
	case before != "" && now == "":
		least, most = 1, 1
	}
	l.playing, l.ends = now, ends
	l.ended += told
	if started != "" && before != "" && told == least {
		l.replaced++
	}
	switch {
	case now != "" && started != "" && now != started, now != "" && started == "" && now != before:
		return fmt.Errorf("%q plays, but %q did, and %q was started", now, before, started)
	case told < least || told > most:
		return fmt.Errorf("%d ends were told after %q played and %q was started, and %q plays now; expected %d to %d", told, before, started, now, least, most)
	}
	return nil
}

// stop closes the books of a call that has been stopped.
func (l *ledger) stop(ends int) error {
	before, told := l.playing, ends-l.ends
	l.playing, l.ends = "", ends
	l.ended += told
	switch {
	case before == "" && told == 0, before != "" && told == 1:
	case before != "" && told == 0:
		l.stopped++
	default:
		return fmt.Errorf("%d ends were told around Stop, and %q was playing", told, before)
	}
	return nil
}

// books are the accounts of all calls, and what went wrong.
type books struct {
	mu         sync.Mutex // guards what follows
	all        account
	operations int
	refused    map[string]int // errors that are allowed, by name
	violations []string
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

func (b *books) violation(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.violations = append(b.violations, fmt.Sprintf(format, args...))
}
