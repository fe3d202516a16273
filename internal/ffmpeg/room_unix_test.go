//go:build unix

package ffmpeg

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"gotgcall/models"
)

// limited is a Runner for so many children, which waits so long for room.
func limited(t *testing.T, size int, patience time.Duration) *Runner {
	t.Helper()
	return testRunner(t, func(c *Config, l *limits) { c.MaxProcesses, l.room = size, patience })
}

var sleeper = Command{Name: "sleep", Args: []string{"60"}}

func TestAChildMoreThanAllowedStartsWhenAnotherHasEnded(t *testing.T) {
	r := limited(t, 2, guard)
	first := startCommand(t, r, sleeper)
	startCommand(t, r, sleeper)
	started := make(chan *Process)
	go func() { started <- startCommand(t, r, sleeper) }()
	eventually(t, "a Start that waits", func() bool {
		r.room.mu.Lock()
		defer r.room.mu.Unlock()
		return len(r.room.waiting) == 1
	})
	if n := len(r.livePids()); n != 2 {
		t.Errorf("%d children live, expected 2", n)
	}
	first.Stop()
	within(t, "the third Start", func() { <-started })
	if n := len(r.livePids()); n != 2 {
		t.Errorf("%d children live, expected 2", n)
	}
}

func TestTheWaitForAChildEndsWithErrBusyOrTheContextOrClose(t *testing.T) {
	r := limited(t, 1, 50*time.Millisecond)
	startCommand(t, r, sleeper)
	if _, err := r.Start(context.Background(), sleeper); !errors.Is(err, models.ErrBusy) {
		t.Errorf("with all places taken the error is %v, expected ErrBusy", err)
	}
	r = limited(t, 1, guard)
	startCommand(t, r, sleeper)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.Start(ctx, sleeper); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("when its context has ended the error is %v", err)
	}
	failed := make(chan error)
	go func() {
		_, err := r.Start(context.Background(), sleeper)
		failed <- err
	}()
	eventually(t, "a Start that waits", func() bool {
		r.room.mu.Lock()
		defer r.room.mu.Unlock()
		return len(r.room.waiting) == 1
	})
	within(t, "Close", func() { _ = r.Close() })
	if err := <-failed; !errors.Is(err, models.ErrClosed) {
		t.Errorf("when the Runner was closed the error is %v", err)
	}
}

func TestPlacesComeBackFromChildrenThatFailToStart(t *testing.T) {
	r := limited(t, 2, 50*time.Millisecond)
	r.spawn = func(s spec) (child, error) {
		if s.args[0] == "true" {
			return nil, errors.New("no")
		}
		return spawn(s)
	}
	for range 5 {
		if _, err := r.StartAll(context.Background(), sleeper, Command{Name: "true"}); !errors.Is(err, models.ErrFFmpegSpawn) {
			t.Fatalf("the error is %v", err)
		}
		if _, err := r.StartAll(context.Background(), Command{Name: "true"}, sleeper); !errors.Is(err, models.ErrFFmpegSpawn) {
			t.Fatalf("the error is %v", err)
		}
	}
	eventually(t, "all places free", func() bool {
		r.room.mu.Lock()
		defer r.room.mu.Unlock()
		return r.room.used == 0
	})
	processes, err := r.StartAll(context.Background(), sleeper, sleeper)
	if err != nil || len(processes) != 2 {
		t.Errorf("%d processes and %v, when there is room for two", len(processes), err)
	}
}

func TestAMissingProgramIsToldWithoutWaitingForRoom(t *testing.T) {
	r := limited(t, 1, guard)
	startCommand(t, r, sleeper)
	if _, err := r.Start(context.Background(), Command{Name: "no-such-program"}); !errors.Is(err, models.ErrFFmpegSpawn) {
		t.Errorf("the error is %v", err)
	}
}

func TestManyStartsNeverExceedTheLimit(t *testing.T) {
	const size = 3
	r := limited(t, size, guard)
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			commands := []Command{{Name: "true"}, {Name: "true"}}[:1+i%2]
			processes, err := r.StartAll(context.Background(), commands...)
			if err != nil {
				t.Error(err)
				return
			}
			if n := len(r.livePids()); n > size {
				t.Errorf("%d children live, expected %d at most", n, size)
			}
			for _, p := range processes {
				<-p.Done()
				p.Stop()
			}
		})
	}
	within(t, "all", all.Wait)
}
