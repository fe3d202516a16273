package gotgcall_test

import (
	"sync"
	"testing"
	"time"

	"gotgcall"
)

func TestTwoHundredConnectsAtOnceAllSucceed(t *testing.T) {
	calls := 200
	if underRace {
		calls = 50
	}
	s := newStudio(t) // how long it takes is the machine's
	answers := make([]string, calls)
	began := time.Now()
	for chat := range int64(calls) {
		params, err := s.client.CreateCall(chat)
		must(t, err)
		answers[chat], err = s.server.Join(chat, params)
		must(t, err)
	}
	created := time.Since(began)
	var connecting sync.WaitGroup
	for chat := range int64(calls) {
		connecting.Go(func() {
			if err := s.client.Connect(chat, answers[chat]); err != nil {
				t.Errorf("call %d: %v", chat, err)
			}
		})
	}
	connecting.Wait()
	t.Logf("%d calls were created and joined in %s, and connected in %s", calls, created, time.Since(began)-created)
	if n := len(s.client.Calls()); n != calls {
		t.Errorf("%d calls are there, expected %d", n, calls)
	}
}

// BenchmarkCreateCall is CreateCall and Stop of calls that come one after the other, faster than certificates are made ready.
func BenchmarkCreateCall(b *testing.B) {
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg())
	must(b, err)
	defer client.Close()
	for b.Loop() {
		_, err := client.CreateCall(1)
		must(b, err)
		must(b, client.Stop(1))
	}
}
