//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"gotgcall/internal/usage"
)

// chaos kills and stops child processes until ctx ends. What it has stopped goes on some time later, or is killed by the library before.
func chaos(ctx context.Context, dice *rand.Rand) {
	const every = 500 * time.Millisecond
	var waking sync.WaitGroup
	defer waking.Wait()
	for tick := time.NewTicker(every); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		pids := usage.Children()
		if len(pids) == 0 {
			continue
		}
		pid := pids[dice.IntN(len(pids))]
		if dice.IntN(3) == 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone already
			continue
		}
		_ = syscall.Kill(pid, syscall.SIGSTOP) // as above
		stands := time.Duration(dice.Int64N(int64(20 * time.Second)))
		waking.Go(func() {
			select {
			case <-ctx.Done():
			case <-time.After(stands):
			}
			_ = syscall.Kill(pid, syscall.SIGCONT) // as above
		})
	}
}
