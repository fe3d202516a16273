package instances

import "testing"

func TestTheStatesOfACall(t *testing.T) {
	const allowed = "" +
		// to: new connecting connected disconnected failed timeout closed
		".x....x" + // from new
		"..xxxxx" + // from connecting
		"...xx.x" + // from connected
		".xx.x.x" + // from disconnected
		".x....x" + // from failed
		".x....x" + // from timeout
		"......." //   from closed
	const states = 7
	for from := range callState(states) {
		for to := range callState(states) {
			if got, want := from.may(to), allowed[int(from)*states+int(to)] == 'x'; got != want {
				t.Errorf("from %s to %s: %v, expected %v", from, to, got, want)
			}
		}
		if got, want := from.dead(), from >= stateFailed; got != want {
			t.Errorf("%s is dead: %v, expected %v", from, got, want)
		}
	}
}
