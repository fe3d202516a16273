package ffmpeg

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// firstToGo is by how much a child looks larger than it is to the kernel when memory runs out, in thousandths of what there is (of the machine, or of
// the container). The largest process is killed then, and mostly that is the program with all its calls; with so much on top it is a child,
// which is the end of one song, unless the program itself has taken nearly all.
const firstToGo = 900

// maxOOMScore is the most that the kernel takes.
const maxOOMScore = 1000

// goesFirst has the kernel end a child rather than us when memory runs out. Where that cannot be said, in a sandbox or for want of a descriptor,
// the kernel decides as it likes.
func goesFirst(pid int) {
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return
	}
	if own, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		score := strconv.Itoa(min(own+firstToGo, maxOOMScore))
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte(score), 0)
	}
}
