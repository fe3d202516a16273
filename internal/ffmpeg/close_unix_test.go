//go:build unix

package ffmpeg

import (
	"context"
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
	r := newRunner(Config{Path: self(t), Logger: log}, limits{quiet: time.Millisecond, exit: 10 * time.Millisecond, kill: 20 * time.Millisecond, close: 50 * time.Millisecond},
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
	if err := r.Close(); err != nil {
		t.Errorf("Close after the reaping: %v", err)
	}
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
	if err := r.Close(); err != nil {
		t.Error(err)
	}
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
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestAStatusThatWasTakenAwayIsSaid(t *testing.T) {
	err := error(&ExitError{Program: "ffmpeg", Code: -1, cause: errStolen})
	if !errors.Is(err, errStolen) || !strings.Contains(err.Error(), "its exit status is unknown: something else in this program reaps all children") {
		t.Errorf("error %q", err)
	}
}

func TestCloseEndsEverythingAndRefusesMore(t *testing.T) {
	r := testRunner(t, nil)
	var procs []*Process
	for _, role := range []string{"hang", "drip", "deaf", "write"} {
		procs = append(procs, start(t, r, role, "10", "0"))
	}
	<-procs[3].Done() // ended, unread
	for range 2 {
		var err error
		if within(t, "Close", func() { err = r.Close() }); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for i, p := range procs {
		if alive(p.Pid()) {
			t.Errorf("program %d lives", i)
		}
		_, err := p.Output(0).Read(make([]byte, 1))
		wantStopped(t, err)
		if !errors.Is(err, models.ErrClosed) {
			t.Errorf("program %d: read error %v, want ErrClosed in it", i, err)
		}
	}
	for _, c := range []Command{{}, {Name: "no-such-program"}} {
		if p, err := r.Start(context.Background(), c); p != nil || !errors.Is(err, models.ErrClosed) {
			t.Errorf("Start after Close: %v, want ErrClosed", err)
		}
	}
}

func TestCloseBeforeAnyStart(t *testing.T) {
	leak.Check(t)
	r := New(Config{})
	if r.Path() != "ffmpeg" {
		t.Errorf("Path is %q", r.Path())
	}
	within(t, "Close", func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseReleasesAStartThatWaits(t *testing.T) {
	leak.Check(t)
	busy, free := make(chan struct{}), make(chan struct{})
	r := newRunner(Config{Path: self(t)}, defaultLimits, func(spec) (child, error) {
		close(busy)
		<-free
		return nil, errors.New("never mind")
	})
	results := make(chan error, 2)
	begin := func(ctx context.Context) {
		_, err := r.Start(ctx, Command{})
		results <- err
	}
	go begin(context.Background())
	<-busy
	waiting := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.live == 2
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	go begin(ctx)
	eventually(t, "a second Start waits", waiting)
	reason := errors.New("changed my mind")
	cancel(reason)
	if err := <-results; !errors.Is(err, reason) {
		t.Errorf("a cancelled Start: %v, want %v", err, reason)
	}
	go begin(context.Background())
	eventually(t, "another Start waits", waiting)
	closed := make(chan error, 1)
	go func() { closed <- r.Close() }()
	if err := <-results; !errors.Is(err, models.ErrClosed) {
		t.Errorf("a Start during Close: %v, want ErrClosed", err)
	}
	close(free)
	if err := <-results; !errors.Is(err, models.ErrFFmpegSpawn) {
		t.Errorf("the first Start: %v, want ErrFFmpegSpawn", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestRunnersDoNotTouchEachOther(t *testing.T) {
	a, b := testRunner(t, nil), testRunner(t, nil)
	pa, pb := start(t, a, "hang"), start(t, b, "hang")
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if <-pa.Done(); !alive(pb.Pid()) || pb.Err() != nil {
		t.Errorf("closing one Runner ended another's child: %v", pb.Err())
	}
}

func TestAChildBornDuringCloseIsStopped(t *testing.T) {
	leak.Check(t)
	busy := make(chan struct{})
	var pid int
	var r *Runner
	r = newRunner(Config{Path: self(t)}, defaultLimits, func(s spec) (child, error) {
		close(busy)
		<-r.closing
		c, err := spawn(s)
		if err == nil {
			pid = c.pid()
		}
		return c, err
	})
	result := make(chan error, 1)
	go func() {
		_, err := r.Start(context.Background(), Command{Args: []string{"--role=hang"}})
		result <- err
	}()
	<-busy
	within(t, "Close", func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := <-result; !errors.Is(err, models.ErrClosed) {
		t.Errorf("Start: %v, want ErrClosed", err)
	}
	if pid == 0 || alive(pid) {
		t.Errorf("child %d lives, or was never born", pid)
	}
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
