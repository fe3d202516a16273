//go:build unix

package ffmpeg

import (
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

// stubborn is a simulated child that dies when the test says so, as one in uninterruptible sleep does, and records what is done to it.
type stubborn struct {
	id    int
	end   chan struct{}
	pipes []*os.File

	mu    sync.Mutex
	calls []string
}

func (c *stubborn) pid() int { return c.id }
func (c *stubborn) await()   { <-c.end; c.note("await") }
func (c *stubborn) kill()    { c.note("kill") }
func (c *stubborn) reap() status {
	c.note("reap")
	for _, f := range c.pipes {
		f.Close()
	}
	return status{code: -1, signal: "SIGKILL"}
}

func (c *stubborn) note(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
}

// stubbornRunner starts simulated children with short limits; they hold their ends of the pipes as a real one would.
func stubbornRunner(t *testing.T) (*Runner, func() *stubborn, *logBuffer) {
	t.Helper()
	leak.Check(t)
	var last *stubborn
	log, lines := debugLog()
	r := newRunner(Config{Path: self(t), Logger: log}, limits{quiet: time.Millisecond, exit: 10 * time.Millisecond, kill: 20 * time.Millisecond, close: 50 * time.Millisecond, reason: time.Millisecond},
		func(s spec) (child, error) {
			c := &stubborn{id: 4242, end: make(chan struct{})}
			for _, f := range s.files {
				fd, err := dupFile(f)
				if err != nil {
					return nil, err
				}
				c.pipes = append(c.pipes, fd)
			}
			last = c
			return c, nil
		})
	return r, func() *stubborn { return last }, lines
}

// closeAtLast closes a Runner with limits too short for a slow machine.
func closeAtLast(t *testing.T, r *Runner) {
	t.Helper()
	eventually(t, "Close succeeds", func() bool { return r.Close() == nil })
}

// dupFile is what a child does to the descriptors it is given.
func dupFile(f *os.File) (*os.File, error) {
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), f.Name()), nil
}

func TestAnUnkillableChildHoldsUpNobody(t *testing.T) { // simulated
	r, last, log := stubbornRunner(t)
	p := startCommand(t, r, Command{})
	c := last()
	within(t, "Stop", p.Stop)
	wantStopped(t, p.Err())
	_, err := p.Output(0).Read(make([]byte, 1))
	wantStopped(t, err)
	eventually(t, "the warning with the pid", func() bool {
		return strings.Contains(log.String(), "level=WARN") && strings.Contains(log.String(), "pid=4242")
	})
	for range 2 {
		within(t, "Close", func() { err = r.Close() })
		if err == nil || !strings.Contains(err.Error(), "4242") {
			t.Errorf("Close: %v, want an error that names pid 4242", err)
		}
	}
	select {
	case <-p.Done():
		t.Error("Done before the child was reaped")
	case <-r.forkEnd:
		t.Error("the forking goroutine ended before its child, which kills that on Linux")
	default:
	}

	close(c.end) // the disk is back
	within(t, "the reaping", func() { <-p.Done() })
	wantStopped(t, p.Err())
	closeAtLast(t, r)
}

func TestAnUnkillableChildThatClosedItsOutputIsReported(t *testing.T) { // simulated
	r, last, _ := stubbornRunner(t)
	p := startCommand(t, r, Command{})
	for _, f := range last().pipes {
		f.Close()
	}
	_, err := readAll(t, p.Output(0))
	if !errors.Is(err, models.ErrFFmpegCrashed) || !strings.Contains(err.Error(), "4242") {
		t.Errorf("error %v, want a crash that names the pid", err)
	}
	close(last().end)
	<-p.Done()
	closeAtLast(t, r)
}

func TestStopReleasesAReaderThatWaitsForTheExit(t *testing.T) { // simulated
	r, last, _ := stubbornRunner(t)
	r.limits.exit = time.Hour
	p := startCommand(t, r, Command{})
	for _, f := range last().pipes {
		f.Close()
	}
	result := make(chan error, 1)
	go func() {
		_, err := p.Output(0).Read(make([]byte, 1))
		result <- err
	}()
	eventually(t, "the reader saw the end", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.open == 0
	})
	p.Stop()
	within(t, "the reader", func() { wantStopped(t, <-result) })
	close(last().end)
	<-p.Done()
	closeAtLast(t, r)
}

func TestTheGroupIsKilledBeforeThePidIsGivenUp(t *testing.T) { // simulated
	r, last, _ := stubbornRunner(t)
	p := startCommand(t, r, Command{})
	close(last().end)
	<-p.Done()
	if got := strings.Join(last().calls, " "); got != "await kill reap" {
		t.Errorf("the child saw %q, want await kill reap", got)
	}
	p.Stop()
	closeAtLast(t, r)
}

func TestAStatusThatWasTakenAwayIsSaid(t *testing.T) {
	err := error(&ExitError{Program: "ffmpeg", Code: -1, cause: errStolen})
	if !errors.Is(err, errStolen) || !strings.Contains(err.Error(), "its exit status is unknown: something else in this program reaps all children") {
		t.Errorf("error %q", err)
	}
}
