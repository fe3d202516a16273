package gotgcall_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

func TestUnusableAnswersLeaveTheCallWaitingForARightOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(good string) string
		want   error
	}{
		"empty":              {func(string) string { return "" }, gotgcall.ErrInvalidParams},
		"garbage":            {func(string) string { return "{{{" }, gotgcall.ErrInvalidParams},
		"truncated":          {sfutest.TruncatedAnswer, gotgcall.ErrInvalidParams},
		"null":               {func(string) string { return "null" }, gotgcall.ErrInvalidParams},
		"null in its middle": {func(string) string { return `{"transport":null}` }, gotgcall.ErrInvalidParams},
		"a list":             {func(string) string { return "[]" }, gotgcall.ErrInvalidParams},
		"5 million brackets": {func(string) string { return strings.Repeat("[", 5_000_000) }, gotgcall.ErrInvalidParams},
		"too long":           {func(good string) string { return good + strings.Repeat(" ", 64<<10) }, gotgcall.ErrInvalidParams},
		"more behind it":     {func(good string) string { return good + "}" }, gotgcall.ErrInvalidParams},
		"not UTF-8":          {func(good string) string { return strings.Replace(good, "{", "{\"x\":\"\xff\",", 1) }, gotgcall.ErrInvalidParams},
		"a key twice":        {func(good string) string { return strings.Replace(good, "{", `{"transport":{},`, 1) }, gotgcall.ErrInvalidParams},
		"a listener":         {func(string) string { return `{"stream":true}` }, gotgcall.ErrUnsupportedCallMode},
		"a livestream": {func(string) string { return `{"stream":true,"rtmp":true,"rtmp_stream_key":"planted"}` },
			gotgcall.ErrUnsupportedCallMode},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				good := w.create(1)
				err := w.client.Connect(1, c.answer(good))
				is(t, err, c.want)
				if strings.Contains(err.Error(), "planted") {
					t.Errorf("the stream key is in the error: %v", err)
				}
				w.expectStates()
				must(t, w.client.Connect(1, good))
				w.expectStates(gotgcall.Connecting, gotgcall.Connected)
			})
		})
	}
}

func TestASecondConnectHarmsNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		answer := w.create(1)
		first := make(chan error)
		go func() { first <- w.client.Connect(1, answer) }()
		synctest.Wait()
		is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionExists)
		must(t, <-first)
		is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionExists)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Connected)
	})
}

func TestACallHasOneCreateCallUntilItIsStoppedOrDead(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		_, err := w.client.CreateCall(1)
		is(t, err, gotgcall.ErrConnectionExists)
		must(t, w.client.Stop(1))
		is(t, w.client.Stop(1), gotgcall.ErrConnectionNotFound)
		w.join(1)
	})
}

func TestASilentServerTimesOutAtTheDeadlineAndTheChatCanBeUsedAgain(t *testing.T) {
	dark := true
	inFakeTime(t, func(t *testing.T, w *world) {
		w.create(1)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		time.Sleep(5 * time.Minute) // an admin approves the join; the watchdog's clock has not started
		answer := w.rejoin(1)
		start := time.Now()
		is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionTimeout)
		if took := time.Since(start); (took - 10*time.Second).Abs() > 500*time.Millisecond {
			t.Errorf("it took %s, expected 10s", took)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Timeout)
		is(t, w.client.Connect(1, answer), gotgcall.ErrNotConnected)
		is(t, w.client.SetStreamSources(1, song{packets: 50}), gotgcall.ErrNotConnected)
		if _, seen := w.client.Calls()[1]; !seen {
			t.Error("the failed call is not visible any more")
		}
		dark = false
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived after joining again, expected 50", n)
		}
	}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark }))
}

// rejoin announces the chat's call to the server once more: the first join has been forgotten meanwhile.
func (w *world) rejoin(chat int64) string {
	w.t.Helper()
	must(w.t, w.client.Stop(chat))
	synctest.Wait()
	w.log.mu.Lock()
	w.log.states = nil
	w.log.mu.Unlock()
	return w.create(chat)
}

func TestABlackoutShorterThanTwentySecondsEndsNothing(t *testing.T) {
	t.Parallel()
	for _, dark := range []time.Duration{3 * time.Second, 7 * time.Second, 15 * time.Second, 19 * time.Second} {
		t.Run(dark.String(), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				ep := w.join(1)
				must(t, w.client.SetStreamSources(1, song{packets: 60 * 50}))
				time.Sleep(5 * time.Second)
				ep.BlackoutFor(dark)
				time.Sleep(dark)
				light := time.Now()
				time.Sleep(10 * time.Second)
				w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Connected)
				for _, p := range w.records(1) {
					if p.Arrival.After(light) {
						if wait := p.Arrival.Sub(light); wait > time.Second {
							t.Errorf("the sound was back after %s", wait)
						}
						break
					}
				}
				if ends := w.log.ended(); len(ends) != 0 {
					t.Errorf("the blackout ended the song: %v", ends)
				}
				w.noViolations()
			})
		})
	}
}

func TestALongBlackoutIsOneFailureAndOneEnd(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		time.Sleep(5 * time.Second)
		ep.Blackout(true)
		dark := time.Now()
		for len(w.log.ended()) == 0 && time.Since(dark) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(dark); took > 30*time.Second || took < 20*time.Second {
			t.Errorf("the call failed %s after the blackout began, expected 20 s to 30 s", took)
		}
		time.Sleep(5 * time.Minute)
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Failed)
		ends := w.log.ended()
		if len(ends) != 1 {
			t.Fatalf("%d ends, expected one", len(ends))
		}
		is(t, ends[0], gotgcall.ErrConnectionFailed)
		is(t, w.client.SetStreamSources(1, song{packets: 1}), gotgcall.ErrNotConnected)
		w.join(1) // CreateCall takes the dead call's place
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Failed, gotgcall.Connecting, gotgcall.Connected)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived after joining again, expected 50", n)
		}
	})
}

func TestTheServersEndOfTheConnectionIsAFailure(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		time.Sleep(time.Second)
		ep.CloseNotify()
		time.Sleep(30 * time.Second)
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Failed)
		ends := w.log.ended()
		if len(ends) != 1 {
			t.Fatalf("%d ends, expected one", len(ends))
		}
		is(t, ends[0], gotgcall.ErrConnectionFailed)
	})
}

// TestAServerThatGivesNoConsentAnyMoreIsAFailure has a server that answers no check and goes on to report what it hears: the call must not be taken
// for one that stands.
func TestAServerThatGivesNoConsentAnyMoreIsAFailure(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		time.Sleep(5 * time.Second)
		ep.StopConsent()
		stopped := time.Now()
		for len(w.log.ended()) == 0 && time.Since(stopped) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(stopped); took > 30*time.Second || took < 20*time.Second {
			t.Errorf("the call failed %s after the last answer, expected 20 s to 30 s", took)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Failed) // not Disconnected: something came all the time
		ends := w.log.ended()
		if len(ends) != 1 {
			t.Fatalf("%d ends, expected one", len(ends))
		}
		is(t, ends[0], gotgcall.ErrConnectionFailed)
		w.join(1)
	})
}

func TestAWrongFingerprintFailsTheCall(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		answer := w.create(1)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		is(t, w.client.Connect(1, answer), gotgcall.ErrFingerprint)
		w.expectStates(gotgcall.Connecting, gotgcall.Failed)
		time.Sleep(time.Minute)
		if c := w.server.Endpoint(1).Counters(); c.RTP+c.RTCP != 0 {
			t.Errorf("%d datagrams of media were sent", c.RTP+c.RTCP)
		}
		ends := w.log.ended() // the accepted source does not vanish silently
		if len(ends) != 1 {
			t.Fatalf("%d ends, expected one", len(ends))
		}
		is(t, ends[0], gotgcall.ErrConnectionFailed)
	}, sfutest.WithForeignCertificate())
}

func TestStopDuringConnectEndsBothAtOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		answer := w.create(1)
		done := make(chan error)
		go func() { done <- w.client.Connect(1, answer) }()
		time.Sleep(time.Second)
		start := time.Now()
		must(t, w.client.Stop(1))
		err := <-done
		is(t, err, gotgcall.ErrConnectionNotFound)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("it took %s", took)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Closed)
	}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return true }))
}

func TestAConnectThatIsGivenUpFailsTheCall(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		answer := w.create(1)
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("the user left")
		time.AfterFunc(time.Second, func() { cancel(why) })
		is(t, w.client.ConnectContext(ctx, 1, answer), why)
		w.expectStates(gotgcall.Connecting, gotgcall.Failed)
	}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return true }))
}

func TestSourcesDuringConnectWaitForItsOutcome(t *testing.T) {
	t.Parallel()
	for _, dark := range []bool{false, true} {
		t.Run(fmt.Sprint("dark ", dark), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				answer := w.create(1)
				done := make(chan error)
				go func() { done <- w.client.Connect(1, answer) }()
				synctest.Wait()
				err := w.client.SetStreamSources(1, song{packets: 50})
				if dark {
					is(t, err, gotgcall.ErrNotConnected)
					is(t, <-done, gotgcall.ErrConnectionTimeout)
					synctest.Wait()
					if ends := w.log.ended(); len(ends) != 0 {
						t.Errorf("SetStreamSources has returned the failure, and it was told by events, too: %v", ends)
					}
					return
				}
				must(t, err)
				must(t, <-done)
				time.Sleep(time.Minute)
				if n := len(w.records(1)); n != 50 {
					t.Errorf("%d packets arrived, expected 50", n)
				}
			}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark }))
		})
	}
}

// TestASourceThatIsSetWhenTheCallFailsHasAnErrorOrAnEnd: never both, and never neither, whichever of the two is faster.
func TestASourceThatIsSetWhenTheCallFailsHasAnErrorOrAnEnd(t *testing.T) {
	const calls = 50
	longer := []gotgcall.Option{gotgcall.WithPatience(time.Minute, time.Minute)} // than it takes until a call has failed
	inFakeTimeWith(t, longer, func(t *testing.T, w *world) {
		var failed [calls]chan struct{}
		var ends, errs [calls]atomic.Int32
		for i := range failed {
			failed[i] = make(chan struct{})
		}
		w.client.OnConnectionChange(func(chat int64, info gotgcall.NetworkInfo) {
			if info.State == gotgcall.Failed {
				close(failed[chat])
			}
		})
		w.client.OnStreamEnd(func(chat int64, _ gotgcall.StreamType, _ gotgcall.Device, err error) {
			is(t, err, gotgcall.ErrConnectionFailed)
			ends[chat].Add(1)
		})
		var setting sync.WaitGroup
		for chat := range int64(calls) {
			w.join(chat).Blackout(true)
			setting.Go(func() {
				err := w.client.SetStreamSources(chat, song{packets: 50, open: func(context.Context) error {
					<-failed[chat]
					return nil
				}})
				if err != nil {
					is(t, err, gotgcall.ErrNotConnected)
					errs[chat].Add(1)
				}
			})
		}
		setting.Wait()
		synctest.Wait()
		for chat := range ends {
			if ends, errs := ends[chat].Load(), errs[chat].Load(); ends+errs != 1 {
				t.Errorf("chat %d: %d errors and %d ends, expected one of either", chat, errs, ends)
			}
		}
	})
}

func TestManyCallsOfOneClientKeepOutOfEachOthersWay(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		const calls = 20
		for chat := range int64(calls) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, song{packets: 250}))
		}
		time.Sleep(2 * time.Second)
		for chat := range int64(calls / 2) {
			must(t, w.client.Stop(chat*2))
		}
		time.Sleep(time.Minute)
		for chat := int64(1); chat < calls; chat += 2 {
			if n := len(w.records(chat)); n != 250 {
				t.Errorf("chat %d: %d packets arrived, expected 250", chat, n)
			}
		}
		if n := len(w.log.ended()); n != calls/2 {
			t.Errorf("%d ends, expected those of the %d calls that were not stopped", n, calls/2)
		}
		if n := len(w.client.Calls()); n != calls/2 {
			t.Errorf("Calls has %d entries, expected %d", n, calls/2)
		}
		w.noViolations()
	})
}
