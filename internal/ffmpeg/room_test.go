package ffmpeg

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/models"
)

// patience is how long these tests wait for room.
const patience = 10 * time.Second

func TestRoomIsGivenInTheOrderOfAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &room{size: 2}
		var mu sync.Mutex
		var order []string
		ask := func(name string, children int) {
			go func() {
				if err := m.take(t.Context(), nil, time.Hour, children); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
			}()
			synctest.Wait()
		}
		got := func(want ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(order, want) {
				t.Errorf("room was given to %v, expected %v", order, want)
			}
		}
		ask("a", 1)
		ask("b", 1)
		ask("two", 2)
		ask("c", 1)
		got("a", "b")
		m.give(1)
		got("a", "b") // one place is free, and c does not overtake
		m.give(1)
		got("a", "b", "two")
		m.give(1)
		got("a", "b", "two", "c")
		m.give(2)
		if m.used != 0 || len(m.waiting) != 0 {
			t.Errorf("%d places are used and %d wait, when all have ended", m.used, len(m.waiting))
		}
	})
}

func TestAWaitForRoomEndsWithItsReason(t *testing.T) {
	why := errors.New("the user left")
	for name, c := range map[string]struct {
		begin func(cancel func(error), closing chan struct{})
		after time.Duration
		want  error
	}{
		"the deadline": {func(func(error), chan struct{}) {}, patience, models.ErrBusy},
		"the context":  {func(cancel func(error), _ chan struct{}) { cancel(why) }, time.Second, why},
		"the closing":  {func(_ func(error), closing chan struct{}) { close(closing) }, time.Second, models.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &room{size: 3}
				closing := make(chan struct{})
				if err := m.take(t.Context(), closing, patience, 2); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				time.AfterFunc(time.Second, func() { c.begin(cancel, closing) })
				passed := make(chan error, 1)
				go func() {
					time.Sleep(500 * time.Millisecond)
					passed <- m.take(t.Context(), nil, time.Hour, 1) // behind it, and there is room for this one
				}()
				begin := time.Now()
				err := m.take(ctx, closing, patience, 2)
				if !errors.Is(err, c.want) || time.Since(begin) != c.after {
					t.Errorf("after %v the error is %v, expected %v after %v", time.Since(begin), err, c.want, c.after)
				}
				if errors.Is(err, models.ErrBusy) {
					for _, word := range []string{"2 child processes run", "WithMaxProcesses allows 3", "room for 2", "10s", "stop a call"} {
						if !strings.Contains(err.Error(), word) {
							t.Errorf("the error %q does not say %q", err, word)
						}
					}
				}
				if err := <-passed; err != nil {
					t.Error(err)
				}
				if time.Since(begin) != c.after {
					t.Errorf("who was behind it waited %v, expected %v", time.Since(begin), c.after)
				}
			})
		})
	}
}

func TestMoreThanTheLimitAtOnceIsRefusedWithoutWaiting(t *testing.T) {
	m := &room{size: 1}
	err := m.take(t.Context(), nil, patience, 2)
	if !errors.Is(err, models.ErrInvalidParams) || !strings.Contains(err.Error(), "needs 2") || !strings.Contains(err.Error(), "allows 1") {
		t.Errorf("the error is %v", err)
	}
	if m.used != 0 {
		t.Errorf("%d places are used", m.used)
	}
}

func TestTwoWhoNeedTwoDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &room{size: 3}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if err := m.take(t.Context(), nil, patience, 2); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Second / 2)
				m.give(2)
			})
		}
		all.Wait()
	})
}

func TestNoPlaceIsLostWhateverEndsTheWaits(t *testing.T) {
	m := &room{size: 2}
	var all sync.WaitGroup
	for i := range 500 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*100*time.Microsecond)
			defer cancel()
			if m.take(ctx, nil, time.Duration(i%5)*100*time.Microsecond, 1+i%2) == nil {
				m.mu.Lock()
				if m.used > m.size {
					t.Errorf("%d of %d places are used", m.used, m.size)
				}
				m.mu.Unlock()
				m.give(1 + i%2)
			}
		})
	}
	all.Wait()
	if m.used != 0 || len(m.waiting) != 0 {
		t.Errorf("%d places are used and %d wait, when all have ended", m.used, len(m.waiting))
	}
}
