package notify

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/leak"
)

// of returns an event of a chat.
func of(chat int64, f func()) Event { return Event{Name: "OnStreamEnd", Chat: chat, Call: f} }

func (p *PerChat) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queues)
}

func TestACallbackOfOneChatDoesNotHoldThoseOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPerChat(Config{})
		release := make(chan struct{})
		var got [3][]int
		p.Post(of(0, func() { <-release }))
		for i := range 100 {
			for chat := range got {
				p.Post(of(int64(chat), func() { got[chat] = append(got[chat], i) }))
			}
		}
		synctest.Wait()
		if len(got[0]) != 0 || len(got[1]) != 100 || len(got[2]) != 100 {
			t.Errorf("%d, %d and %d events were delivered, expected 0, 100 and 100", len(got[0]), len(got[1]), len(got[2]))
		}
		close(release)
		synctest.Wait()
		for chat, events := range got {
			if len(events) != 100 || !slices.IsSorted(events) {
				t.Errorf("chat %d: %d events were delivered, expected 100 in order", chat, len(events))
			}
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnIdleChatHasNeitherQueueNorGoroutine(t *testing.T) {
	leak.Check(t) // while nothing is closed
	p := NewPerChat(Config{Warn: 1})
	for round := range 3 {
		var all sync.WaitGroup
		for chat := range int64(500) {
			for range 3 {
				all.Add(1)
				p.Post(of(chat, all.Done))
			}
		}
		all.Wait()
		for deadline := time.Now().Add(30 * time.Second); p.size() > 0; runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("round %d: %d queues are left", round, p.size())
			}
		}
	}
}

func TestAChatsQueueStaysWhileItsWarningIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := &stuckHandler{release: make(chan struct{})}
		p := NewPerChat(Config{Warn: 1, Logger: slog.New(stuck)})
		for range 3 {
			p.Post(of(1, func() { time.Sleep(time.Second / 2) }))
		}
		time.Sleep(time.Minute)
		if p.size() != 1 {
			t.Error("the queue has gone while the logger was writing about it")
		}
		close(stuck.release)
		synctest.Wait()
		if p.size() != 0 {
			t.Error("the queue is left")
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestEventsOfAChatAreInOrderWhereverItsQueueBegins(t *testing.T) {
	leak.Check(t)
	p := NewPerChat(Config{})
	const posters, each = 8, 2000
	var delivered atomic.Int64
	var running, last [posters]atomic.Int64
	var all sync.WaitGroup
	for chat := range posters {
		all.Go(func() {
			for i := range int64(each) {
				p.Post(of(int64(chat), func() {
					if running[chat].Add(1) != 1 {
						t.Error("two callbacks of a chat run at the same time")
					}
					if last[chat].Swap(i+1) != i {
						t.Errorf("chat %d: event %d came out of order", chat, i)
					}
					running[chat].Add(-1)
					delivered.Add(1)
					if i%100 == 0 {
						runtime.Goexit()
					}
				}))
				if i%3 == 0 {
					runtime.Gosched() // so that the queue runs empty now and then
				}
			}
		})
	}
	all.Wait()
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
	// Close does not wait for a callback in progress
	for deadline := time.Now().Add(30 * time.Second); delivered.Load() < posters*each; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d events were delivered", delivered.Load(), posters*each)
		}
	}
}

func TestCloseOfAllChatsWaitsForThemAtOnceAndNamesThoseThatBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPerChat(Config{})
		release := make(chan struct{})
		delivered := 0
		for chat := int64(11); chat <= 13; chat++ {
			p.Post(Event{Name: "OnConnectionChange", Chat: chat, Call: func() { <-release }})
			p.Post(of(chat, func() {}))
		}
		p.Post(of(20, func() { time.Sleep(time.Second) }))
		p.Post(of(20, func() { delivered++ }))
		synctest.Wait()
		begin := time.Now()
		err := p.Close(t.Context())
		if took := time.Since(begin); took != CloseLimit {
			t.Errorf("Close took %v, expected %v", took, CloseLimit)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
		for _, word := range []string{"OnConnectionChange", "chat 11", "chat 12", "chat 13"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("the error %v does not say %q", err, word)
			}
		}
		if delivered != 1 {
			t.Error("what waited in a chat that does not block was not delivered")
		}
		if p.Post(of(99, func() { t.Error("an event was delivered after Close") })) {
			t.Error("an event was accepted after Close")
		}
		close(release)
		synctest.Wait()
		if err := p.Close(t.Context()); err != nil || p.size() != 0 {
			t.Errorf("a second Close returned %v, with %d queues left", err, p.size())
		}
	})
}

func TestCloseInsideACallbackOfAChatReturnsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPerChat(Config{})
		var delivered atomic.Int64
		inside := func() {
			time.Sleep(10 * time.Second) // even when it has been slow, and another one is in progress
			if !InCallback() {
				t.Error("the callback is not known as one")
			}
			begin := time.Now()
			if err := p.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if took := time.Since(begin); took != 0 {
				t.Errorf("Close took %v", took)
			}
		}
		for chat := range int64(2) {
			p.Post(of(chat, inside))
			p.Post(of(chat, func() { delivered.Add(1) }))
		}
		time.Sleep(time.Minute)
		if delivered.Load() != 2 || p.size() != 0 {
			t.Errorf("%d events were delivered after it, expected 2; %d queues are left", delivered.Load(), p.size())
		}
	})
}
