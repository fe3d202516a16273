package leak

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// descriptors lists the open descriptors of this process with what they lead to. A number that leads elsewhere than before is new.
func descriptors() snapshot {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	s := snapshot{}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // the descriptor that read the directory
		}
		text := fmt.Sprintf("descriptor %s -> %s", e.Name(), target)
		s[text] = text
	}
	return s
}

// children lists the child processes of this process, dead but unreaped ones too: those are leaks of their own.
func children() snapshot {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	self := strconv.Itoa(os.Getpid())
	s := snapshot{}
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it ended meanwhile
		}
		pid, rest, _ := strings.Cut(string(stat), " (")
		end := strings.LastIndex(rest, ") ") // the program's name may contain parentheses
		if end < 0 {
			continue
		}
		fields := strings.Fields(rest[end+2:]) // state, parent, …
		if len(fields) < 2 || fields[1] != self {
			continue
		}
		s["child "+pid] = fmt.Sprintf("child %s (%s) in state %s", pid, rest[:end], fields[0])
	}
	return s
}
