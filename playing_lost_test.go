package gotgcall_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

func TestALostConnectionOfPlayIsMadeAgain(t *testing.T) {
	t.Parallel()
	for _, fails := range []int{0, 1, 3, 7, 8} {
		t.Run(fmt.Sprint(fails), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				needed := w.needed()
				var at time.Duration // when the connection is known to be lost: the source waits from then on
				c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
					if try == 2 {
						at = w.position(1)
					}
					if try > 1 && try <= 1+fails {
						return errBusyServer
					}
					return nil
				}}
				must(t, w.client.Play(t.Context(), 1, album{packets: 120 * 50}, c))
				time.Sleep(35 * time.Second)
				w.server.Endpoint(1).Blackout(true)
				for len(c.times(time.Now())) < 2 {
					time.Sleep(time.Millisecond)
				}
				lost := time.Now()
				time.Sleep(5 * time.Minute)
				if needed.Load() != 0 {
					t.Error("OnRejoinNeeded was called for a call of Play")
				}
				ends := w.log.ended()
				if len(ends) != 1 {
					t.Fatalf("the ends are %v, expected one", ends)
				}
				got, want := c.times(lost)[1:], backoffs()[:min(fails+1, 8)]
				for i := range got {
					if (got[i] - want[i]).Abs() > time.Millisecond {
						t.Errorf("the joins were after %v, expected %v", got, want)
						break
					}
				}
				if fails == 8 {
					c.expect(9, 1)
					is(t, ends[0], gotgcall.ErrConnectionFailed)
					is(t, ends[0], errBusyServer)
					must(t, w.client.Play(t.Context(), 1, song{packets: 50}, &plain{w})) // takes the place of the dead call
					return
				}
				c.expect(2+fails, 0)
				is(t, ends[0], nil)
				packets := w.records(1)
				if first := places(packets)[0]; first != int(at/frame) || len(packets) != 120*50-first {
					t.Errorf("the song goes on with its packet %d, and %d in all, expected it to go on at %s", first, len(packets), at)
				}
				checkSteady(t, packets)
				w.noViolations()
			})
		})
	}
}

func TestWhatPlayHasLeftIsNotLeftAgain(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
			if try > 1 {
				return gotgcall.ErrJoinRefused
			}
			return nil
		}}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, c))
		time.Sleep(time.Second)
		w.server.Endpoint(1).CloseNotify()
		time.Sleep(time.Second)
		c.expect(2, 1)
		is(t, w.client.Leave(t.Context(), 1), sfutest.ErrJoinMissing)
		c.expect(2, 2) // for the first one had failed

		c = &courier{w: w, onJoin: c.onJoin}
		must(t, w.client.Play(t.Context(), 2, song{packets: 5000}, forgiving{c}))
		time.Sleep(time.Second)
		w.server.Endpoint(2).CloseNotify()
		time.Sleep(time.Second)
		c.expect(2, 1)
		must(t, w.client.Leave(t.Context(), 2))
		c.expect(2, 1)
	})
}

func TestAConnectionOfPlayThatDoesNotHoldIsGivenUp(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, c))
		for range 200 {
			if ep := w.server.Endpoint(1); ep.Phase() == sfutest.PhaseConnected {
				ep.CloseNotify()
			}
			time.Sleep(time.Second)
		}
		c.expect(8, 1)
		ends := w.log.ended()
		if len(ends) != 1 {
			t.Fatalf("the ends are %v, expected one", ends)
		}
		is(t, ends[0], gotgcall.ErrConnectionFailed)
	})
}

func TestWhilePlayRejoinsAnotherSourceCanBePlayed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		c := &courier{w: w, onJoin: func(_ context.Context, try int) error {
			if try == 2 {
				time.Sleep(10 * time.Second)
			}
			return nil
		}}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, c))
		time.Sleep(time.Second)
		w.lose(1)
		start := time.Now()
		must(t, w.client.Play(t.Context(), 1, song{packets: 50}, c))
		if took := time.Since(start); took < 9*time.Second {
			t.Errorf("Play returned after %s, before the connection stood", took)
		}
		time.Sleep(time.Minute)
		c.expect(2, 0)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
	})
}

func TestAJoinThatHangsInTheBackgroundIsLeftBehind(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		hang := w.hang()
		c := &courier{w: w, onJoin: func(ctx context.Context, try int) error {
			if try == 2 {
				return hang(ctx)
			}
			return nil
		}}
		must(t, w.client.Play(t.Context(), 1, song{packets: 5000}, c))
		time.Sleep(10 * time.Second)
		w.lose(1)
		time.Sleep(29 * time.Second)
		c.expect(2, 0)
		time.Sleep(2 * time.Second)
		c.expect(3, 0)
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Failed, gotgcall.Connecting, gotgcall.Connected)
		if ends := w.log.ended(); len(ends) != 0 {
			t.Errorf("the ends are %v", ends)
		}
	})
}
