package gotgcall_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// isSTUNAnswer tells whether a datagram is a Binding success response (RFC 8489 section 5).
func isSTUNAnswer(b []byte) bool {
	const header, class, success = 20, 1, 1 // the class is in the first two bytes
	return len(b) >= header && b[0] == class && b[1] == success
}

func TestAPairThatTheServerHasNominatedIsNotGivenUp(t *testing.T) {
	// The server hears everything, checks and nominates at once, and from then on no other pair. Its answers, by which the library would know that
	// its own checks arrive, are lost for so long, or too late: a machine that is busy reads them when they count no more.
	for _, deaf := range []time.Duration{4 * time.Second, 6 * time.Second, 9 * time.Second} {
		for _, mode := range []sfutest.ICEMode{sfutest.ICEFull, sfutest.ICEAggressive} {
			t.Run(fmt.Sprintf("mode %d, answers are missing for %v", mode, deaf), func(t *testing.T) {
				var begin time.Time
				inFakeTime(t, func(t *testing.T, w *world) {
					begin = time.Now()
					ep := w.join(1)
					took, controlling := time.Since(begin), w.stats(1).Link.Controlling
					if took < deaf || took > deaf+500*time.Millisecond || controlling {
						t.Errorf("connected after %v, controlling: %v; expected it with the first answers, in the controlled role", took, controlling)
					}
					must(t, ep.WaitConnected(t.Context()))
					must(t, w.client.SetStreamSources(1, song{packets: 50}))
					time.Sleep(time.Minute)
					if n := len(w.records(1)); n != 50 {
						t.Errorf("%d packets arrived, expected 50", n)
					}
					w.expectStates(gotgcall.Connecting, gotgcall.Connected)
					w.noViolations()
				}, sfutest.WithICEMode(mode), sfutest.WithDrop(func(d sfutest.Direction, b []byte) bool {
					return d == sfutest.ToClient && time.Since(begin) < deaf && isSTUNAnswer(b)
				}))
			})
		}
	}
}

// TestAPairThatTheServerHasNominatedIsNotGivenUpInALongConnectEither: there is time for all attempts of a role, and for the other one.
func TestAPairThatTheServerHasNominatedIsNotGivenUpInALongConnectEither(t *testing.T) {
	const deaf = 11 * time.Second
	var begin time.Time
	inFakeTimeWith(t, []gotgcall.Option{gotgcall.WithConnectTimeout(30 * time.Second)}, func(t *testing.T, w *world) {
		begin = time.Now()
		w.join(1)
		if took, controlling := time.Since(begin), w.stats(1).Link.Controlling; took < deaf || took > deaf+2*time.Second || controlling {
			t.Errorf("connected after %v, controlling: %v; expected it soon after the first answers, in the controlled role", took, controlling)
		}
	}, sfutest.WithDrop(func(d sfutest.Direction, b []byte) bool {
		return d == sfutest.ToClient && time.Since(begin) < deaf && isSTUNAnswer(b)
	}))
}

func TestTheFirstAnswerToEachCheckMayBeLostWhileACallIsConnected(t *testing.T) {
	var mu sync.Mutex
	answers := map[string]int{} // by the transaction
	connected := false
	inFakeTime(t, func(t *testing.T, w *world) {
		begin := time.Now()
		w.join(1)
		if took := time.Since(begin); took > 90*time.Millisecond { // the server repeats a check after 100 ms
			t.Errorf("connected after %v", took)
		}
		mu.Lock()
		connected = true
		clear(answers)
		mu.Unlock()
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		for _, n := range answers {
			if n != 1 {
				t.Errorf("a check of a connected call was answered %d times", n)
			}
		}
		if n := len(answers); n < 4 {
			t.Errorf("%d checks in a minute", n)
		}
	}, sfutest.WithDrop(func(d sfutest.Direction, b []byte) bool {
		if d != sfutest.ToServer || !isSTUNAnswer(b) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		id := string(b[8:20])
		answers[id]++
		return !connected && answers[id] == 1
	}))
}

func TestAServerThatWakesUpLateIsConnectedToInItsRole(t *testing.T) {
	// The controlled role has its turn up to 3.1 s and from 5.2 s on, the controlling one between them, and at 8.3 s when the server answers, but does not check.
	for _, mode := range []sfutest.ICEMode{sfutest.ICEFull, sfutest.ICEFullSigned, sfutest.ICEAggressive, sfutest.ICELite} {
		for asleep := time.Second; asleep < 10*time.Second; asleep += 500 * time.Millisecond {
			lite, turn := mode == sfutest.ICELite, asleep
			switch {
			case lite && asleep < 3100*time.Millisecond:
				turn = 3100 * time.Millisecond
			case lite && asleep > 5200*time.Millisecond:
				turn = 8300 * time.Millisecond
			case !lite && asleep > 3100*time.Millisecond && asleep < 5200*time.Millisecond:
				turn = 5200 * time.Millisecond
			}
			if lite && asleep > turn {
				continue // too late for it
			}
			t.Run(fmt.Sprintf("mode %d, after %v", mode, asleep), func(t *testing.T) {
				inFakeTime(t, func(t *testing.T, w *world) {
					begin := time.Now()
					w.join(1)
					took, controlling := time.Since(begin), w.stats(1).Link.Controlling
					if took < turn || took > turn+500*time.Millisecond || controlling != lite {
						t.Errorf("connected after %v, controlling: %v; expected it after %v", took, controlling, turn)
					}
					w.noViolations()
				}, sfutest.WithICEMode(mode), sfutest.WithSlowStart(asleep))
			})
		}
	}
}
