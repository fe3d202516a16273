package gotgcall_test

import (
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

func TestEachJoinPayloadServesOneConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.needed()
		answer := w.create(1)
		must(t, w.client.Connect(1, answer))
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		time.Sleep(time.Second)
		w.lose(1)
		is(t, w.client.Connect(1, answer), gotgcall.ErrNotConnected)
		_, err := w.client.Rejoin(1)
		must(t, err)
		start := time.Now()
		is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionTimeout) // the answer to another payload
		if took := time.Since(start); took > 11*time.Second {
			t.Errorf("it took %s", took)
		}
		is(t, w.client.Connect(1, answer), gotgcall.ErrNotConnected)
		if ends := w.log.ended(); len(ends) != 0 {
			t.Errorf("the ends are %v", ends)
		}
		w.reconnect(1)
		time.Sleep(time.Second)
		if len(w.records(1)) == 0 {
			t.Error("nothing arrived")
		}
		w.noViolations()
	})
}

func TestNoRejoinIsNeededWithoutAFailure(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		needed := w.needed()
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 50 * 50}))
		time.Sleep(5 * time.Second)
		ep.BlackoutFor(15 * time.Second)
		time.Sleep(2 * time.Minute)
		w.join(2)
		must(t, w.client.Stop(1))
		must(t, w.client.Close())
		synctest.Wait()
		if n := needed.Load(); n != 0 {
			t.Errorf("OnRejoinNeeded was called %d times", n)
		}
	})
}

func TestARefusedJoinIsTriedAgainWithANewIdentity(t *testing.T) {
	var payloads []string
	inFakeTime(t, func(t *testing.T, w *world) {
		params, err := w.client.CreateCall(1)
		must(t, err)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		_, err = w.server.Join(1, params)
		is(t, err, sfutest.ErrSSRCDuplicate)
		params, err = w.client.Rejoin(1)
		must(t, err)
		time.Sleep(10 * time.Minute) // an administrator approves the join
		answer, err := w.server.Join(1, params)
		must(t, err)
		must(t, w.client.Connect(1, answer))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
		if len(payloads) != 2 || payloads[0] == payloads[1] {
			t.Errorf("the joins were %v, expected two different ones", payloads)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Connected)
		w.noViolations()
	}, sfutest.WithJoinHook(func(_ int64, payload string) error {
		if payloads = append(payloads, payload); len(payloads) == 1 {
			return sfutest.ErrSSRCDuplicate
		}
		return nil
	}))
}

func TestRejoinEndsTheConnectInProgress(t *testing.T) {
	dark := atomic.Bool{}
	dark.Store(true)
	inFakeTime(t, func(t *testing.T, w *world) {
		answer := w.create(1)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		first := make(chan error, 1)
		go func() { first <- w.client.Connect(1, answer) }()
		time.Sleep(4 * time.Second)
		start := time.Now()
		params, err := w.client.Rejoin(1)
		must(t, err)
		err = <-first
		is(t, err, gotgcall.ErrConnectionFailed)
		if !strings.Contains(err.Error(), "Rejoin") {
			t.Errorf("the error of the Connect that was ended is «%v»", err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("it took %s", took)
		}
		dark.Store(false)
		answer, err = w.server.Join(1, params)
		must(t, err)
		must(t, w.client.Connect(1, answer))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Disconnected, gotgcall.Connecting, gotgcall.Connected)
		w.noViolations()
	}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark.Load() }))
}

func TestRejoinEndsAConnectionThatStands(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		needed := w.needed()
		old := w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 20 * 50}))
		time.Sleep(5 * time.Second)
		old.Kick() // and invited again: the bot knows before ICE does
		params, err := w.client.Rejoin(1)
		must(t, err)
		at := w.position(1)
		time.Sleep(30 * time.Second)
		if now := w.position(1); now != at {
			t.Errorf("the position went from %s to %s while there was no connection", at, now)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected)
		answer, err := w.server.Join(1, params)
		must(t, err)
		must(t, w.client.Connect(1, answer))
		time.Sleep(time.Minute)
		if n, want := len(w.records(1)), int((20*time.Second-at)/frame); n != want || needed.Load() != 0 {
			t.Errorf("%d packets arrived, expected %d; OnRejoinNeeded was called %d times", n, want, needed.Load())
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Connecting, gotgcall.Connected)
		w.noViolations()
	})
}

func TestARejoinThatIsNotFollowedByConnectFailsTheCall(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		needed := w.needed()
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		params, err := w.client.Rejoin(1)
		must(t, err)
		answer, err := w.server.Join(1, params)
		must(t, err)
		time.Sleep(holdTime + time.Second)
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Failed)
		ends := w.log.ended()
		if len(ends) != 1 || needed.Load() != 0 {
			t.Fatalf("the ends are %v, expected one; OnRejoinNeeded was called %d times", ends, needed.Load())
		}
		is(t, ends[0], gotgcall.ErrConnectionFailed)
		is(t, w.client.Connect(1, answer), gotgcall.ErrNotConnected)
	})
}

func TestAHeldCallEndsAtOnceAndSilently(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"Stop", "Close", "CreateCall", "Stop after Rejoin"} {
		t.Run(way, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.needed()
				w.join(1)
				must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
				time.Sleep(time.Second)
				w.lose(1)
				start := time.Now()
				switch way {
				case "Close":
					must(t, w.client.Close())
				case "CreateCall":
					_, err := w.client.CreateCall(1)
					must(t, err)
				case "Stop after Rejoin":
					_, err := w.client.Rejoin(1)
					must(t, err)
					must(t, w.client.Stop(1))
				default:
					must(t, w.client.Stop(1))
				}
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("it took %s", took)
				}
				time.Sleep(2 * holdTime)
				if ends := w.log.ended(); len(ends) != 0 {
					t.Errorf("the ends are %v", ends)
				}
				w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Failed)
			})
		})
	}
}

func TestCloseWaitsForACallThatMadeWayForAnother(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.needed()
		w.join(1)
		release := make(chan struct{})
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50, reader: func(r io.Reader) io.Reader { return stubborn{r, release} }}))
		w.lose(1)
		_, err := w.client.CreateCall(1)
		must(t, err)
		time.AfterFunc(time.Second, func() { close(release) })
		start := time.Now()
		must(t, w.client.Close())
		if took := time.Since(start); took != time.Second {
			t.Errorf("Close took %s, expected the second that the source of the replaced call takes to be closed", took)
		}
	})
}

func TestRejoinsFromEverywhereAtOnceHarmNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.needed()
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		time.Sleep(time.Second)
		seen := sync.Map{}
		for range 5 {
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					params, err := w.client.Rejoin(1)
					must(t, err)
					if _, twice := seen.LoadOrStore(params, true); twice {
						t.Error("two Rejoins drew the same identity")
					}
					if answer, err := w.server.Join(1, params); err == nil {
						_ = w.client.Connect(1, answer)
					}
				})
			}
			all.Wait()
		}
		w.reconnect(1)
		time.Sleep(time.Second)
		if len(w.records(1)) == 0 {
			t.Error("nothing arrived")
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { _, _ = w.client.Rejoin(1) })
		}
		all.Go(func() { _ = w.client.Stop(1) })
		all.Wait()
		_, err := w.client.Rejoin(1)
		is(t, err, gotgcall.ErrConnectionNotFound)
	})
}

func TestRejoinFromInsideTheCallback(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		rejoined := 0
		w.client.OnRejoinNeeded(func(chat int64) {
			rejoined++
			w.reconnect(chat)
		})
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		for range 3 {
			time.Sleep(time.Second)
			w.server.Endpoint(1).Blackout(true)
			time.Sleep(40 * time.Second)
		}
		time.Sleep(10 * time.Minute)
		if ends := w.log.ended(); rejoined != 3 || len(ends) != 1 || ends[0] != nil {
			t.Errorf("the ends are %v after %d rejoins, expected the natural one", ends, rejoined)
		}
		w.noViolations()
	})
}
