package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in Linux's /proc: 1/100 s on every architecture, whatever the kernel's own (USER_HZ, proc(5)).
const tick = 10 * time.Millisecond

// procStat is what /proc/PID/stat says of a process.
type procStat struct {
	parent int
	cpu    time.Duration // user and system
}

// parseProcStat reads the text of /proc/PID/stat. The second field is a name in parentheses, which may have anything in it.
func parseProcStat(text []byte) (s procStat, ok bool) {
	const parent, user, system = 1, 11, 12 // fields behind the name
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= system {
		return s, false
	}
	var n [3]int
	for i, field := range []int{parent, user, system} {
		var err error
		if n[i], err = strconv.Atoi(string(fields[field])); err != nil {
			return s, false
		}
	}
	return procStat{parent: n[0], cpu: time.Duration(n[1]+n[2]) * tick}, true
}

// childrenTime returns the CPU time of the child processes that run at this moment, and their number. It is 0 where there is no /proc.
func childrenTime() (used time.Duration, number int) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			if s, ok := parseProcStat(text); ok && s.parent == os.Getpid() {
				used += s.cpu
				number++
			}
		}
	}
	return used, number
}

// residentBytes returns the memory of this process that is in RAM; 0 where that is not known.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// openDescriptors returns how many files this process has open; 0 where that is not known.
func openDescriptors() int {
	folder := "/dev/fd"
	if runtime.GOOS == "linux" {
		folder = "/proc/self/fd"
	}
	entries, _ := os.ReadDir(folder)
	return len(entries)
}

// machineTime is what the CPUs of the machine did so far; zero where that is not known.
type machineTime struct{ busy, all time.Duration }

func readMachineTime() machineTime {
	text, _ := os.ReadFile("/proc/stat")
	return parseMachineTime(string(text))
}

// parseMachineTime reads the first line of /proc/stat.
func parseMachineTime(text string) (t machineTime) {
	const idle, waiting, last = 3, 4, 7 // fields; those behind are parts of others
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) <= last+1 || fields[0] != "cpu" {
		return machineTime{}
	}
	for i, field := range fields[1 : last+2] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return machineTime{}
		}
		t.all += time.Duration(n) * tick
		if i != idle && i != waiting {
			t.busy += time.Duration(n) * tick
		}
	}
	return t
}

// since returns the part of the CPU time since an earlier moment in which the machine was busy; -1 when it is not known.
func (t machineTime) since(before machineTime) float64 {
	all := t.all - before.all
	if all <= 0 {
		return -1
	}
	return float64(t.busy-before.busy) / float64(all)
}
