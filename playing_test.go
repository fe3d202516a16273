package gotgcall_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// backoffs are the times of Play's eight tries when each fails at once: the sums of 0, 0.3, 1.2, 2.7, 4.8 and then 7 s.
func backoffs() []time.Duration {
	return []time.Duration{
		0, 300 * time.Millisecond, 1500 * time.Millisecond, 4200 * time.Millisecond,
		9 * time.Second, 16 * time.Second, 23 * time.Second, 30 * time.Second,
	}
}

var errBusyServer = errors.New("INTERDC_2_CALL_ERROR")

func TestPlayJoinsConnectsAndPlays(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, c))
		w.expectStates(gotgcall.Connecting, gotgcall.Connected)
		time.Sleep(time.Second)
		must(t, w.client.Play(t.Context(), 1, song{packets: 50}, c)) // in a call that is joined
		time.Sleep(time.Minute)
		c.expect(1, 0)
		if n := len(w.records(1)); n < 99 || n > 102 {
			t.Errorf("%d packets arrived, expected those of a second of one song, and 50 of the other", n)
		}
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("the ends are %v, expected that of the second song", ends)
		}
		must(t, w.client.Leave(t.Context(), 1))
		c.expect(1, 1)
		if err := w.server.Endpoint(1).Err(); !errors.Is(err, sfutest.ErrLeft) && !errors.Is(err, sfutest.ErrPeerClosed) {
			t.Errorf("the server's endpoint has ended with %v", err)
		}
		is(t, w.client.Leave(t.Context(), 1), gotgcall.ErrConnectionNotFound)
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Closed)
		w.noViolations()
	})
}

func TestAJoinThatFailsIsTriedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	for fails := range 9 {
		t.Run(fmt.Sprint(fails), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
					if try <= fails {
						return errBusyServer
					}
					return nil
				}}
				start := time.Now()
				err := w.client.Play(t.Context(), 1, song{packets: 50}, c)
				want := backoffs()[:min(fails+1, 8)]
				if got := c.times(start); !slices.Equal(got, want) {
					t.Errorf("the joins were after %v, expected %v", got, want)
				}
				c.expect(len(want), 0)
				if fails == 8 {
					is(t, err, gotgcall.ErrConnectionFailed)
					is(t, err, errBusyServer)
					if w.hasCall(1) {
						t.Error("the chat has a call though Play has failed")
					}
					return
				}
				must(t, err)
				time.Sleep(time.Minute)
				if n := len(w.records(1)); n != 50 {
					t.Errorf("%d packets arrived, expected 50", n)
				}
				w.expectStates(gotgcall.Connecting, gotgcall.Connected)
				w.noViolations()
			})
		})
	}
}

func TestAConnectionThatCannotBeMadeIsTriedAgainWithNewIdentities(t *testing.T) {
	t.Parallel()
	for _, fails := range []int{1, 8} {
		t.Run(fmt.Sprint(fails, " times"), func(t *testing.T) {
			dark := atomic.Bool{}
			inFakeTime(t, func(t *testing.T, w *world) {
				dark.Store(true)
				c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
					dark.Store(try <= fails)
					return nil
				}}
				err := w.client.Play(t.Context(), 1, song{packets: 50}, c)
				if fails == 8 {
					is(t, err, gotgcall.ErrConnectionTimeout)
					c.expect(8, 1) // and left, once
					if w.hasCall(1) {
						t.Error("the chat has a call though Play has failed")
					}
					return
				}
				must(t, err)
				time.Sleep(time.Minute)
				c.expect(2, 0)
				if n := len(w.records(1)); n != 50 {
					t.Errorf("%d packets arrived, expected 50", n)
				}
				w.expectStates(gotgcall.Connecting, gotgcall.Timeout, gotgcall.Connecting, gotgcall.Connected)
				w.noViolations()
			}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark.Load() }))
		})
	}
}

func TestAJoinOfPlayMayTakeItsTime(t *testing.T) {
	dark := atomic.Bool{}
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
			time.Sleep(10 * time.Minute) // an administrator approves it
			dark.Store(try == 1)
			return nil
		}}
		must(t, w.client.Play(t.Context(), 1, song{packets: 50}, c))
		time.Sleep(time.Minute)
		c.expect(2, 0)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Timeout, gotgcall.Connecting, gotgcall.Connected)
	}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark.Load() }))
}

func TestWhatNoTryCanMendEndsPlayAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuse error
		opts   []sfutest.Option
		want   error
		leaves int
	}{
		"the join is refused": {fmt.Errorf("%w: %w", gotgcall.ErrJoinRefused, sfutest.ErrForbidden), nil, gotgcall.ErrJoinRefused, 0},
		"a listener's answer": {nil, []sfutest.Option{sfutest.WithAnswer(sfutest.StreamAnswer)}, gotgcall.ErrUnsupportedCallMode, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				start := time.Now()
				courier := &courier{w: w, onJoin: func(context.Context, int) error { return c.refuse }}
				err := w.client.Play(t.Context(), 1, song{packets: 50}, courier)
				is(t, err, c.want)
				is(t, err, cmp.Or(c.refuse, c.want)) // the reason as it was given
				if took := time.Since(start); took > time.Second {
					t.Errorf("it took %s", took)
				}
				courier.expect(1, c.leaves)
				if w.hasCall(1) {
					t.Error("the chat has a call though Play has failed")
				}
			}, c.opts...)
		})
	}
}

func TestNothingIsJoinedForASourceThatCannotBePlayed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w}
		broken := song{packets: 0}
		is(t, w.client.Play(t.Context(), 1, broken, c), gotgcall.ErrFile)
		is(t, w.client.Play(t.Context(), 1, song{packets: 50}, c, gotgcall.EncodeOptions{AudioBitrateKbps: -1}), gotgcall.ErrInvalidParams)
		is(t, w.client.Play(t.Context(), 1, nil, c), gotgcall.ErrInvalidParams)
		is(t, w.client.Play(t.Context(), 1, song{packets: 50}, nil), gotgcall.ErrInvalidParams)
		c.expect(0, 0)
		if w.hasCall(1) {
			t.Error("the chat has a call though Play has failed")
		}
		must(t, w.client.Play(t.Context(), 1, song{packets: 100}, c))
		is(t, w.client.Play(t.Context(), 1, broken, c), gotgcall.ErrFile) // the song goes on
		time.Sleep(time.Minute)
		c.expect(1, 0)
		if n := len(w.records(1)); n != 100 {
			t.Errorf("%d packets arrived, expected 100", n)
		}
	})
}

func TestPlayIntoACallThatTheBotHasMade(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w}
		answer := w.create(1)
		is(t, w.client.Play(t.Context(), 1, song{packets: 50}, c), gotgcall.ErrConnectionExists)
		must(t, w.client.Connect(1, answer))
		must(t, w.client.Play(t.Context(), 1, song{packets: 50}, c))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
		w.lose(1)
		must(t, w.client.Play(t.Context(), 1, song{packets: 50}, c)) // in the place of the dead call
		c.expect(1, 0)
		must(t, w.client.StartRTMP(2, "rtmp://127.0.0.1:1/live/key"))
		is(t, w.client.Play(t.Context(), 2, song{packets: 50}, c), gotgcall.ErrWrongMode)
		must(t, w.client.Leave(t.Context(), 2))
		if w.hasCall(2) {
			t.Error("Leave has not stopped the broadcast")
		}
	})
}

func TestAPlayWhoseContextEndsSaysWhyItHadNotJoined(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		private := errors.New("rpc error 400: CHANNEL_PRIVATE")
		c := &courier{w: w, onJoin: func(context.Context, int) error { return private }}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		err := w.client.Play(ctx, 1, song{packets: 50}, c)
		is(t, err, context.DeadlineExceeded)
		is(t, err, private)
	})
}

func TestPlaysOfOneChatShareItsConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w, onJoin: func(context.Context, int) error { time.Sleep(5 * time.Second); return nil }}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		var plays sync.WaitGroup
		plays.Go(func() { is(t, w.client.Play(ctx, 1, song{packets: 500}, c), context.DeadlineExceeded) })
		time.Sleep(time.Second)
		plays.Go(func() { must(t, w.client.Play(t.Context(), 1, song{packets: 50}, c)) }) // goes on when the first is given up
		time.Sleep(time.Second)
		plays.Go(func() { is(t, w.client.Play(t.Context(), 1, song{}, c), gotgcall.ErrFile) }) // and harms nobody
		plays.Wait()
		time.Sleep(time.Minute)
		c.expect(1, 0)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected those of the last song", n)
		}
	})
}

// TestThePlayThatFailsDoesNotTakeOverTheSignaler: it has changed nothing.
func TestThePlayThatFailsDoesNotTakeOverTheSignaler(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		first, failing, last := &courier{w: w}, &courier{w: w}, &courier{w: w}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, first))
		is(t, w.client.Play(t.Context(), 1, song{}, failing), gotgcall.ErrFile)
		w.server.Endpoint(1).Blackout(true)
		time.Sleep(time.Minute)
		first.expect(2, 0)
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, last))
		must(t, w.client.Leave(t.Context(), 1))
		first.expect(2, 0)
		failing.expect(0, 0)
		last.expect(0, 1)
	})
}

func TestAConnectionThatStandsIsLeftWhenEveryPlayHasFailed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w, onJoin: func(context.Context, int) error { time.Sleep(5 * time.Second); return nil }}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		var plays sync.WaitGroup
		plays.Go(func() { is(t, w.client.Play(ctx, 1, song{packets: 5000}, c), context.DeadlineExceeded) })
		time.Sleep(3 * time.Second)
		late := errors.New("no such song")
		slow := song{open: func(context.Context) error { time.Sleep(7 * time.Second); return late }}
		plays.Go(func() { is(t, w.client.Play(t.Context(), 1, slow, c), late) })
		plays.Wait()
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Closed)
		c.expect(1, 1)
		if w.hasCall(1) {
			t.Error("the chat has a call though every Play has failed")
		}
	})
}

func TestAPlayThatComesWhileAnotherIsGivenUpBeginsAnew(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		slow := func(context.Context) error { time.Sleep(3 * time.Second); return nil }
		c := &courier{w: w, onJoin: func(context.Context, int) error { time.Sleep(2 * time.Second); return nil }, onLeave: slow}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first := make(chan error, 1)
		go func() { first <- w.client.Play(ctx, 1, song{packets: 500}, c) }()
		time.Sleep(2 * time.Second) // the first one is leaving
		must(t, w.client.Play(t.Context(), 1, song{packets: 50}, c))
		is(t, <-first, context.DeadlineExceeded)
		time.Sleep(time.Minute)
		c.expect(2, 1)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
	})
}

// TestAPlayThatComesWhileAnotherThatHasFailedLeavesBeginsAnew: the call had no connection, and gets none any more.
func TestAPlayThatComesWhileAnotherThatHasFailedLeavesBeginsAnew(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ begins, opens time.Duration }{
		"it comes meanwhile":                     {2 * time.Second, 0},
		"its source has been being opened since": {500 * time.Millisecond, 2 * time.Second},
		"its source is opened until all is over": {500 * time.Millisecond, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				slow := func(context.Context) error { time.Sleep(3 * time.Second); return nil }
				c := deafAtFirst{&courier{w: w, onJoin: func(context.Context, int) error { time.Sleep(time.Second); return nil }, onLeave: slow}}
				first := make(chan error, 1)
				go func() { first <- w.client.Play(t.Context(), 1, song{packets: 500}, c) }()
				time.Sleep(tt.begins)
				must(t, w.client.Play(t.Context(), 1, slowSong(tt.opens, 1, 1), c))
				is(t, <-first, gotgcall.ErrUnsupportedCallMode)
				time.Sleep(time.Minute)
				c.expect(2, 1)
				if n := len(w.records(1)); n != 50 {
					t.Errorf("%d packets arrived, expected 50", n)
				}
			})
		})
	}
}

// deafAtFirst is a courier whose first join is that of a listener.
type deafAtFirst struct{ *courier }

func (d deafAtFirst) Join(ctx context.Context, chatID int64, params string) (string, error) {
	answer, err := d.courier.Join(ctx, chatID, params)
	if len(d.times(time.Now())) == 1 && err == nil {
		answer = `{"stream":true}`
	}
	return answer, err
}

func TestAJoinThatTheServerHasForgottenIsMadeAgainAtOnce(t *testing.T) {
	dark := atomic.Bool{}
	inFakeTime(t, func(t *testing.T, w *world) {
		dark.Store(true)
		c := &courier{w: w, onJoin: func(context.Context, int) error { return nil }}
		checks := 0
		i := inspector{c, func(context.Context) error {
			switch checks++; checks {
			case 1:
				return errBusyServer // tells nothing
			case 2:
				w.server.Endpoint(1).Kick()
				dark.Store(false)
			}
			return nil
		}}
		start := time.Now()
		must(t, w.client.Play(t.Context(), 1, song{packets: 50}, i))
		if got := c.times(start); len(got) != 2 || got[1] != 8*time.Second {
			t.Errorf("the joins were after %v, expected 0 and 8 s", got)
		}
		time.Sleep(time.Minute)
		c.expect(2, 0)
		if n := len(w.records(1)); n != 50 || checks != 2 {
			t.Errorf("%d packets arrived, expected 50; there were %d checks", n, checks)
		}
	}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark.Load() }))
}
