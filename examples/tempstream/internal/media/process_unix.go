//go:build unix

package media

import (
	"errors"
	"os"
	"syscall"
)

// killGroup kills a child with all that it has started.
func killGroup(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return os.ErrProcessDone
}
