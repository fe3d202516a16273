package ffmpeg

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// oomScore returns what a process, a pid or "self", has on top of its size when memory runs out.
func oomScore(t *testing.T, process string) int {
	t.Helper()
	text, err := os.ReadFile("/proc/" + process + "/oom_score_adj")
	if err != nil {
		t.Fatal(err)
	}
	score, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return score
}

func TestAChildIsEndedBeforeUsWhenMemoryRunsOut(t *testing.T) {
	p := start(t, testRunner(t, nil), "hang")
	defer p.Stop()
	own := oomScore(t, "self")
	if got, want := oomScore(t, fmt.Sprint(p.Pid())), min(own+firstToGo, maxOOMScore); got != want {
		t.Errorf("the kernel adds %d to a child and %d to us, expected %d for the child", got, own, want)
	}
}
