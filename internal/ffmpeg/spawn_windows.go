package ffmpeg

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// maxOutputs: stdout only, as Windows programs inherit no other numbered descriptor.
const maxOutputs = 1

// windowsChild is a child in a job object, which ends with our last handle to it, and so with us.
type windowsChild struct {
	// Set at construction.
	process *os.Process
	// Owned by the goroutine that awaits and reaps.
	end status

	// mu guards the rest.
	mu     sync.Mutex
	job    windows.Handle // 0 when the system gave none: then the program is killed alone
	reaped bool
}

// spawn starts a program in a job object. What the program starts in its very first moment, before it is put there, is outside.
func spawn(s spec) (child, error) {
	if err := setLimits(0, s.limits); err != nil {
		return nil, err
	}
	flags := uint32(windows.CREATE_NEW_PROCESS_GROUP)
	if s.low {
		flags |= windows.BELOW_NORMAL_PRIORITY_CLASS
	}
	p, err := os.StartProcess(s.path, s.args, &os.ProcAttr{
		Env:   s.env,
		Files: s.files,
		// A Ctrl-C in our console is not for the child, and it needs no window.
		Sys: &syscall.SysProcAttr{HideWindow: true, CreationFlags: flags},
	})
	if err != nil {
		return nil, err
	}
	return &windowsChild{process: p, job: newJob(p.Pid)}, nil
}

// newJob makes a job object with the process in it, or returns 0.
func newJob(pid int) windows.Handle {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err == nil {
		var process windows.Handle
		process, err = windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
		if err == nil {
			err = windows.AssignProcessToJobObject(job, process)
			_ = windows.CloseHandle(process)
		}
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return 0
	}
	return job
}

func (c *windowsChild) pid() int { return c.process.Pid }

func (c *windowsChild) await() {
	state, err := c.process.Wait()
	if err != nil {
		c.end = status{code: -1, err: err}
		return
	}
	c.end = status{code: state.ExitCode()}
}

func (c *windowsChild) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.reaped:
	case c.job != 0:
		_ = windows.TerminateJobObject(c.job, 1)
	default:
		_ = c.process.Kill()
	}
}

func (c *windowsChild) reap() status {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reaped = true
	if c.job != 0 {
		_ = windows.CloseHandle(c.job)
	}
	return c.end
}

// isBrokenPipe reports whether a write failed because nobody holds the other end.
func isBrokenPipe(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}

var peekNamedPipe = windows.NewLazySystemDLL("kernel32.dll").NewProc("PeekNamedPipe")

// readNow reads what a pipe holds, without waiting.
func readNow(f *os.File, b []byte) int {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	_ = conn.Control(func(h uintptr) {
		var held uint32
		ok, _, _ := peekNamedPipe.Call(h, 0, 0, 0, uintptr(unsafe.Pointer(&held)), 0)
		if ok != 0 && held > 0 {
			n, _ = syscall.Read(syscall.Handle(h), b) // does not wait: this is the only reader
		}
	})
	return max(n, 0)
}
