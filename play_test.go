package gotgcall_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

const frame = 20 * time.Millisecond

// checkSteady fails unless the packets came one frame apart, with timestamps to match and one marker at the start.
func checkSteady(t *testing.T, packets []sfutest.Packet) {
	t.Helper()
	for i, p := range packets {
		if p.Marker != (i == 0) {
			t.Errorf("packet %d: marker is %v", i, p.Marker)
		}
		if i == 0 {
			continue
		}
		if gap := p.Arrival.Sub(packets[i-1].Arrival); gap != frame {
			t.Errorf("packet %d came %s after the one before", i, gap)
		}
		if ticks := p.Timestamp - packets[i-1].Timestamp; ticks != 960 {
			t.Errorf("packet %d: the timestamp advanced by %d", i, ticks)
		}
	}
}

func TestASongArrivesExactlyInTimeAndEndsOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		start := time.Now()
		must(t, w.client.SetStreamSources(1, song{packets: 500}))
		time.Sleep(time.Until(start.Add(10*time.Second - time.Millisecond)))
		synctest.Wait()
		if ends := w.log.ended(); len(ends) != 0 {
			t.Error("the end came before the song was over")
		}
		time.Sleep(time.Minute)
		packets := w.records(1)
		if len(packets) != 500 {
			t.Errorf("%d packets arrived, expected 500", len(packets))
		}
		checkSteady(t, packets)
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("the ends are %v, expected one that is nil", ends)
		}
		if at := w.position(1); at != 10*time.Second {
			t.Errorf("the position after the end is %s", at)
		}
		w.noViolations()
	})
}

func TestTheSoundDoesNotDrift(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		minutes := 10
		if underRace {
			minutes = 3
		}
		must(t, w.client.SetStreamSources(1, song{packets: (minutes + 1) * 60 * 50}))
		time.Sleep(time.Second + frame/3) // between two packets
		first := ep.Stats(ep.AudioSSRC())
		time.Sleep(time.Duration(minutes) * time.Minute)
		last := ep.Stats(ep.AudioSSRC())
		if n := last.LastSeq - first.LastSeq; int(n) != minutes*60*50 {
			t.Errorf("%d packets in %d minutes, expected %d", n, minutes, minutes*60*50)
		}
		if last.Lost != 0 {
			t.Errorf("%d packets were lost", last.Lost)
		}
		w.noViolations()
	}, sfutest.WithRecordLimit(0))
}

func TestFramesOfEveryDurationPlayAtTheirOwnSpeed(t *testing.T) {
	t.Parallel()
	for _, ms := range []int64{10, 20, 40, 60, 120} {
		t.Run(fmt.Sprint(ms, " ms"), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				must(t, w.client.SetStreamSources(1, song{packets: int(6000 / ms), ticks: ms * 48}))
				time.Sleep(time.Minute)
				packets := w.records(1)
				if n := len(packets); n != int(6000/ms) {
					t.Fatalf("%d packets of %d ms arrived, expected %d", n, ms, 6000/ms)
				}
				last := packets[len(packets)-1].Arrival.Sub(packets[0].Arrival)
				if want := time.Duration(6000-ms) * time.Millisecond; last != want {
					t.Errorf("frames of %d ms: the last came %s after the first, expected %s", ms, last, want)
				}
				w.noViolations()
			})
		})
	}
}

func TestPauseFreezesThePositionAndResumeGoesOnWithoutABurst(t *testing.T) {
	t.Parallel()
	for _, pause := range []time.Duration{150 * time.Millisecond, 10 * time.Minute} { // the shorter is caught up on when a machine is late by it
		t.Run(pause.String(), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				must(t, w.client.SetStreamSources(1, song{packets: 500}))
				time.Sleep(3*time.Second + 5*time.Millisecond)
				before, at := len(w.records(1)), w.position(1)
				if changed, err := w.client.Pause(1); !changed || err != nil {
					t.Errorf("Pause says %v, %v", changed, err)
				}
				if changed, err := w.client.Pause(1); changed || err != nil {
					t.Errorf("the second Pause says %v, %v", changed, err)
				}
				if state, _ := w.client.GetState(1); !state.Paused || state.Muted {
					t.Errorf("the state is %+v", state)
				}
				time.Sleep(pause)
				if n := len(w.records(1)); n != before {
					t.Errorf("%d packets left during the pause", n-before)
				}
				if now := w.position(1); now != at {
					t.Errorf("the position went from %s to %s during the pause", at, now)
				}
				resumed := time.Now()
				if changed, err := w.client.Resume(1); !changed || err != nil {
					t.Errorf("Resume says %v, %v", changed, err)
				}
				if changed, err := w.client.Resume(1); changed || err != nil {
					t.Errorf("the second Resume says %v, %v", changed, err)
				}
				time.Sleep(time.Minute)
				packets := w.records(1)
				if len(packets) != 500 {
					t.Errorf("%d packets in all, expected 500", len(packets))
				}
				after := packets[before]
				if wait := after.Arrival.Sub(resumed); wait > frame {
					t.Errorf("the sound came %s after Resume", wait)
				}
				if !after.Marker {
					t.Error("the first packet after the pause does not begin a talk spurt")
				}
				passed := after.Arrival.Sub(packets[before-1].Arrival)
				if ticks := time.Duration(after.Timestamp-packets[before-1].Timestamp) * time.Second / 48000; (ticks - passed).Abs() > time.Millisecond {
					t.Errorf("the timestamp advanced by %s over a pause of %s", ticks, passed)
				}
				for i, p := range packets[before+1:] {
					if gap := p.Arrival.Sub(packets[before+i].Arrival); gap != frame {
						t.Errorf("packet %d after the pause came %s after the one before", i+1, gap)
					}
				}
				if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
					t.Errorf("the ends are %v", ends)
				}
				w.noViolations()
			})
		})
	}
}

func TestMuteSendsNothingWhileTheSongGoesOn(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 500}))
		time.Sleep(2*time.Second + 5*time.Millisecond)
		before := w.records(1)
		if changed, err := w.client.Mute(1); !changed || err != nil {
			t.Errorf("Mute says %v, %v", changed, err)
		}
		if changed, _ := w.client.Mute(1); changed {
			t.Error("the second Mute says that it changed something")
		}
		time.Sleep(3 * time.Second)
		if n := len(w.records(1)); n != len(before) {
			t.Errorf("%d packets left while muted", n-len(before))
		}
		if at := w.position(1); at < 5*time.Second || at > 5*time.Second+frame {
			t.Errorf("the position is %s, expected to go on to 5s", at)
		}
		if state, _ := w.client.GetState(1); !state.Muted || state.Paused {
			t.Errorf("the state is %+v", state)
		}
		if changed, err := w.client.Unmute(1); !changed || err != nil {
			t.Errorf("Unmute says %v, %v", changed, err)
		}
		time.Sleep(time.Minute)
		packets := w.records(1)
		if n := len(packets); n != 500-150 {
			t.Errorf("%d packets arrived, expected 350 of 500", n)
		}
		if p := packets[len(before)]; !p.Marker || p.Timestamp-before[len(before)-1].Timestamp != 151*960 {
			t.Errorf("after the silence: marker %v, the timestamp advanced by %d", p.Marker, p.Timestamp-before[len(before)-1].Timestamp)
		}
		w.noViolations()
	})
}

func TestANewSourceTakesThePlaceOfTheOldAtAFrameBoundary(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 500, seed: 1}))
		time.Sleep(2*time.Second + 7*time.Millisecond)
		slow := song{packets: 100, seed: 2, open: func(context.Context) error { time.Sleep(3 * time.Second); return nil }}
		must(t, w.client.SetStreamSources(1, slow))
		time.Sleep(time.Minute)
		packets := w.records(1)
		if n := len(packets); n != 251+100 { // 5.007 s of the old one, while the new one was opening
			t.Errorf("%d packets arrived, expected 351", n)
		}
		checkSteady(t, packets)
		if old, fresh := packets[250].Payload, packets[251].Payload; string(old) == string(fresh) {
			t.Error("the new source's first packet is not where it should be")
		}
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("the ends are %v, expected only the new source's", ends)
		}
		w.noViolations()
	})
}

func TestASourceThatFailsLeavesTheOldOnePlaying(t *testing.T) {
	t.Parallel()
	broken := errors.New("no such song")
	for name, c := range map[string]struct {
		source gotgcall.Source
		want   error
	}{
		"Open fails":         {song{open: func(context.Context) error { return broken }}, broken},
		"no data":            {song{reader: func(io.Reader) io.Reader { return io.MultiReader() }}, gotgcall.ErrFormat},
		"not Ogg":            {song{reader: func(io.Reader) io.Reader { return newRepeat("<html>nothing here</html>", 100) }}, gotgcall.ErrFormat},
		"the reader fails":   {song{reader: func(io.Reader) io.Reader { return failing{broken} }}, broken},
		"never any data":     {song{packets: 9, reader: func(r io.Reader) io.Reader { return newGate(r, 0) }}, gotgcall.ErrSourceTimeout},
		"Open never returns": {song{open: func(context.Context) error { time.Sleep(time.Minute); return broken }}, gotgcall.ErrSourceTimeout},
		"nil":                {nil, gotgcall.ErrInvalidParams},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				must(t, w.client.SetStreamSources(1, song{packets: 1500}))
				time.Sleep(time.Second)
				start := time.Now()
				is(t, w.client.SetStreamSources(1, c.source), c.want)
				if took := time.Since(start); took > 15*time.Second {
					t.Errorf("it took %s to say so", took)
				}
				time.Sleep(2 * time.Minute)
				packets := w.records(1)
				if len(packets) != 1500 {
					t.Errorf("%d packets of the old song arrived, expected all 1500", len(packets))
				}
				checkSteady(t, packets)
				if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
					t.Errorf("the ends are %v, expected the old song's", ends)
				}
				w.noViolations()
			})
		})
	}
}

func TestTheLaterOfTwoSourcesWins(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		first := make(chan error)
		slow := song{packets: 500, seed: 1, open: func(context.Context) error { time.Sleep(5 * time.Second); return nil }}
		go func() { first <- w.client.SetStreamSources(1, slow) }()
		time.Sleep(time.Second)
		start := time.Now()
		must(t, w.client.SetStreamSources(1, song{packets: 50, seed: 2}))
		is(t, <-first, context.Canceled)
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("the earlier call returned %s after it had lost", waited)
		}
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 50 {
			t.Errorf("%d packets arrived, expected the 50 of the later source", n)
		}
		if ends := w.log.ended(); len(ends) != 1 {
			t.Errorf("%d ends, expected one", len(ends))
		}
	})
}

func TestStreamsThatAreOpenedTooLateAreClosed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		var g *gate
		late := song{
			packets: 500,
			open:    func(context.Context) error { time.Sleep(20 * time.Second); return nil },
			reader:  func(r io.Reader) io.Reader { g = newGate(r, 0); return g },
		}
		is(t, w.client.SetStreamSources(1, late), gotgcall.ErrSourceTimeout)
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case <-g.closed:
		default:
			t.Error("nobody closed the streams that came after the deadline")
		}
	})
}

func TestStopEndsTheOpeningOfASourceThatHangs(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		release, opening := make(chan struct{}), make(chan error, 1)
		defer close(release)
		go func() {
			opening <- w.client.SetStreamSources(1, song{open: func(context.Context) error { <-release; return nil }})
		}()
		time.Sleep(time.Second)
		start := time.Now()
		must(t, w.client.Stop(1))
		is(t, <-opening, gotgcall.ErrConnectionNotFound)
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestASourceWithNothingToPlayIsNamed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		err := w.client.SetStreamSources(1, song{})
		is(t, err, gotgcall.ErrFile)
		if !strings.Contains(err.Error(), "gotgcall_test.song") {
			t.Errorf("the error does not say which source is empty: %v", err)
		}
		err = w.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.ogg"), gotgcall.EncodeOptions{Start: time.Hour})
		is(t, err, gotgcall.ErrFile)
		if !strings.Contains(err.Error(), `FromFile("testdata/song.ogg") from 1h0m0s on: it is not that long`) {
			t.Errorf("the error does not say that the song ends before that: %v", err)
		}
	})
}

func TestTheCallersContextEndsTheOpeningButNotThePlaying(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		hangs := song{open: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		is(t, w.client.SetStreamSourcesContext(ctx, 1, hangs), context.DeadlineExceeded)
		ctx, cancel = context.WithCancel(t.Context())
		must(t, w.client.SetStreamSourcesContext(ctx, 1, song{packets: 100}))
		cancel()
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 100 {
			t.Errorf("%d packets arrived after the context of SetStreamSources ended, expected 100", n)
		}
	})
}

func TestASourceThatHiccupsShiftsTheTimelineAndPlaysEverything(t *testing.T) {
	t.Parallel()
	for _, hiccup := range []time.Duration{100 * time.Millisecond, 3 * time.Second} { // the shorter is caught up on when a machine is late by it
		t.Run(hiccup.String(), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				var g *gate
				must(t, w.client.SetStreamSources(1, song{packets: 200, reader: func(r io.Reader) io.Reader {
					g = newGate(r, 20_000)
					return g
				}}))
				time.Sleep(time.Second)
				before := w.records(1)
				for n := 0; n < len(before); before = w.records(1) { // about 3 s of sound, then nothing
					n = len(before)
					time.Sleep(2 * frame)
				}
				time.Sleep(hiccup)
				close(g.opened)
				time.Sleep(time.Minute)
				packets := w.records(1)
				if len(packets) != 200 {
					t.Errorf("%d packets arrived, expected 200", len(packets))
				}
				if !packets[len(before)].Marker {
					t.Error("no talk spurt begins after the gap")
				}
				for i, p := range packets[len(before)+1:] {
					if gap := p.Arrival.Sub(packets[len(before)+i].Arrival); gap != frame {
						t.Errorf("packet %d after the gap came %s after the one before: a burst", i+1, gap)
					}
				}
				if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
					t.Errorf("the ends are %v", ends)
				}
				w.noViolations()
			})
		})
	}
}

func TestASourceThatStallsEndsWithErrStalledOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 200, reader: func(r io.Reader) io.Reader { return newGate(r, 5000) }}))
		time.Sleep(9 * time.Second)
		if n := len(w.log.ended()); n != 0 {
			t.Fatal("the end came before the stall limit")
		}
		time.Sleep(2 * time.Second)
		if n := len(w.log.ended()); n != 1 {
			t.Errorf("%d ends after the stall limit, expected one", n)
		}
		time.Sleep(10 * time.Minute)
		ends := w.log.ended()
		if len(ends) != 1 {
			t.Fatalf("%d ends, expected one", len(ends))
		}
		is(t, ends[0], gotgcall.ErrStalled)
		must(t, w.client.SetStreamSources(1, song{packets: 10})) // and the call goes on
		time.Sleep(time.Second)
	})
}

func TestAPauseDuringAHiccupIsNoStall(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		var g *gate
		must(t, w.client.SetStreamSources(1, song{packets: 200, reader: func(r io.Reader) io.Reader {
			g = newGate(r, 5000)
			return g
		}}))
		time.Sleep(5 * time.Second)
		_, err := w.client.Pause(1)
		must(t, err)
		time.Sleep(10 * time.Minute)
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(time.Second)
		close(g.opened)
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 200 {
			t.Errorf("%d packets arrived, expected 200", n)
		}
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("the ends are %v", ends)
		}
	})
}

func TestAReaderThatFailsInTheMiddleEndsTheSongWithItsError(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		broken := errors.New("the disk is gone")
		must(t, w.client.SetStreamSources(1, song{packets: 200, reader: func(r io.Reader) io.Reader {
			return io.MultiReader(io.LimitReader(r, 10_000), failing{broken})
		}}))
		time.Sleep(time.Minute)
		ends := w.log.ended()
		if len(ends) != 1 {
			t.Fatalf("%d ends, expected one", len(ends))
		}
		is(t, ends[0], broken)
		if n := len(w.records(1)); n < 50 {
			t.Errorf("%d packets arrived, expected all that came before the failure", n)
		}
	})
}

func TestASourceSetBeforeConnectStartsWithTheConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		answer := w.create(1)
		must(t, w.client.SetStreamSources(1, song{packets: 100}))
		_, err := w.client.Mute(1)
		must(t, err)
		time.Sleep(5 * time.Second) // an admin approves the join
		_, err = w.client.Unmute(1)
		must(t, err)
		must(t, w.client.Connect(1, answer))
		connected := time.Now()
		time.Sleep(time.Minute)
		packets := w.records(1)
		if len(packets) != 100 {
			t.Fatalf("%d packets arrived, expected 100", len(packets))
		}
		if wait := packets[0].Arrival.Sub(connected); wait > frame {
			t.Errorf("the first packet came %s after Connect", wait)
		}
		checkSteady(t, packets)
		w.noViolations()
	})
}

func TestMuteAndPauseDuringOpeningHoldForTheFirstFrame(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		done := make(chan error)
		slow := song{packets: 100, open: func(context.Context) error { time.Sleep(2 * time.Second); return nil }}
		go func() { done <- w.client.SetStreamSources(1, slow) }()
		time.Sleep(time.Second)
		_, err := w.client.Mute(1)
		must(t, err)
		_, err = w.client.Pause(1)
		must(t, err)
		must(t, <-done)
		time.Sleep(10 * time.Second)
		if at := w.position(1); at != 0 {
			t.Errorf("a paused call plays: the position is %s", at)
		}
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(time.Minute)
		if n := len(w.records(1)); n != 0 {
			t.Errorf("%d packets left a muted call", n)
		}
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("the ends are %v, expected the muted song's", ends)
		}
		if at := w.position(1); at != 2*time.Second {
			t.Errorf("the position is %s", at)
		}
	})
}

func TestThePositionBeginsAnewWithEachSource(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 500}))
		time.Sleep(3 * time.Second)
		_, err := w.client.Pause(1)
		must(t, err)
		must(t, w.client.SetStreamSources(1, song{packets: 500}))
		if at := w.position(1); at != 0 {
			t.Errorf("the position of a source that has not begun is %s", at)
		}
		if at := w.client.Calls()[1].CaptureTimeMs; at != 0 {
			t.Errorf("Calls says %d ms", at)
		}
	})
}

func TestALiveSourceALittleTooSlowGetsItsCushionBack(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 5000, reader: func(r io.Reader) io.Reader {
			return &slowly{r: r, interval: frame + 20*time.Microsecond} // 1000 ppm slow
		}}))
		time.Sleep(90 * time.Second)
		markers := 0
		for _, p := range w.records(1) {
			if p.Marker {
				markers++
			}
		}
		if markers > 5 {
			t.Errorf("%d talk spurts began within 90 s, expected one for each 100 ms that the source lost", markers)
		}
	})
}

// slowly gives one page of Ogg per interval.
type slowly struct {
	r        io.Reader
	interval time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	time.Sleep(s.interval)
	return s.r.Read(p[:min(len(p), 129)]) // a page of one packet of 101 bytes
}

func TestAReaderThatBreaksOffWithAWrappedEOFIsNoNaturalEnd(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		broken := fmt.Errorf("get the rest: %w", io.EOF)
		must(t, w.client.SetStreamSources(1, song{packets: 200, reader: func(r io.Reader) io.Reader {
			return io.MultiReader(io.LimitReader(r, 10_000), failing{broken})
		}}))
		time.Sleep(time.Minute)
		if ends := w.log.ended(); len(ends) != 1 || ends[0] == nil {
			t.Errorf("the ends are %v, expected one with the error", ends)
		}
	})
}

func TestStopEndsTheSoundWithoutAnEvent(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 500}))
		time.Sleep(time.Second)
		n := len(w.records(1))
		must(t, w.client.Stop(1))
		time.Sleep(time.Minute)
		if after := len(w.records(1)); after > n+1 {
			t.Errorf("%d packets left after Stop", after-n)
		}
		if ends := w.log.ended(); len(ends) != 0 {
			t.Errorf("the ends are %v", ends)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Connected, gotgcall.Closed)
	})
}
