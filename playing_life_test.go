package gotgcall_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

func TestStopDoesNotLeave(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, c))
		must(t, w.client.Stop(1))
		time.Sleep(time.Minute)
		c.expect(1, 0)
	})
}

func TestPlayIsGivenUpWithItsContext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after  time.Duration
		onJoin func(context.Context, int) error
		slow   bool // the source
		dark   bool
		joins  int
		leaves int
	}{
		"while the source is opened": {time.Second, nil, true, false, 0, 0},
		"while a join hangs":         {time.Second, func(ctx context.Context, _ int) error { return politely(ctx) }, false, false, 1, 1},
		"between two joins":          {2 * time.Second, func(context.Context, int) error { return errBusyServer }, false, false, 3, 0},
		"during Connect":             {2 * time.Second, nil, false, true, 1, 1},
		"in a later Connect":         {15 * time.Second, nil, false, true, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dark := atomic.Bool{}
			inFakeTime(t, func(t *testing.T, w *world) {
				dark.Store(c.dark)
				source := song{packets: 50}
				if c.slow {
					source.open = politely
				}
				courier := &courier{w: w, onJoin: c.onJoin}
				ctx, cancel := context.WithCancelCause(t.Context())
				why := errors.New("the user has changed his mind")
				time.AfterFunc(c.after, func() { cancel(why) })
				start := time.Now()
				is(t, w.client.Play(ctx, 1, source, courier), why)
				if took := time.Since(start); took > c.after+2*time.Second {
					t.Errorf("it took %s", took)
				}
				courier.expect(c.joins, c.leaves)
				if w.hasCall(1) {
					t.Error("the chat has a call though Play has failed")
				}
				dark.Store(false)
				must(t, w.client.Play(t.Context(), 1, song{packets: 50}, &plain{w}))
			}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark.Load() }))
		})
	}
}

// TestPlayEndsWithItsCallInEveryPhase: Stop, Close, Leave and CreateCall come in the middle, and the Signaler hangs.
func TestPlayEndsWithItsCallInEveryPhase(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"Stop", "Close", "Leave"} {
		for name, phase := range map[string]struct {
			hangs int // in which join; 0 is none
			lose  bool
			dark  bool
			slow  bool // the source
			after time.Duration
		}{
			"the source is opened":            {slow: true, after: time.Second},
			"the first join hangs":            {hangs: 1, after: time.Second},
			"it connects":                     {dark: true, after: 2 * time.Second},
			"it waits for the next try":       {dark: true, after: 10*time.Second + 100*time.Millisecond},
			"it connects again":               {dark: true, after: 12 * time.Second},
			"it plays":                        {after: time.Second},
			"it joins again and that hangs":   {hangs: 2, lose: true, after: 40 * time.Second},
			"it connects again after a loss":  {dark: true, lose: true, after: 40 * time.Second},
			"the server has not been noticed": {lose: true, after: 10 * time.Second},
		} {
			t.Run(way+" while "+name, func(t *testing.T) {
				dark := atomic.Bool{}
				inFakeTime(t, func(t *testing.T, w *world) {
					hang := w.hang()
					c := &courier{w: w, onJoin: func(ctx context.Context, try int) error {
						if try == phase.hangs {
							return hang(ctx)
						}
						return nil
					}}
					source := song{packets: 5000}
					if phase.slow {
						source.open = politely
					}
					played := make(chan error, 1)
					dark.Store(phase.dark && !phase.lose)
					go func() { played <- w.client.Play(t.Context(), 1, source, inspector{c, hang}) }()
					synctest.Wait()
					if phase.lose {
						time.Sleep(time.Second)
						must(t, <-played)
						played <- nil
						w.server.Endpoint(1).Blackout(true)
						dark.Store(phase.dark)
					}
					time.Sleep(phase.after)
					start := time.Now()
					switch way {
					case "Stop":
						must(t, w.client.Stop(1))
					case "Close":
						must(t, w.client.Close())
					case "Leave":
						_ = w.client.Leave(t.Context(), 1)
					}
					if err := <-played; phase.lose || name == "it plays" {
						must(t, err)
					} else if !errors.Is(err, gotgcall.ErrConnectionNotFound) && !errors.Is(err, gotgcall.ErrClosed) {
						t.Errorf("the error of Play is «%v»", err)
					}
					if took := time.Since(start); took > 2*time.Second {
						t.Errorf("it took %s", took)
					}
					time.Sleep(5 * time.Minute)
					synctest.Wait()
					joins, leaves := len(c.joins), 0
					if way == "Leave" && joins > 0 {
						leaves = 1
					}
					c.expect(joins, leaves)
					if ends := w.log.ended(); len(ends) != 0 {
						t.Errorf("the ends are %v", ends)
					}
					if w.hasCall(1) {
						t.Error("the chat has a call")
					}
				}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark.Load() }))
			})
		}
	}
}

func TestACallOfPlayIsReplacedByCreateCallWhenItHasFailed(t *testing.T) {
	t.Parallel()
	for _, lose := range []bool{false, true} {
		dark := atomic.Bool{}
		t.Run(fmt.Sprint("lost ", lose), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
					if lose && try == 2 {
						return errBusyServer
					}
					return nil
				}}
				dark.Store(!lose)
				played := make(chan error, 1)
				go func() { played <- w.client.Play(t.Context(), 1, song{packets: 5000}, c) }()
				if lose {
					time.Sleep(10 * time.Second)
					w.server.Endpoint(1).Blackout(true)
					w.waitFor(1, gotgcall.Failed)
				} else {
					w.waitFor(1, gotgcall.Timeout)
				}
				dark.Store(false)
				w.join(1)
				if err := <-played; lose {
					must(t, err)
				} else {
					is(t, err, gotgcall.ErrConnectionNotFound)
				}
				must(t, w.client.SetStreamSources(1, song{packets: 50}))
				time.Sleep(5 * time.Minute)
				if n := len(w.records(1)); n != 50 {
					t.Errorf("%d packets arrived, expected 50", n)
				}
				joins := 1
				if lose {
					joins = 2
				}
				c.expect(joins, 0)
			}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark.Load() }))
		})
	}
}

func TestLeaveReturnsTheSignalersErrorAndKeepsToItsContext(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w, onLeave: func(context.Context) error { return errBusyServer }}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, c))
		is(t, w.client.Leave(t.Context(), 1), errBusyServer)
		if w.hasCall(1) {
			t.Error("the chat has a call after Leave")
		}
		c = &courier{w: w, onLeave: w.hang()}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, c))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		is(t, w.client.Leave(ctx, 1), context.DeadlineExceeded)
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %s, expected a second", took)
		}
	})
}

func TestEverythingAtOnceHarmsNothing(t *testing.T) {
	t.Parallel()
	seeds := uint64(20)
	if underRace {
		seeds = 8
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.needed()
				random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // repeatable
				c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
					if try%3 == 0 {
						return errBusyServer
					}
					time.Sleep(time.Duration(try%5) * 100 * time.Millisecond)
					return nil
				}}
				ctx, cancel := context.WithCancel(t.Context())
				var all sync.WaitGroup
				for range 40 {
					what, after := random.IntN(8), time.Duration(random.IntN(20_000))*time.Millisecond
					all.Go(func() {
						time.Sleep(after)
						switch what {
						case 0:
							_ = w.client.Stop(1)
						case 1:
							_ = w.client.Leave(ctx, 1)
						case 2:
							_, _ = w.client.Rejoin(1)
						case 3:
							_, _ = w.client.CreateCall(1)
						case 4:
							if ep := w.server.Endpoint(1); ep != nil {
								ep.CloseNotify()
							}
						default:
							_ = w.client.Play(ctx, 1, song{packets: 200}, c)
						}
					})
				}
				time.Sleep(30 * time.Second)
				cancel()
				all.Wait()
				if w.hasCall(1) {
					must(t, w.client.Stop(1))
				}
				must(t, w.client.Play(t.Context(), 1, song{packets: 50}, &plain{w}))
				time.Sleep(time.Minute)
				if n := len(w.records(1)); n != 50 {
					t.Errorf("seed %d: %d packets arrived, expected 50", seed, n)
				}
				w.noViolations()
			})
		})
	}
}
