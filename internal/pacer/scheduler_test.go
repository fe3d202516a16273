package pacer

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// taskFunc is a Task made of a function.
type taskFunc func(now time.Time) time.Time

func (f taskFunc) Run(now time.Time) time.Time { return f(now) }

func TestATaskRunsAtItsAbsoluteDeadlinesForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewScheduler()
		defer s.Close()
		const interval, runs = 20 * time.Millisecond, 3600 * 50
		start := time.Now()
		done := make(chan struct{})
		n := 0
		e := s.Add(taskFunc(func(now time.Time) time.Time {
			due := start.Add(time.Duration(n) * interval)
			if !now.Equal(due) {
				t.Errorf("run %d at %s, due at %s", n, now.Sub(start), due.Sub(start))
			}
			if n++; n == runs {
				close(done)
				return time.Time{}
			}
			return start.Add(time.Duration(n) * interval)
		}))
		e.Wake()
		<-done
		e.Remove()
	})
}

func TestManyTasksShareTheGoroutinesAndKeepTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewScheduler()
		defer s.Close()
		var late atomic.Int64
		var entries []*Entry
		for i := range 200 {
			next := time.Now().Add(time.Duration(i) * time.Millisecond)
			entries = append(entries, s.Add(taskFunc(func(now time.Time) time.Time {
				if now.Sub(next) > 0 {
					late.Add(1)
				}
				next = next.Add(20 * time.Millisecond)
				return next
			})))
			entries[i].Wake()
		}
		time.Sleep(10 * time.Second)
		for _, e := range entries {
			e.Remove()
		}
		if late.Load() > 200 { // the first run of each is at once, not at its deadline
			t.Errorf("%d runs were late in fake time", late.Load())
		}
	})
}

func TestWakeDuringRunRunsAgainAndAParkedTaskSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewScheduler()
		defer s.Close()
		runs := 0
		var e *Entry
		e = s.Add(taskFunc(func(time.Time) time.Time {
			if runs++; runs == 1 {
				e.Wake()
			}
			return time.Time{}
		}))
		e.Wake()
		time.Sleep(time.Hour)
		e.Remove()
		if runs != 2 {
			t.Errorf("ran %d times, expected once for each Wake: 2", runs)
		}
	})
}

func TestAnEarlierDeadlineIsNotLostToALaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewScheduler()
		defer s.Close()
		var at []time.Duration
		start := time.Now()
		e := s.Add(taskFunc(func(now time.Time) time.Time {
			at = append(at, now.Sub(start))
			return start.Add(10 * time.Second)
		}))
		e.Wake()
		time.Sleep(time.Second)
		e.Wake()
		time.Sleep(8 * time.Second)
		e.Remove()
		if len(at) != 2 || at[1] != time.Second {
			t.Errorf("ran at %v, expected 0s and 1s", at)
		}
	})
}

func TestNothingRunsAfterRemove(t *testing.T) {
	s := NewScheduler()
	defer s.Close()
	for range 200 {
		var removed atomic.Bool
		e := s.Add(taskFunc(func(now time.Time) time.Time {
			if removed.Load() {
				t.Error("the task runs although Remove has returned")
			}
			return now.Add(10 * time.Microsecond)
		}))
		var wakers sync.WaitGroup
		for range 4 {
			wakers.Go(e.Wake)
		}
		e.Wake()
		e.Remove()
		removed.Store(true)
		wakers.Wait()
	}
}

func TestSettleWaitsForARunThatBeganAfterIt(t *testing.T) {
	s := NewScheduler()
	defer s.Close()
	entered, leave := make(chan struct{}), make(chan struct{})
	var changed, seen atomic.Bool
	var once sync.Once
	e := s.Add(taskFunc(func(now time.Time) time.Time {
		saw := changed.Load()
		once.Do(func() {
			close(entered)
			<-leave
		})
		seen.Store(saw)
		return now // always due again: Settle must not wait for these
	}))
	e.Wake()
	<-entered
	changed.Store(true)
	go close(leave)
	e.Settle()
	if !seen.Load() {
		t.Error("Settle returned before a Run had seen the change")
	}
	e.Remove()
	e.Settle() // of a removed task returns at once
}

func TestSettleOfARemovedTaskWaitsForTheRunInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewScheduler()
		defer s.Close()
		var over atomic.Bool
		e := s.Add(taskFunc(func(time.Time) time.Time {
			time.Sleep(time.Second)
			over.Store(true)
			return time.Time{}
		}))
		e.Wake()
		synctest.Wait()
		go e.Remove()
		synctest.Wait()
		e.Settle()
		if !over.Load() {
			t.Error("Settle returned while the task was running")
		}
	})
}

func TestCloseEndsTheGoroutinesWhateverIsScheduled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a goroutine that stayed would fail the bubble
		s := NewScheduler()
		e := s.Add(taskFunc(func(now time.Time) time.Time { return now.Add(time.Second) }))
		e.Wake()
		time.Sleep(10 * time.Second)
		s.Close()
		s.Close()
		e.Wake()
		e.Settle()
		e.Remove()
	})
}

func BenchmarkScheduler(b *testing.B) {
	s := NewScheduler()
	defer s.Close()
	done := make(chan struct{})
	n := 0
	e := s.Add(taskFunc(func(now time.Time) time.Time {
		if n++; n == b.N {
			close(done)
			return time.Time{}
		}
		return now
	}))
	b.ReportAllocs()
	e.Wake()
	<-done
	e.Remove()
}
