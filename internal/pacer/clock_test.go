package pacer

import (
	"testing"
	"time"

	"gotgcall/internal/wall"
)

const day = 24 * time.Hour

// clockMoves are by how much somebody sets the system's clock.
var clockMoves = []time.Duration{time.Hour, -time.Hour, day, -day, 0}

func TestDeadlinesStayWhereTheyAreWhenTheClockIsSet(t *testing.T) {
	s := NewScheduler()
	defer s.Close()
	const runs, hang = 20, 10 * time.Second
	due := time.Now()
	done := make(chan struct{})
	n := 0
	e := s.Add(taskFunc(func(now time.Time) time.Time {
		if early := due.Sub(now); early > 0 {
			t.Errorf("run %d is %v early", n, early)
		}
		if n++; n == runs {
			close(done)
			return time.Time{}
		}
		due = wall.Set(now, clockMoves[n%len(clockMoves)]).Add(2 * time.Millisecond) // the clock was another one when this was reckoned
		return due
	}))
	e.Wake()
	select {
	case <-done:
	case <-time.After(hang):
		t.Error("a deadline waits for the wall clock")
	}
	e.Remove()
}

func TestTimestampsStayWhereTheyAreWhenTheClockIsSet(t *testing.T) {
	const pts, rate = 48000 * 7, 48000
	epoch := time.Now()
	for _, move := range clockMoves {
		clock, same := NewTimeline(epoch), NewTimeline(epoch)
		at := epoch.Add(5 * time.Second)
		clock.Start(wall.Set(at, move), 0, rate)
		same.Start(at, 0, rate)
		if got, want := clock.Due(pts, rate), same.Due(pts, rate); got.Sub(want) != 0 || got.Round(0) != want.Round(0) {
			t.Errorf("the clock was set by %v: a frame is due at %v, expected %v", move, got, want)
		}
		if got, want := clock.RTP(3, pts, rate), same.RTP(3, pts, rate); got != want {
			t.Errorf("the clock was set by %v: its timestamp is %d, expected %d", move, got, want)
		}
		later := at.Add(time.Minute)
		if got, want := clock.RTPAt(3, wall.Set(later, move), rate), same.RTPAt(3, later, rate); got != want {
			t.Errorf("the clock was set by %v: a Sender Report has the timestamp %d, expected %d", move, got, want)
		}
		if got, want := clock.Wall(wall.Set(later, move)), same.Wall(later); !got.Round(0).Equal(want) { // the wall clock alone
			t.Errorf("the clock was set by %v: a Sender Report has the time %v, expected %v", move, got, want)
		}
	}
}
