//go:build unix && !linux

package ffmpeg

import "syscall"

// sysProcAttr makes the child lead a group of its own. These systems have nothing that would let it die with us.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// goesFirst does nothing: what these systems end when memory runs out cannot be told them.
func goesFirst(int) {}

// await reaps as well, as x/sys/unix has no wait here that does not. The kill of the group which follows is safe nevertheless: its number
// stays taken while it has members, and without members a new process is most unlikely to get that number in between.
func (c *unixChild) await() { c.end = wait4(c.id) }

// collect has nothing to do.
func (c *unixChild) collect() {}
