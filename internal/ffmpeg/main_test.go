package ffmpeg

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary play the programs that the tests supervise: "--role=name" as the first argument makes it one of them.
// The environment could not carry the role, as children do not get it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if name, ok := strings.CutPrefix(os.Args[1], "--role="); ok {
			syscall.Exit(play(name, os.Args[2:])) // os.Exit takes a second under the race detector
		}
	}
	os.Exit(m.Run())
}
