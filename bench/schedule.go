package main

import (
	"context"
	"sync"
	"time"
)

// schedule is what a program without this library has: one goroutine that sends what is due. The calls are spread evenly over a packet's length, as
// they are where each begins by itself.
type schedule struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu      sync.Mutex // guards what follows
	senders []sender
}

// sender sends one packet of a call.
type sender func(sequence uint16, timestamp uint32)

// run sends for so many calls until close. A call takes part once it was added.
func (s *schedule) run(calls int) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.ended.Go(func() {
		timer := time.NewTimer(0)
		defer timer.Stop()
		start := time.Now()
		for n := 0; ctx.Err() == nil; n++ {
			round, call := n/calls, n%calls
			due := start.Add(time.Duration(round)*frameLength + frameLength*time.Duration(call)/time.Duration(calls))
			if !until(ctx, due, timer) {
				return
			}
			if send := s.sender(call); send != nil {
				send(uint16(round), uint32(round*frameTicks)) //nolint:gosec // modulo 2^16 and 2^32, by design
			}
		}
	})
}

// until waits for a moment; it reports false when ctx ended before.
func until(ctx context.Context, due time.Time, timer *time.Timer) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return true
	}
	timer.Reset(wait)
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *schedule) sender(i int) sender {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i < len(s.senders) {
		return s.senders[i]
	}
	return nil
}

func (s *schedule) add(f sender) {
	s.mu.Lock()
	s.senders = append(s.senders, f)
	s.mu.Unlock()
}

func (s *schedule) close() {
	s.cancel()
	s.ended.Wait()
}
