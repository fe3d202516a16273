//go:build unix

package gotgcall_test

import (
	"os"
	"syscall"
	"testing"
)

// suspend stops a process; a kill ends it all the same.
func suspend(t *testing.T, p *os.Process) {
	t.Helper()
	must(t, p.Signal(syscall.SIGSTOP))
}
