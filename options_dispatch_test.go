package gotgcall_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
)

func TestACallbackThatBlocksHoldsOtherChatsOnlyWithoutDispatchPerChat(t *testing.T) {
	t.Parallel()
	for _, perChat := range []bool{false, true} {
		var options []gotgcall.Option
		if perChat {
			options = append(options, gotgcall.WithDispatchPerChat())
		}
		t.Run(fmt.Sprint("per chat ", perChat), func(t *testing.T) {
			inFakeTimeWith(t, options, func(t *testing.T, w *world) {
				release := make(chan struct{})
				var mu sync.Mutex
				got := map[int64][]gotgcall.ConnState{}
				w.client.OnConnectionChange(func(chat int64, info gotgcall.NetworkInfo) {
					if chat == 1 {
						<-release
					}
					mu.Lock()
					defer mu.Unlock()
					got[chat] = append(got[chat], info.State)
				})
				count := func(chat int64) int {
					synctest.Wait()
					mu.Lock()
					defer mu.Unlock()
					return len(got[chat])
				}
				w.join(1)
				w.join(2)
				time.Sleep(time.Minute)
				want := 0
				if perChat {
					want = 2
				}
				if a, b := count(1), count(2); a != 0 || b != want {
					t.Errorf("while the callback of chat 1 blocks, %d and %d events were delivered, expected 0 and %d", a, b, want)
				}
				close(release)
				for chat := int64(1); chat <= 2; chat++ {
					if n := count(chat); n != 2 || got[chat][0] != gotgcall.Connecting || got[chat][1] != gotgcall.Connected {
						t.Errorf("chat %d: the events were %v", chat, got[chat])
					}
				}
			})
		})
	}
}

func TestCloseNamesTheChatWhoseCallbackBlocks(t *testing.T) {
	inFakeTimeWith(t, []gotgcall.Option{gotgcall.WithDispatchPerChat()}, func(t *testing.T, w *world) {
		release := make(chan struct{})
		ended := 0
		w.client.OnConnectionChange(func(chat int64, info gotgcall.NetworkInfo) {
			switch {
			case chat == 77:
				<-release
			case info.State == gotgcall.Closed:
				ended++
			}
		})
		w.join(77)
		w.join(2)
		begin := time.Now()
		err := w.client.Close()
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("Close took %s", took)
		}
		if err == nil || !strings.Contains(err.Error(), "OnConnectionChange for chat 77") {
			t.Errorf("the error is %v", err)
		}
		if ended != 1 {
			t.Errorf("%d ends of chat 2 were delivered, expected one", ended)
		}
		close(release)
	})
}

func TestEveryMethodReturnsFromInsideACallbackOfItsChat(t *testing.T) {
	t.Parallel()
	for name, method := range methods {
		if method.leaves || name == "Close" || strings.Contains(name, ".") || strings.HasSuffix(name, "Context") {
			continue // those that may wait for something are of interest
		}
		t.Run(name, func(t *testing.T) {
			inFakeTimeWith(t, []gotgcall.Option{gotgcall.WithDispatchPerChat()}, func(t *testing.T, w *world) {
				var called atomic.Int64
				w.client.OnConnectionChange(func(chat int64, _ gotgcall.NetworkInfo) {
					_, _ = method.call(newSubject(&theatre{world: w, url: nowhere}, 3-chat)) // the other chat's
					called.Add(1)
				})
				answers := []string{w.create(1), w.create(2)}
				for i, answer := range answers {
					go func() { _ = w.client.Connect(int64(i+1), answer) }()
				}
				time.Sleep(time.Minute)
				must(t, w.client.Close())
				if n := called.Load(); n < 2 {
					t.Errorf("%d callbacks have returned", n)
				}
			})
		})
	}
}
