package gotgcall_test

import (
	"testing"
	"time"

	"github.com/pion/transport/v4"

	"gotgcall"
	"gotgcall/sfutest"
)

// sleeper is a machine that falls asleep when it is about to send its nth packet of sound: who sends stands still meanwhile, and the packet is lost. The
// rest of the world lives on, so that the call is there still; a server would have forgotten it.
type sleeper struct {
	nth   int
	sleep time.Duration
	woken time.Time
}

func (s *sleeper) write(b []byte) bool {
	if !isSound(b) {
		return true
	}
	if s.nth--; s.nth != 0 {
		return true
	}
	time.Sleep(s.sleep)
	s.woken = time.Now()
	return false
}

func TestAMachineThatSleptForAnHourSendsNoBurst(t *testing.T) {
	s := &sleeper{nth: 100, sleep: time.Hour}
	ground{
		net:    func(n transport.Net) transport.Net { return netTap{Net: n, write: s.write} },
		server: []sfutest.Option{sfutest.WithTolerances(sfutest.Tolerances{Loss: true}), sfutest.WithFeedback(0)},
	}.run(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300}))
		time.Sleep(s.sleep + 30*time.Second)
		w.expectStates(gotgcall.Connecting, gotgcall.Connected)
		w.expectEnds(videoEnd, audioEnd)
		packets := w.records(1)
		if len(packets) != 499 {
			t.Fatalf("%d packets of sound arrived, expected 499", len(packets))
		}
		atOnce := 0
		for _, p := range packets {
			if late := p.Arrival.Sub(s.woken); late >= 0 && late < 20*time.Millisecond {
				atOnce++
			}
		}
		if atOnce == 0 || atOnce > 10 {
			t.Errorf("%d packets left at once after the sleep, expected 200 ms of them at most", atOnce)
		}
		if took := packets[498].Arrival.Sub(s.woken); (took - 8*time.Second).Abs() > 250*time.Millisecond {
			t.Errorf("what was left of the song took %v, expected 8s", took)
		}
		w.noViolations()
	})
}
