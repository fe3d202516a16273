package ffmpeg

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// sysProcAttr makes the child lead a group of its own and die with us. The kernel sends the death signal when the *thread* that made the
// child ends, not the process, hence the Runner's forking goroutine; and it forgets the signal in what the child itself starts.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// await waits without reaping: as long as the pid is taken, no group but the child's has its number.
func (c *unixChild) await() {
	if !c.awaitPolling() {
		c.awaitBlocking()
	}
}

// awaitPolling waits by the runtime's poller, so that a thousand children do not take a thousand threads. It reports false where the system
// (Linux before 5.3, some sandboxes) does not offer it.
func (c *unixChild) awaitPolling() bool {
	if runtime.GOOS == "android" { // kills programs that ask
		return false
	}
	fd, err := unix.PidfdOpen(c.id, 0)
	if err != nil {
		return false
	}
	if err := unix.SetNonblock(fd, true); err != nil { // makes os.NewFile use the poller
		unix.Close(fd)
		return false
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer f.Close()
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	return conn.Read(func(uintptr) bool { return c.hasExited() }) == nil
}

// awaitBlocking waits and occupies a thread.
func (c *unixChild) awaitBlocking() {
	for {
		if err := unix.Waitid(unix.P_PID, c.id, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return
		}
	}
}

// hasExited reports whether the child waits for being reaped, or is not ours any more.
func (c *unixChild) hasExited() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, c.id, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
	return err != nil || info.Signo != 0
}

// collect reaps what await has seen, at once.
func (c *unixChild) collect() { c.end = wait4(c.id) }
