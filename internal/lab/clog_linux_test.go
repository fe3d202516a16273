package lab

import (
	"testing"
	"time"

	"gotgcall/internal/leak"
)

// TestASystemThatSendsNothingAnyMoreHoldsUpNobody: who sends is the scheduler of all calls, and Stop waits for it.
func TestASystemThatSendsNothingAnyMoreHoldsUpNobody(t *testing.T) {
	required(t)
	leak.Check(t)
	w := newWire(t)
	c := newCall(t, w)
	c.start(w.serve(serverPort), film{time.Minute, 8000}) // 2 Mbit/s
	given := func() uint64 {
		stats, err := c.client.Stats(chat)
		must(t, err)
		return stats.Video.Bytes
	}
	w.clog()
	const more = 1 << 20 // several times what a socket's buffer holds
	before := given()
	until(t, "a megabyte of film to be sent", func() bool { return given() > before+more })
	start := time.Now()
	must(t, c.client.Stop(chat))
	if took, most := time.Since(start), 20*time.Second; took > most {
		t.Errorf("Stop took %s", took)
	}
}
