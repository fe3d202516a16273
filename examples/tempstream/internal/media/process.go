package media

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// tailSize is how much of what a process complains about is kept.
const tailSize = 2 << 10

// runProcess runs a program in a folder until it ends or ctx does, and waits for it: whatever it has started is killed with it. An error has
// the last line that the program wrote to stderr.
func runProcess(ctx context.Context, dir, path string, args []string) error {
	// Where the system kills children with the thread that started them, that thread has to last as long as they do.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var complaint tail
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Stderr = &complaint
	cmd.SysProcAttr = ownGroup()
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
	cmd.WaitDelay = 2 * time.Second // for stderr, should somebody else have kept it open
	err := cmd.Run()
	if line := complaint.last(); err != nil && line != "" {
		return fmt.Errorf("%w: %s", err, line)
	}
	return err
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = bytes.Clone(t.kept[over:])
	}
	return len(b), nil
}

// last is the last line that is not empty.
func (t *tail) last() string {
	lines := strings.Split(strings.TrimSpace(string(t.kept)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
