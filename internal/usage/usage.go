// Package usage says what this process, its children and the machine use: for the bench and the soak. What a platform does not tell is 0.
package usage

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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

// ChildrenTime returns the CPU time of the child processes that run at this moment, and their number.
func ChildrenTime() (used time.Duration, number int) {
	for _, s := range children() {
		used += s.cpu
		number++
	}
	return used, number
}

// Children returns the process ids of the child processes, also of dead ones that nobody has waited for.
func Children() []int {
	return slices.Sorted(maps.Keys(children()))
}

// children returns what /proc says of the child processes, by their ids.
func children() map[int]procStat {
	all := map[int]procStat{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if s, ok := parseProcStat(text); ok && err == nil && s.parent == os.Getpid() {
			all[pid] = s
		}
	}
	return all
}

// ResidentBytes returns the memory of this process that is in RAM; 0 where that is not known.
func ResidentBytes() int64 {
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

// OpenDescriptors returns how many files this process has open; 0 where that is not known.
func OpenDescriptors() int {
	folder := "/dev/fd"
	if runtime.GOOS == "linux" {
		folder = "/proc/self/fd"
	}
	entries, _ := os.ReadDir(folder)
	return len(entries)
}

// MachineTime is what the CPUs of the machine did so far; zero where that is not known.
type MachineTime struct{ busy, all time.Duration }

// ReadMachineTime returns what they have done since the machine was started.
func ReadMachineTime() MachineTime {
	text, _ := os.ReadFile("/proc/stat")
	return parseMachineTime(string(text))
}

// parseMachineTime reads the first line of /proc/stat.
func parseMachineTime(text string) (t MachineTime) {
	const idle, waiting, last = 3, 4, 7 // fields; those behind are parts of others
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) <= last+1 || fields[0] != "cpu" {
		return MachineTime{}
	}
	for i, field := range fields[1 : last+2] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return MachineTime{}
		}
		t.all += time.Duration(n) * tick
		if i != idle && i != waiting {
			t.busy += time.Duration(n) * tick
		}
	}
	return t
}

// Since returns the part of the CPU time since an earlier moment in which the machine was busy; -1 when it is not known.
func (t MachineTime) Since(before MachineTime) float64 {
	all := t.all - before.all
	if all <= 0 {
		return -1
	}
	return float64(t.busy-before.busy) / float64(all)
}
