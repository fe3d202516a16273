package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// host is what was measured on.
type host struct {
	Time          time.Time
	Cores         int
	Model, Kernel string
	Load          string // of the last 1, 5 and 15 minutes, before the measurement
}

func machine() host {
	text := func(file string) string {
		b, _ := os.ReadFile(file)
		return string(b)
	}
	h := host{Time: time.Now(), Cores: runtime.NumCPU(), Model: cpuModel(text("/proc/cpuinfo"))}
	h.Kernel = strings.TrimSpace(text("/proc/sys/kernel/osrelease"))
	if fields := strings.Fields(text("/proc/loadavg")); len(fields) > 2 {
		h.Load = strings.Join(fields[:3], " ")
	}
	return h
}

// cpuModel finds the CPU's name in the text of /proc/cpuinfo.
func cpuModel(text string) string {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

// String describes the machine in Markdown.
func (h host) String() string {
	s := fmt.Sprintf("%s: %d × %s, %s/%s %s, %s", h.Time.UTC().Format("2006-01-02 15:04 UTC"), h.Cores, h.Model, runtime.GOOS, runtime.GOARCH, h.Kernel,
		runtime.Version())
	if h.Load != "" {
		s += ", load before " + h.Load
	}
	return s + "\n"
}
