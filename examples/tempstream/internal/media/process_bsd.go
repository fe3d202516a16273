//go:build unix && !linux

package media

import "syscall"

// ownGroup makes a child lead a group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
