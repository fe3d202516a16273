package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// holdings are what a process holds that a library can forget to give back. nil: this platform has no /proc to count them in.
type holdings struct {
	Goroutines  int  `json:"goroutines"`
	Descriptors *int `json:"descriptors"`
	Children    *int `json:"children"`
}

// takeHoldings counts.
func takeHoldings() holdings {
	// The runtime keeps descriptors of its own for waiting, from the first pipe or socket on; they are nobody's leak.
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
	return holdings{Goroutines: runtime.NumGoroutine(), Descriptors: countDescriptors(), Children: countChildren()}
}

// takeCalmHoldings counts when what runs for a moment only, such as the end of an earlier child process, has gone.
func takeCalmHoldings() holdings {
	least := takeHoldings()
	for range 10 {
		time.Sleep(10 * time.Millisecond)
		if now := takeHoldings(); now.within(least) {
			least = now
		}
	}
	return least
}

// settle counts again, when what was closed has had its time to go away.
func settle(before holdings) holdings {
	const patience = 3 * time.Second
	deadline := time.Now().Add(patience)
	for {
		now := takeHoldings()
		if now.within(before) || time.Now().After(deadline) {
			return now
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// within tells whether there is nothing more than before.
func (h holdings) within(before holdings) bool {
	return h.Goroutines <= before.Goroutines && atMost(h.Descriptors, before.Descriptors) && atMost(h.Children, before.Children)
}

func atMost(n, limit *int) bool { return n == nil || limit == nil || *n <= *limit }

func countDescriptors() *int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	n := len(entries)
	return &n
}

// countChildren counts child processes, also dead ones that nobody has waited for.
func countChildren() *int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return nil
	}
	n := 0
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it ended meanwhile
		}
		// "pid (name) state parent …"; the name may contain parentheses (proc_pid_stat(5)).
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			n++
		}
	}
	return &n
}

// leftovers compares what the process held before New and after Close.
type leftovers struct {
	Before holdings `json:"before_new"`
	After  holdings `json:"after_close"`
}
