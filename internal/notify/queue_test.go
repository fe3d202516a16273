package notify

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// logbook is a logger's output, one line per record.
type logbook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(p))
	return len(p), nil
}

// with returns the lines that contain every one of the words.
func (l *logbook) with(words ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			found = append(found, line)
		}
	}
	return found
}

func newLog() (*logbook, *slog.Logger) {
	l := &logbook{}
	return l, slog.New(slog.NewTextHandler(l, nil))
}

// event returns an event whose callback is f.
func event(f func()) Event { return Event{Name: "OnStreamEnd", Chat: -1001, Call: f} }

func TestEveryEventIsDeliveredOnceAndInOrderBehindASlowCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{})
		const n = 10_000
		var got []int
		var count atomic.Int64
		begin := time.Now()
		q.Post(event(func() { time.Sleep(10 * time.Second) }))
		for i := range n {
			if !q.Post(event(func() { got = append(got, i); count.Add(1) })) {
				t.Fatalf("event %d was refused", i)
			}
		}
		if d := time.Since(begin); d != 0 {
			t.Errorf("Post waited: %v", d)
		}
		time.Sleep(9 * time.Second)
		if c := count.Load(); c != 0 {
			t.Errorf("%d events overtook the slow callback", c)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(got) != n {
			t.Fatalf("%d events delivered, want %d", len(got), n)
		}
		for i, event := range got {
			if event != i {
				t.Fatalf("event %d was delivered in the place of event %d", event, i)
			}
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestPostFromACallbackIsDeliveredAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{})
		var got []string
		q.Post(event(func() {
			q.Post(event(func() { got = append(got, "inner") }))
			got = append(got, "outer")
		}))
		synctest.Wait()
		if !slices.Equal(got, []string{"outer", "inner"}) {
			t.Errorf("got %v", got)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAPanicIsLoggedWithItsStackAndTheQueueGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book, log := newLog()
		q := New(Config{Logger: log})
		delivered := 0
		q.Post(event(func() { panic("the user's mistake") }))
		q.Post(event(nil))
		q.Post(event(func() { runtime.Goexit() }))
		q.Post(event(func() { delivered++ }))
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if delivered != 1 {
			t.Errorf("%d events delivered after the panics, want 1", delivered)
		}
		if len(book.with("panicked", "OnStreamEnd", "-1001", "the user's mistake", "queue_test.go")) != 1 {
			t.Errorf("no line names callback, chat, cause and place: %v", book.lines)
		}
		if got := book.with("panicked"); len(got) != 2 {
			t.Errorf("%d panics logged, want 2", len(got))
		}
	})
}

func TestACallbackThatEndedAbnormallyIsNotInProgress(t *testing.T) {
	for name, f := range map[string]func(){"panic": func() { panic("mistake") }, "Goexit": runtime.Goexit} {
		synctest.Test(t, func(t *testing.T) {
			book, log := newLog()
			q := New(Config{Logger: log})
			q.Post(event(f))
			time.Sleep(time.Minute)
			if lines := book.with("slow"); len(lines) != 0 {
				t.Errorf("%s: %v", name, lines)
			}
			if err := q.Close(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestASlowCallbackIsWarnedAboutOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book, log := newLog()
		q := New(Config{Logger: log})
		q.Post(event(func() { time.Sleep(999 * time.Millisecond) }))
		q.Post(Event{Name: "OnConnectionChange", Chat: 42, Call: func() { time.Sleep(10 * time.Second) }})
		q.Post(event(func() {}))
		time.Sleep(1998 * time.Millisecond)
		synctest.Wait()
		if lines := book.with("slow"); len(lines) != 0 {
			t.Errorf("warned before the limit: %v", lines)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if lines := book.with("slow", "OnConnectionChange", "chat=42", "waiting=1"); len(lines) != 1 {
			t.Errorf("after 1 s: %v", book.lines)
		}
		time.Sleep(time.Minute)
		if lines := book.with("slow"); len(lines) != 1 {
			t.Errorf("%d warnings, want 1: %v", len(lines), lines)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTheSlowLimitIsAnOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		book, log := newLog()
		q := New(Config{Logger: log, Slow: time.Minute})
		q.Post(event(func() { time.Sleep(59 * time.Second) }))
		q.Post(event(func() { time.Sleep(61 * time.Second) }))
		time.Sleep(time.Hour)
		if lines := book.with("slow"); len(lines) != 1 {
			t.Errorf("%d warnings, want 1: %v", len(lines), lines)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestManyWaitingEventsAreWarnedAboutOncePerCrossing(t *testing.T) {
	for _, c := range []struct {
		name         string
		config, want int
	}{{"the default", 0, 256}, {"an option", 10, 10}, {"the smallest", 1, 1}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				book, log := newLog()
				q := New(Config{Logger: log, Warn: c.config, Slow: time.Hour})
				tick := make(chan struct{})
				post := func(n int) {
					for range n {
						q.Post(event(func() { <-tick }))
					}
					synctest.Wait()
				}
				waiting := func() int {
					q.mu.Lock()
					defer q.mu.Unlock()
					return len(q.events)
				}
				deliverTo := func(n int) {
					for waiting() > n {
						tick <- struct{}{}
						synctest.Wait()
					}
				}
				check := func(when string, want int) {
					t.Helper()
					if got := len(book.with("many events", fmt.Sprintf("limit=%d", c.want))); got != want {
						t.Errorf("%s: %d warnings, want %d", when, got, want)
					}
				}
				post(1) // in progress, not waiting
				post(c.want)
				check("at the limit", 0)
				post(1)
				check("above the limit", 1)
				post(3 * c.want)
				check("far above the limit", 1)
				deliverTo((c.want + 1) / 2)
				post(c.want)
				check("above the limit again, never having been below its half", 1)
				deliverTo((c.want - 1) / 2)
				post(c.want + 1)
				check("above the limit again, having been below its half", 2)
				close(tick)
				if err := q.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// stuckHandler is a logger that hangs until release is closed.
type stuckHandler struct {
	entered atomic.Int64
	release chan struct{}
}

func (h *stuckHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h *stuckHandler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *stuckHandler) WithGroup(string) slog.Handler            { return h }

func (h *stuckHandler) Handle(context.Context, slog.Record) error {
	h.entered.Add(1)
	<-h.release
	return nil
}

func TestPostDoesNotWaitForAStuckLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := &stuckHandler{release: make(chan struct{})}
		q := New(Config{Warn: 1, Logger: slog.New(stuck)})
		delivered := 0
		begin := time.Now()
		for range 3 { // three crossings, of which only the first can be written
			for range 100 {
				q.Post(event(func() { delivered++ }))
			}
			synctest.Wait()
		}
		if delivered != 300 || time.Since(begin) != 0 {
			t.Errorf("%d events delivered after %v", delivered, time.Since(begin))
		}
		for range 3 {
			q.Post(event(func() { time.Sleep(2 * time.Second) }))
		}
		time.Sleep(10 * time.Second)
		if n := stuck.entered.Load(); n != 2 {
			t.Errorf("%d goroutines wait for the logger, want one for each kind of warning", n)
		}
		begin = time.Now()
		err := q.Close(t.Context())
		if err == nil || !strings.Contains(err.Error(), "logger") || time.Since(begin) != CloseLimit {
			t.Errorf("Close returned %v after %v, want an error about the logger after %v", err, time.Since(begin), CloseLimit)
		}
		close(stuck.release)
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAQueueWithoutEventsCostsNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	var list []*Queue
	for range 1000 {
		list = append(list, New(Config{}))
	}
	if n := runtime.NumGoroutine() - before; n > 100 {
		t.Errorf("1000 queues have %d goroutines", n)
	}
	for _, q := range list {
		if err := q.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMemoryOfABurstIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Config{})
		hold := make(chan struct{})
		q.Post(event(func() { <-hold }))
		for range 10_000 {
			q.Post(event(func() {}))
		}
		close(hold)
		synctest.Wait()
		q.mu.Lock()
		room := cap(q.events)
		q.mu.Unlock()
		if room != 0 {
			t.Errorf("the empty queue keeps room for %d events", room)
		}
		if err := q.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
