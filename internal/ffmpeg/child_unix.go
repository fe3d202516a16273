//go:build unix

package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"gotgcall/models"
)

// maxOutputs: stdout, and descriptor 3.
const maxOutputs = 2

// unixChild is a child with its group.
type unixChild struct {
	// Set at construction.
	id int
	// Owned by the goroutine that awaits and reaps.
	end status

	// mu guards the rest.
	mu     sync.Mutex
	reaped bool // the pid may be someone else's
}

// spawn starts a program as the leader of a group.
func spawn(s spec) (child, error) { return spawnLimited(s, setLimits) }

// spawnLimited is spawn with the function that sets the child's limits.
func spawnLimited(s spec, setLimits func(pid int, l models.ProcessLimits) error) (child, error) {
	attr := &syscall.ProcAttr{Env: s.env, Sys: sysProcAttr()}
	for _, f := range s.files {
		attr.Files = append(attr.Files, f.Fd()) // Fd puts the descriptor into blocking mode, as programs expect theirs
	}
	pid, _, err := syscall.StartProcess(s.path, s.args, attr)
	runtime.KeepAlive(s.files)
	if err != nil {
		return nil, &os.PathError{Op: "exec", Path: s.path, Err: err}
	}
	if err := setLimits(pid, s.limits); err != nil {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		wait4(pid)
		return nil, err
	}
	goesFirst(pid)
	if s.low {
		_ = syscall.Setpriority(syscall.PRIO_PROCESS, pid, niceness) // its threads inherit it; an error would mean that it is gone
	}
	return &unixChild{id: pid}, nil
}

// niceness is that of children with a low priority (nice(1)).
const niceness = 10

func (c *unixChild) pid() int { return c.id }

func (c *unixChild) reap() status {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reaped = true
	c.collect()
	return c.end
}

func (c *unixChild) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		_ = syscall.Kill(-c.id, syscall.SIGKILL) // an error would mean that nobody is left
	}
}

// errStolen is what it means when there is no status to be collected.
var errStolen = errors.New("something else in this program reaps all children; it must leave alone those it did not start")

func wait4(pid int) status {
	var ws syscall.WaitStatus
	var used syscall.Rusage
	for {
		_, err := syscall.Wait4(pid, &ws, 0, &used)
		cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return status{code: -1, err: fmt.Errorf("%w: %w", errStolen, err)}
		case ws.Signaled():
			name := unix.SignalName(ws.Signal())
			if name == "" {
				name = fmt.Sprintf("signal %d", int(ws.Signal()))
			}
			return status{code: -1, signal: name, cpu: cpu}
		}
		return status{code: ws.ExitStatus(), cpu: cpu}
	}
}

// isBrokenPipe reports whether a write failed because nobody holds the other end.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// readNow reads what a pipe holds, without waiting and whatever its deadline.
func readNow(f *os.File, b []byte) int {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	_ = conn.Control(func(fd uintptr) { n, _ = syscall.Read(int(fd), b) })
	return max(n, 0)
}
