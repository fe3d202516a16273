package sfutest

import (
	"testing"
	"time"
)

// A film comes to the same number again after some ten minutes.
func TestANumberThatIsAskedForInALaterCycleIsAnotherPacket(t *testing.T) {
	a, at, p := newAskedPackets(), time.Unix(1000, 0), videoPacket{2, 5}
	const cycle, answered = 11 * time.Minute, 40 * time.Millisecond
	a.ask(p, at) // gets lost
	a.ask(p, at.Add(100*time.Millisecond))
	if a.answer(p, at.Add(cycle)) {
		t.Error("an answer counts for a request that was made a cycle before")
	}
	a.ask(p, at.Add(cycle))
	if !a.answer(p, at.Add(cycle+answered)) {
		t.Error("an answer of the second cycle is none")
	}
	if want := (RetransmissionStats{Asked: 2, Answered: 1, Once: 1, Max: answered}); a.stats != want {
		t.Errorf("%+v, want %+v", a.stats, want)
	}
	for i := range maxAsked - 1 { // the first request is forgotten, the second one is not
		a.ask(videoPacket{3, uint16(i)}, at.Add(cycle))
	}
	if !a.answer(p, at.Add(cycle+answered)) {
		t.Error("the second request is forgotten together with the first one")
	}
	if a.ask(videoPacket{3, maxAsked}, at.Add(cycle)); a.answer(p, at.Add(cycle+answered)) || len(a.requests) != maxAsked {
		t.Errorf("%d requests are remembered, want %d", len(a.requests), maxAsked)
	}
}
