//go:build !unix

package media

import (
	"os"
	"syscall"
)

// ownGroup asks for nothing: there are no process groups here.
func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup kills a child.
func killGroup(p *os.Process) error { return p.Kill() }
