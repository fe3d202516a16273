package sfutest

import (
	"slices"
	"testing"
	"time"
)

// Half of the cycle of a timestamp is 12.4 hours of sound, and 6.6 hours of pictures.
func TestAPauseMayBeLongerThanHalfACycleOfTheTimestamps(t *testing.T) {
	const frame = 20 * time.Millisecond
	for media, rate := range map[Media]int64{MediaAudio: 48000, MediaVideo: 90000} {
		for _, pause := range []time.Duration{0, 7 * time.Hour, 13 * time.Hour, 24 * time.Hour, 31 * time.Hour, 100 * time.Hour} {
			for name, c := range map[string]struct {
				off  time.Duration // of the media's time behind the pause
				want []ViolationKind
			}{
				"as the wall clock":    {0, nil},
				"back behind a marker": {-pause - 2*frame, []ViolationKind{ViolationTimestamp}},
			} {
				var l ledger
				tl := timeline{media: media, rate: rate, ledger: &l, stalls: &stallMeter{}, tolerances: &Tolerances{Burst: 1000 * time.Hour, Drift: 1000 * time.Hour, Clock: 1000 * time.Hour}}
				tl.tolerances.fill()
				at, stamp := time.Unix(1000, 0), time.Hour
				for i := range 20 {
					at, stamp = at.Add(frame), stamp+frame
					if i == 10 {
						at, stamp = at.Add(pause), stamp+pause+c.off
					}
					tl.next(&Packet{
						Timestamp: uint32(ticks(stamp, rate)), Marker: media == MediaVideo || i == 10, Arrival: at, read: at, Size: len(opus20), Payload: opus20,
					}, gap{})
				}
				if got := kinds(l.list()); !slices.Equal(got, c.want) {
					t.Errorf("%s, a pause of %v, %s: %v", media, pause, name, l.list())
				}
			}
		}
	}
}

func TestASenderReportMayComeBeforeTheFirstPacketBehindAPause(t *testing.T) {
	const rate = 90000
	for _, pause := range []time.Duration{time.Second, 7 * time.Hour, 31 * time.Hour} {
		for _, wrong := range []time.Duration{0, 2 * time.Second} {
			var l ledger
			tl := timeline{media: MediaVideo, rate: rate, ledger: &l, stalls: &stallMeter{}, tolerances: &Tolerances{}}
			tl.tolerances.fill()
			at := time.Unix(1000, 0)
			tl.next(&Packet{Timestamp: 5, Marker: true, Arrival: at, read: at, Size: 1}, gap{})
			at = at.Add(pause)
			tl.report(&SenderReport{Arrival: at, NTP: at.Add(wrong), Timestamp: 5 + uint32(ticks(pause, rate))})
			if got := l.list(); (len(got) > 0) != (wrong > 0) {
				t.Errorf("a pause of %v, a report that is %v off: %v", pause, wrong, got)
			}
		}
	}
}
