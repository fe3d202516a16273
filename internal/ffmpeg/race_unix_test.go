//go:build unix

package ffmpeg

import (
	"context"
	"io"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestFiveHundredStartsAtOnce(t *testing.T) {
	const n = 500
	r := testRunner(t, nil)
	pids := make(chan int, n)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			p, err := r.Start(context.Background(), Command{Name: "sleep", Args: []string{"60"}})
			if err != nil {
				t.Error(err)
				return
			}
			pids <- p.Pid()
		})
	}
	within(t, "starting", wg.Wait)
	close(pids)
	within(t, "Close", func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	count := 0
	for pid := range pids {
		count++
		if alive(pid) {
			t.Errorf("child %d lives", pid)
		}
	}
	if count != n {
		t.Errorf("%d children, want %d", count, n)
	}
}

func TestChildrenDoNotTakeAThreadEach(t *testing.T) {
	threads := func() int {
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Skip("needs /proc")
		}
		return len(entries)
	}
	r := testRunner(t, nil)
	startCommand(t, r, Command{Name: "sleep", Args: []string{"60"}})
	before := threads()
	for range 100 {
		startCommand(t, r, Command{Name: "sleep", Args: []string{"60"}})
	}
	if n := threads() - before; n > 50 { // the runtime's own come and go
		t.Errorf("100 children took %d threads", n)
	}
}

// TestStopRacesWithEverything lets a Stop meet, at any moment, a reader, the program's own end, a cancelled context, another Stop and Close.
func TestStopRacesWithEverything(t *testing.T) {
	r := testRunner(t, nil)
	programs := []Command{
		{Name: "yes"},  // writes for ever
		{Name: "true"}, // is over at once
		{Name: "sleep", Args: []string{"60"}},
		{Name: "echo", Args: []string{"x"}, Outputs: 2},
	}
	const n = 1000
	slots := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			p, err := r.Start(ctx, programs[i%len(programs)])
			if err != nil {
				t.Error(err)
				return
			}
			var race sync.WaitGroup
			for _, o := range p.outputs {
				race.Go(func() { _, _ = io.CopyN(io.Discard, o, int64(i)<<4) })
			}
			race.Go(cancel)
			race.Go(p.Stop)
			race.Go(p.Stop)
			race.Go(func() { _, _ = p.Err(), p.Stderr() })
			race.Wait()
			<-p.Done()
			for _, o := range p.outputs {
				if _, err := io.Copy(io.Discard, o); err != nil { // either it ended before the stop, or it tells of it
					wantStopped(t, err)
				}
			}
		})
	}
	within(t, "the races", wg.Wait)
	noneLeft(t, r)
}

// TestFinishRacesWithEverything lets a Finish meet, at any moment, a writer, a reader, the program's own end, Close of the input and Stop.
func TestFinishRacesWithEverything(t *testing.T) {
	r := testRunner(t, nil)
	programs := []Command{
		{Name: "cat", Input: true},                                  // reads to the end
		{Name: "head", Args: []string{"-c", "100000"}, Input: true}, // ends on the way
		{Name: "true", Input: true},                                 // is over at once
		{Name: "sleep", Args: []string{"60"}, Input: true},
	}
	slots := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for i := range 400 {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			p, err := r.Start(context.Background(), programs[i%len(programs)])
			if err != nil {
				t.Error(err)
				return
			}
			var race sync.WaitGroup
			race.Go(func() {
				for err := error(nil); err == nil; {
					_, err = p.Input().Write(make([]byte, i<<8+1))
				}
			})
			race.Go(func() { _, _ = io.CopyN(io.Discard, p.Output(0), int64(i)<<10) })
			race.Go(func() { _ = p.Finish(time.Duration(i%20) * time.Millisecond) })
			if i%3 == 0 {
				race.Go(func() { _ = p.Input().Close() })
			}
			if i%5 == 0 {
				race.Go(p.Stop)
			}
			race.Wait()
			<-p.Done()
			p.Stop() // its reader may have left early
		})
	}
	within(t, "the races", wg.Wait)
	noneLeft(t, r)
}

// noneLeft waits until the Runner knows no process any more.
func noneLeft(t *testing.T, r *Runner) {
	t.Helper()
	eventually(t, "a Runner without processes", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.procs) == 0 && r.live == 0
	})
}

func TestCloseRacesWithStart(t *testing.T) {
	for range 20 {
		r := testRunner(t, nil)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if p, err := r.Start(context.Background(), Command{Name: "yes"}); err == nil {
					_, err = io.Copy(io.Discard, p.Output(0))
					wantStopped(t, err)
				}
			})
		}
		wg.Go(func() { _ = r.Close() })
		within(t, "the race", wg.Wait)
	}
}

func TestAReadThatHasSeenTheExitIsNotEndedByTheWakeUpForIt(t *testing.T) {
	p := start(t, testRunner(t, func(_ *Config, l *limits) { l.quiet = guard }), "escape", "drip")
	escapee := readPid(t, p.Output(0))
	defer func() { _ = syscall.Kill(escapee, syscall.SIGKILL) }()
	eventually(t, "the program ended", p.over)
	quit := make(chan struct{})
	var waker sync.WaitGroup
	waker.Go(func() { // as supervise does when it runs late
		for !isClosed(quit) {
			_ = p.outputs[0].file.SetReadDeadline(time.Now())
			time.Sleep(time.Millisecond)
		}
	})
	defer func() { close(quit); waker.Wait() }()
	within(t, "reading on", func() {
		if _, err := io.ReadFull(p.Output(0), make([]byte, 50)); err != nil {
			t.Errorf("read error %v while there was output", err)
		}
	})
}
