package wall

import (
	"testing"
	"time"
)

func TestAClockThatIsSetChangesTheWallReadingAlone(t *testing.T) {
	now := time.Now()
	for _, d := range []time.Duration{0, time.Second, -time.Hour, time.Hour, -24 * time.Hour, 24 * time.Hour, 40 * 24 * time.Hour} {
		moved := Set(now, d)
		if got := moved.Sub(now); got != 0 {
			t.Errorf("set by %v, %v have passed", d, got)
		}
		if got := moved.Round(0).Sub(now.Round(0)); got != d {
			t.Errorf("set by %v, the wall clock has moved by %v", d, got)
		}
		if got := moved.Add(time.Minute).Sub(now); got != time.Minute {
			t.Errorf("set by %v, a minute later %v have passed", d, got)
		}
	}
}
