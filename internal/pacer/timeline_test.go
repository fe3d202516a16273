package pacer

import (
	"math"
	"testing"
	"time"
)

func TestAnHourAtAnyFrameRateStaysWithinOneTick(t *testing.T) {
	for _, fps := range []struct {
		name     string
		num, den int64
	}{{"23.976", 24000, 1001}, {"29.97", 30000, 1001}, {"30", 30, 1}, {"59.94", 60000, 1001}} {
		t.Run(fps.name, func(t *testing.T) {
			epoch := time.Now()
			clock := NewTimeline(epoch)
			clock.Start(epoch.Add(12345678*time.Nanosecond), 0, 90000)
			first := clock.RTP(7, 0, 90000)
			for frame := int64(0); frame < 3600*fps.num/fps.den; frame += 997 {
				pts := frame * 90000 * fps.den / fps.num
				if got := int64(clock.RTP(7, pts, 90000) - first); got != pts {
					t.Fatalf("frame %d: RTP advanced by %d ticks, PTS by %d", frame, got, pts)
				}
				exact := float64(frame) * float64(fps.den) / float64(fps.num)
				if due := clock.Due(pts, 90000).Sub(epoch.Add(12345678)).Seconds(); math.Abs(due-exact) > 1.0/90000 {
					t.Fatalf("frame %d is due at %.6f s, expected %.6f s", frame, due, exact)
				}
			}
		})
	}
}

func TestAShiftMovesDeadlinesAndTimestampsOfAllLegsByTheSameWallTime(t *testing.T) {
	epoch := time.Now()
	clock := NewTimeline(epoch)
	clock.Start(epoch, 0, 48000)
	audio, video, due := clock.RTP(100, 960, 48000), clock.RTP(200, 3000, 90000), clock.Due(960, 48000)
	clock.Shift(3 * time.Second)
	if got := clock.RTP(100, 960, 48000) - audio; got != 3*48000 {
		t.Errorf("audio moved by %d ticks, expected %d", got, 3*48000)
	}
	if got := clock.RTP(200, 3000, 90000) - video; got != 3*90000 {
		t.Errorf("video moved by %d ticks, expected %d", got, 3*90000)
	}
	if got := clock.Due(960, 48000).Sub(due); got != 3*time.Second {
		t.Errorf("the deadline moved by %s, expected 3s", got)
	}
}

func TestAContinuedSourceHasNoSeamInItsTimestamps(t *testing.T) {
	epoch := time.Now()
	clock := NewTimeline(epoch)
	clock.Start(epoch.Add(1234567), 0, 48000)
	const played = 960 * 1237
	next := clock.RTP(9, played, 48000)
	clock.Start(clock.Due(played, 48000), 312, 48000) // a source whose first PTS is not 0
	if got := clock.RTP(9, 312, 48000); got != next {
		t.Errorf("the first timestamp of the new source is %d, the old one would have gone on with %d", got, next)
	}
}

func TestSenderReportsMapTheMomentToTheTimestampThatIsDueThen(t *testing.T) {
	epoch := time.Now()
	clock := NewTimeline(epoch)
	clock.Start(epoch.Add(777*time.Millisecond), 0, 48000)
	const pts = 48000 * 5
	due := clock.Due(pts, 48000)
	if diff := int32(clock.RTPAt(3, due, 48000) - clock.RTP(3, pts, 48000)); diff < -1 || diff > 1 {
		t.Errorf("the report is %d ticks away from the frame that is due at its moment", diff)
	}
	if got := clock.Wall(due).Sub(epoch.Round(0)); got != due.Sub(epoch) {
		t.Errorf("wall time advanced by %s, the monotonic clock by %s", got, due.Sub(epoch))
	}
}

func TestTicksAndDurationsAreExactForWeeks(t *testing.T) {
	const month = 30 * 24 * time.Hour
	for _, rate := range []int{8000, 48000, 90000, 192000} {
		if got, want := Ticks(month, rate), int64(month/time.Second)*int64(rate); got != want {
			t.Errorf("a month at %d Hz is %d ticks, expected %d", rate, got, want)
		}
		if got := Duration(Ticks(month, rate), rate); got != month {
			t.Errorf("a month at %d Hz comes back as %s", rate, got)
		}
	}
	if Ticks(-1500*time.Microsecond, 48000) != -72 || Duration(-72, 48000) != -1500*time.Microsecond {
		t.Error("negative times are not symmetric to positive ones")
	}
}

func FuzzTicksAndDurationAreInverse(f *testing.F) {
	f.Add(int64(0), uint8(0))
	f.Add(int64(960*50*3600*24*30), uint8(1))
	f.Add(int64(-1), uint8(2))
	rates := []int{8000, 44100, 48000, 90000}
	f.Fuzz(func(t *testing.T, ticks int64, r uint8) {
		rate := rates[int(r)%len(rates)]
		ticks %= int64(rate) * 3600 * 24 * 365 * 10 // ten years
		if got := Ticks(Duration(ticks, rate), rate); got != ticks {
			t.Errorf("%d ticks at %d Hz come back as %d", ticks, rate, got)
		}
	})
}
