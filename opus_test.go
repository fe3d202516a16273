package gotgcall_test

import (
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
)

func TestAProgramThatTalksIsHeardAtOnceAndMayFallSilent(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		voice := gotgcall.FromOpus()
		must(t, w.client.SetStreamSources(1, voice))
		say := func(n int, mark byte) {
			packet := make([]byte, 60)
			packet[0], packet[1] = 0xfc, mark // 20 ms, CELT, stereo
			for range n {
				if _, err := voice.Write(packet); err != nil {
					t.Error(err)
				}
			}
		}
		time.Sleep(time.Minute) // nothing to say for longer than any source may stall
		if ends := w.log.ended(); len(ends) != 0 {
			t.Fatalf("ended with %v", ends)
		}
		before := len(w.records(1))
		began := time.Now()
		say(25, 1)
		time.Sleep(time.Second)
		first := w.records(1)[before:]
		if len(first) != 25 || first[0].Arrival.Sub(began) > 150*time.Millisecond {
			t.Errorf("%d packets, the first after %s", len(first), first[0].Arrival.Sub(began))
		}

		before = len(w.records(1))
		say(50, 2) // 1 s, interrupted
		time.Sleep(500 * time.Millisecond)
		voice.Clear()
		time.Sleep(200 * time.Millisecond)
		cut := len(w.records(1))
		time.Sleep(time.Second)
		if n := len(w.records(1)); n != cut || cut-before > 23 || cut-before < 15 {
			t.Errorf("interrupted after 0.5 s: %d packets, then %d more", cut-before, n-cut)
		}
		say(5, 3)
		voice.End()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("ended with %v", ends)
		}
		got := w.records(1)
		if last := got[len(got)-1]; last.Payload[1] != 3 {
			t.Errorf("the last packet is of word %d", last.Payload[1])
		}
	})
}

func TestClearBeforeConnectIsNoHarm(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		answer := w.create(1)
		voice := gotgcall.FromOpus()
		must(t, w.client.SetStreamSources(1, voice))
		voice.Clear()
		time.Sleep(time.Second)
		must(t, w.client.Connect(1, answer))
		time.Sleep(time.Second)
	})
}
