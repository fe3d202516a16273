//go:build unix

package ffmpeg

import (
	"context"
	"errors"
	"testing"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

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

func TestStopAndCloseAreBoundedAsDocumented(t *testing.T) {
	want := limits{quiet: 500 * time.Millisecond, exit: 5 * time.Second, kill: 1500 * time.Millisecond, close: 4 * time.Second, reason: time.Second, room: 10 * time.Second}
	if r := New(Config{}); r.limits != want {
		t.Errorf("limits %v, want %v", r.limits, want)
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
