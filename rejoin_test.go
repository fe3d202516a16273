package gotgcall_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// holdTime is how long what plays waits for another connection.
const holdTime = time.Minute

// needed counts the calls of OnRejoinNeeded.
func (w *world) needed() *atomic.Int32 {
	n := &atomic.Int32{}
	w.client.OnRejoinNeeded(func(int64) { n.Add(1) })
	return n
}

// lose cuts the chat's connection for good, and returns when the call has failed.
func (w *world) lose(chat int64) {
	w.t.Helper()
	w.server.Endpoint(chat).Blackout(true)
	w.waitFor(chat, gotgcall.Failed)
}

// waitFor returns when the chat's connection is in a state, to the millisecond.
func (w *world) waitFor(chat int64, state gotgcall.ConnState) {
	w.t.Helper()
	for range 120_000 {
		if stats, err := w.client.Stats(chat); err == nil && stats.State == state {
			synctest.Wait()
			return
		}
		time.Sleep(time.Millisecond)
	}
	w.t.Fatalf("chat %d has not become %s within two minutes", chat, state)
}

// reconnect joins a lost call again.
func (w *world) reconnect(chat int64) *sfutest.Endpoint {
	w.t.Helper()
	params, err := w.client.Rejoin(chat)
	must(w.t, err)
	answer, err := w.server.Join(chat, params)
	must(w.t, err)
	must(w.t, w.client.Connect(chat, answer))
	return w.server.Endpoint(chat)
}

func TestAfterRejoinTheSongGoesOnWhereItStood(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		needed := w.needed()
		old := w.join(1)
		must(t, w.client.SetStreamSources(1, album{packets: 100 * 50}))
		time.Sleep(5 * time.Second)
		w.lose(1)
		at := w.position(1)
		time.Sleep(holdTime - time.Second)
		if now := w.position(1); now != at {
			t.Errorf("the position went from %s to %s while there was no connection", at, now)
		}
		if n := needed.Load(); n != 1 {
			t.Errorf("OnRejoinNeeded was called %d times", n)
		}
		ep := w.reconnect(1)
		if ep.AudioSSRC() == old.AudioSSRC() || ep.VideoSSRC() == old.VideoSSRC() || ep.RTXSSRC() == old.RTXSSRC() {
			t.Error("the new connection has an SSRC of the old one")
		}
		if source, err := w.client.LeaveSource(1); err != nil || source != int32(ep.AudioSSRC()) { //nolint:gosec // 31 bits
			t.Errorf("LeaveSource is %d, %v; expected that of the new identity", source, err)
		}
		time.Sleep(2 * time.Minute)
		packets := w.records(1)
		if want := int((100*time.Second - at) / frame); len(packets) != want {
			t.Errorf("%d packets arrived on the new connection, expected the rest, %d", len(packets), want)
		}
		if first, want := places(packets)[0], int(at/frame); first != want {
			t.Errorf("the song goes on with its packet %d, expected %d", first, want)
		}
		checkSteady(t, packets)
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Disconnected, gotgcall.Failed, gotgcall.Connecting, gotgcall.Connected)
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("the ends are %v, expected the natural one", ends)
		}
		w.noViolations()
	})
}

func TestAfterRejoinAFilmBeginsWithAKeyFrame(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.needed()
		w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 200 * 50, picture: 200 * 30, keySize: 60_000}))
		for range 3 {
			time.Sleep(5*time.Second + 300*time.Millisecond) // in the middle of a group of pictures
			w.lose(1)
			ep := w.reconnect(1)
			time.Sleep(5 * time.Second)
			w.expectInSync(ep, "after joining again")
			if s := ep.VideoStats(); s.KeyFrames < 4 || s.Complete < 4*30 {
				t.Errorf("the film's picture does not go on: %+v", s)
			}
		}
		stats, err := w.client.Stats(1)
		must(t, err)
		if n := stats.Video.Dropped; n == 0 || n > 3*30 {
			t.Errorf("%d pictures were left out, expected those before a key frame", n)
		}
		w.noViolations()
	})
}

func TestMuteAndPauseOutliveAConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.needed()
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		time.Sleep(time.Second)
		_, err := w.client.Mute(1)
		must(t, err)
		w.lose(1)
		if changed, err := w.client.Pause(1); !changed || err != nil {
			t.Errorf("Pause while what plays is held says %v, %v", changed, err)
		}
		at := w.position(1)
		w.reconnect(1)
		time.Sleep(time.Minute)
		if state, err := w.client.GetState(1); err != nil || !state.Muted || !state.Paused {
			t.Errorf("the state is %+v, %v; expected muted and paused", state, err)
		}
		if now := w.position(1); now != at {
			t.Errorf("the position went from %s to %s during the pause", at, now)
		}
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(10 * time.Second)
		if now := w.position(1); now-at < 9*time.Second {
			t.Errorf("the song does not go on after Resume: the position went from %s to %s", at, now)
		}
		if n := len(w.records(1)); n != 0 {
			t.Errorf("%d packets left though the call is muted", n)
		}
		_, err = w.client.Unmute(1)
		must(t, err)
		time.Sleep(10 * time.Second)
		if n := len(w.records(1)); n < 490 {
			t.Errorf("%d packets arrived in ten seconds after Unmute", n)
		}
		w.noViolations()
	})
}

func TestWhileItIsHeldASourceCanBeChanged(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.needed()
		w.join(1)
		must(t, w.client.SetStreamSources(1, album{packets: 300 * 50}))
		time.Sleep(time.Second)
		w.lose(1)
		at := w.position(1)
		must(t, w.client.SeekBy(1, 60_000))
		if now := w.position(1); now != at+time.Minute {
			t.Errorf("SeekBy a minute moved the position from %s to %s", at, now)
		}
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		if stats, err := w.client.Stats(1); err != nil || stats.State != gotgcall.Failed {
			t.Errorf("the state is %s, %v; expected failed", stats.State, err)
		}
		w.reconnect(1)
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected the 50 of the new song", n)
		}
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("the ends are %v, expected that of the new song", ends)
		}
		w.noViolations()
	})
}

func TestWhenNobodyRejoinsTheSongEndsOnceAfterAMinute(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		needed := w.needed()
		w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 300 * 50, picture: 300 * 30}))
		time.Sleep(time.Second)
		w.lose(1)
		time.Sleep(holdTime - 10*time.Millisecond)
		if ends := w.log.ended(); len(ends) != 0 {
			t.Errorf("the ends are %v while the film is held", ends)
		}
		time.Sleep(time.Second)
		ends := w.log.ended()
		if len(ends) != 2 {
			t.Fatalf("the ends are %v, expected those of picture and sound", ends)
		}
		is(t, ends[0], gotgcall.ErrConnectionFailed)
		is(t, ends[1], gotgcall.ErrConnectionFailed)
		time.Sleep(10 * time.Minute)
		if len(w.log.ended()) != 2 || needed.Load() != 1 {
			t.Errorf("%d ends, and OnRejoinNeeded was called %d times", len(w.log.ended()), needed.Load())
		}
		is(t, w.client.SetStreamSources(1, song{packets: 50}), gotgcall.ErrNotConnected)
		_, err := w.client.Mute(1)
		is(t, err, gotgcall.ErrNotConnected)

		params, err := w.client.Rejoin(1) // late, but the call can be used again
		must(t, err)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		answer, err := w.server.Join(1, params)
		must(t, err)
		must(t, w.client.Connect(1, answer))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
	})
}

func TestWithoutACallbackRejoinGivesAFailedCallANewLife(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 300 * 50}))
		time.Sleep(time.Second)
		w.lose(1)
		ends := w.log.ended()
		if len(ends) != 1 {
			t.Fatalf("the ends are %v, expected one at once", ends)
		}
		is(t, ends[0], gotgcall.ErrConnectionFailed)
		is(t, w.client.Connect(1, `{"transport":null}`), gotgcall.ErrInvalidParams)
		w.reconnect(1)
		must(t, w.client.SetStreamSources(1, song{packets: 50}))
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected 50", n)
		}
	})
}

func TestAConnectThatFailsBeginsTheMinuteAnew(t *testing.T) {
	t.Parallel()
	for _, registered := range []bool{true, false} { // the first connection fails, so that both know of it
		dark := atomic.Bool{}
		dark.Store(true)
		t.Run(fmt.Sprint("registered ", registered), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				var needed *atomic.Int32
				if registered {
					needed = w.needed()
				}
				answer := w.create(1)
				must(t, w.client.SetStreamSources(1, song{packets: 50}))
				is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionTimeout)
				synctest.Wait()
				if ends := len(w.log.ended()); (ends == 0) != registered {
					t.Fatalf("with a callback for Rejoin: %v; %d ends at the failure", registered, ends)
				}
				for range 3 {
					time.Sleep(50 * time.Second)
					params, err := w.client.Rejoin(1)
					must(t, err)
					if !registered {
						must(t, w.client.SetStreamSources(1, song{packets: 50}))
					}
					time.Sleep(50 * time.Second)
					answer, err = w.server.Join(1, params)
					must(t, err)
					before := len(w.log.ended())
					is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionTimeout)
					synctest.Wait()
					if ends := len(w.log.ended()); ends != before {
						t.Errorf("after Rejoin the failure of Connect ended what plays")
					}
					if !registered {
						time.Sleep(holdTime + time.Second)
					}
				}
				if !registered {
					if ends := len(w.log.ended()); ends != 4 {
						t.Errorf("%d ends, expected one for each source", ends)
					}
					return
				}
				dark.Store(false)
				w.reconnect(1)
				time.Sleep(time.Minute)
				if n := len(w.records(1)); n != 50 || needed.Load() != 0 {
					t.Errorf("%d packets arrived, expected 50; OnRejoinNeeded was called %d times", n, needed.Load())
				}
			}, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return dark.Load() }))
		})
	}
}
