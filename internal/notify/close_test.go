package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCloseWaitsForWaitingEventsAndRefusesFurtherOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{})
		delivered := 0
		for range 4 {
			q.Post(event(func() {
				time.Sleep(time.Second)
				delivered++
				if delivered > 1 && q.Post(event(func() { t.Error("an event posted after Close was delivered") })) {
					t.Error("an event was accepted after Close")
				}
			}))
		}
		synctest.Wait()
		time.Sleep(500 * time.Millisecond) // the first is in progress
		begin := time.Now()
		go func() {
			time.Sleep(time.Millisecond)
			if q.Post(event(func() {})) {
				t.Error("an event was accepted during Close")
			}
		}()
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if delivered != 4 || time.Since(begin) != 3500*time.Millisecond {
			t.Errorf("Close returned after %v with %d of 4 events delivered", time.Since(begin), delivered)
		}
	})
}

func TestCloseOfAQueueThatWasNeverUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{})
		for range 3 {
			if err := q.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if q.Post(event(func() {})) {
			t.Error("an event was accepted after Close")
		}
	})
}

func TestCloseOfAClosedQueueSucceedsWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{})
		q.Post(event(func() {}))
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			if err := q.Close(ended); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestCloseDoesNotWaitForACallbackInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{})
		var over atomic.Bool
		q.Post(event(func() {
			time.Sleep(900 * time.Millisecond)
			over.Store(true)
		}))
		synctest.Wait()
		begin := time.Now()
		if err := q.Close(t.Context()); err != nil || time.Since(begin) != 0 || over.Load() {
			t.Errorf("Close returned %v after %v", err, time.Since(begin))
		}
		time.Sleep(time.Second)
		if !over.Load() {
			t.Error("the callback did not end")
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// deep calls f below n stack frames.
func deep(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	deep(n-1, f)
}

func TestCloseInsideACallbackReturnsAtOnceAndTheRestIsDelivered(t *testing.T) {
	for _, depth := range []int{0, 10, 62, 63, 64, 65, 500} {
		synctest.Test(t, func(t *testing.T) {
			q := New(Config{})
			var got []int
			q.Post(event(func() {
				time.Sleep(10 * time.Second) // even when it has been slow
				begin := time.Now()
				deep(depth, func() {
					if err := q.Close(t.Context()); err != nil {
						t.Error(err)
					}
				})
				if d := time.Since(begin); d != 0 {
					t.Errorf("Close at depth %d took %v inside a callback", depth, d)
				}
				got = append(got, 0)
			}))
			for i := range 3 {
				q.Post(event(func() { got = append(got, i+1) }))
			}
			time.Sleep(20 * time.Second)
			synctest.Wait()
			if !slices.Equal(got, []int{0, 1, 2, 3}) {
				t.Errorf("delivered %v", got)
			}
			if err := q.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCloseNamesACallbackThatBlocks(t *testing.T) {
	for _, c := range []struct {
		name   string
		before int           // events before the blocking one
		behind int           // events behind it
		age    time.Duration // of the blocking one at Close
		limit  time.Duration // of Close's context
		takes  time.Duration
	}{
		{"begun during Close", 1, 0, 0, time.Hour, CloseLimit},
		{"in progress, events behind it", 0, 2, 0, time.Hour, CloseLimit},
		{"in progress for long, nothing behind it", 0, 0, time.Minute, time.Hour, 0},
		{"in progress for long, events behind it", 0, 2, time.Minute, time.Hour, CloseLimit},
		{"a shorter context", 0, 2, time.Minute, time.Second, time.Second},
		{"an ended context", 0, 2, time.Minute, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				book, log := newLog()
				q := New(Config{Logger: log})
				release, delivered := make(chan struct{}), 0
				for range c.before {
					q.Post(event(func() { time.Sleep(time.Millisecond) }))
				}
				q.Post(Event{Name: "OnConnectionChange", Chat: 77, Call: func() { <-release }})
				for range c.behind {
					q.Post(event(func() { delivered++ }))
				}
				synctest.Wait()
				time.Sleep(c.age)
				ctx, cancel := context.WithTimeout(t.Context(), c.limit)
				defer cancel()
				begin := time.Now()
				err := q.Close(ctx)
				if d := time.Since(begin); d != c.takes {
					t.Errorf("Close took %v, want %v", d, c.takes)
				}
				words := []string{"OnConnectionChange", "77", fmt.Sprintf("%d events wait", c.behind)}
				for _, w := range words {
					if err == nil || !strings.Contains(err.Error(), w) {
						t.Errorf("the error %v does not say %q", err, w)
					}
				}
				if c.takes > 0 && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the error %v is not context.DeadlineExceeded", err)
				}
				if len(book.with(append(words, "ERROR")...)) != 1 {
					t.Errorf("no log line names it: %v", book.lines)
				}
				close(release)
				synctest.Wait()
				if err := q.Close(t.Context()); err != nil {
					t.Errorf("Close after it returned: %v", err)
				}
				if delivered != c.behind {
					t.Errorf("%d of %d events delivered behind it", delivered, c.behind)
				}
			})
		})
	}
}

func TestTwoQueuesWhoseCallbacksCloseEachOtherDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := New(Config{}), New(Config{})
		begin := time.Now()
		var ready sync.WaitGroup
		ready.Add(2)
		for _, pair := range [][2]*Queue{{a, b}, {b, a}} {
			pair[0].Post(event(func() {
				ready.Done()
				ready.Wait()
				if err := pair[1].Close(t.Context()); err != nil {
					t.Error(err)
				}
			}))
			pair[0].Post(event(func() {}))
		}
		synctest.Wait()
		if d := time.Since(begin); d != 0 {
			t.Errorf("they waited %v", d)
		}
		for _, q := range []*Queue{a, b} {
			if err := q.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAcceptedEventsAreDeliveredOnceWhateverRuns(t *testing.T) {
	for round := range 20 {
		q := New(Config{Warn: 16})
		const posters, each = 8, 300
		var accepted, delivered atomic.Int64
		var last [posters]int // owned by the dispatcher
		var wg sync.WaitGroup
		for p := range posters {
			wg.Go(func() {
				for i := range each {
					ok := q.Post(event(func() {
						if last[p] != i {
							t.Errorf("poster %d: event %d came after %d others", p, i, last[p])
						}
						last[p]++
						delivered.Add(1)
						if i%50 == 0 {
							panic("now and then")
						}
					}))
					if !ok {
						return
					}
					accepted.Add(1)
				}
			})
		}
		if round%2 == 0 {
			wg.Wait()
		}
		var closers sync.WaitGroup
		for range 4 {
			closers.Go(func() { _ = q.Close(context.Background()) })
		}
		closers.Wait()
		wg.Wait()
		<-q.done
		if accepted.Load() != delivered.Load() {
			t.Fatalf("%d events accepted, %d delivered", accepted.Load(), delivered.Load())
		}
	}
}
