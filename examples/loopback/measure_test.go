package main

import (
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

// steady returns n packets that arrive every frame from a moment on, the first with this media time.
func steady(n int, at, media time.Duration) []arrival {
	list := make([]arrival, n)
	for i := range list {
		moment := at + time.Duration(i)*frame
		list[i] = arrival{sent: moment, at: moment, media: media + time.Duration(i)*frame, size: 320, level: 20}
	}
	return list
}

// change returns a copy in which one packet differs.
func change(list []arrival, i int, f func(*arrival)) []arrival {
	list = slices.Clone(list)
	f(&list[i])
	return list
}

func TestPercentilesAreThoseOfTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i+1) * ms
	}
	for _, c := range []struct {
		values []time.Duration
		p      float64
		want   time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7 * ms}, 99, 7 * ms},
		{hundred, 0, 1 * ms},
		{hundred, 50, 50 * ms},
		{hundred, 99, 99 * ms},
		{hundred, 100, 100 * ms},
		{hundred[:3], 50, 2 * ms},
		{hundred[:2], 99, 2 * ms},
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("percentile %v of %d values is %v, want %v", c.p, len(c.values), got, c.want)
		}
	}
	if got, want := distributionOf([]time.Duration{30 * ms, 10 * ms, 20 * ms}), (distribution{3, millis(20 * ms), millis(30 * ms), millis(30 * ms)}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestGapsLeaveOutThePause(t *testing.T) {
	paused := slices.Concat(steady(3, 0, 0), steady(2, 3060*ms, 3060*ms))
	pause := &pauseMoments{asked: 45 * ms, paused: 46 * ms, resumed: 3046 * ms}
	for _, c := range []struct {
		name  string
		pause *pauseMoments
		want  []time.Duration
	}{
		{"no pause is known", nil, []time.Duration{20 * ms, 20 * ms, 3020 * ms, 20 * ms}},
		{"a pause", pause, []time.Duration{20 * ms, 20 * ms, 20 * ms}},
		{"a pause elsewhere", &pauseMoments{asked: 4 * time.Second, paused: 4 * time.Second, resumed: 7 * time.Second},
			[]time.Duration{20 * ms, 20 * ms, 3020 * ms, 20 * ms}},
	} {
		if got := gapsOf(paused, c.pause); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if got := gapsOf(nil, nil); got != nil {
		t.Errorf("gaps of nothing: %v", got)
	}
}

func TestGapsOfTheTickerAreThoseDuringTheSong(t *testing.T) {
	ticks := []time.Duration{0, 20 * ms, 45 * ms, 60 * ms, 200 * ms}
	if got, want := gapsBetween(ticks, 20*ms, 100*ms), []time.Duration{25 * ms, 15 * ms}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheLongestGapComesWithTheTickersOfTheSameTime(t *testing.T) {
	// Two long gaps, the second one longer; the ticker was held up during the second only.
	list := slices.Concat(steady(3, 100*ms, 0), steady(3, 190*ms, 60*ms), steady(3, 300*ms, 120*ms))
	ticks := []time.Duration{100 * ms, 120 * ms, 140 * ms, 160 * ms, 180 * ms, 200 * ms, 220 * ms, 240 * ms, 295 * ms, 320 * ms}
	got := longestGap(list, 1, len(list), nil, ticks)
	if got.Length != millis(70*ms) || got.At != millis(130*ms) || got.Ticker != millis(55*ms) {
		t.Errorf("got %v at %v with %v of the ticker, want 70 ms at 130 ms with 55 ms", got.Length, got.At, got.Ticker)
	}
	if got := longestGap(list, 1, 5, nil, ticks); got.Length != millis(50*ms) || got.Ticker != millis(20*ms) {
		t.Errorf("the longest of the first gaps is %v with %v, want 50 ms with 20 ms", got.Length, got.Ticker)
	}
	if got := longestGap(nil, 1, 9, nil, ticks); got.Length != 0 {
		t.Errorf("a gap in nothing: %v", got.Length)
	}
}

func TestDriftIsWhatMediaTimeGainsOnTheWallClock(t *testing.T) {
	const minute = int(time.Minute / frame)
	fast, slow := steady(minute, 5*time.Second, 0), steady(minute, 0, 0)
	for i := range fast {
		fast[i].at -= time.Duration(i) * 20 * time.Microsecond // sent a thousandth too early, each
		slow[i].at += time.Duration(i) * 20 * time.Microsecond
	}
	for _, c := range []struct {
		name     string
		arrivals []arrival
		want     drift
	}{
		{"nothing", nil, drift{}},
		{"a single packet", steady(1, time.Second, 0), drift{}},
		{"steady", steady(minute, time.Second, 0), drift{}},
		{"one late packet is no drift", change(steady(minute, 0, 0), 777, func(a *arrival) { a.at += 15 * ms }), drift{Behind: millis(-15 * ms)}},
		{"a late first packet is no drift", change(steady(minute, 0, 0), 0, func(a *arrival) { a.at += 15 * ms }), drift{Behind: millis(-15 * ms)}},
		{"a pause that the timestamps know of", slices.Concat(steady(500, 0, 0), steady(500, 13*time.Second, 13*time.Second)), drift{}},
		{"a pause that the timestamps do not know of", slices.Concat(steady(500, 0, 0), steady(500, 13*time.Second, 10*time.Second)),
			drift{Min: millis(-3 * time.Second), End: millis(-3 * time.Second), Behind: millis(-3 * time.Second)}},
	} {
		if got := driftOf(c.arrivals); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
	if got := driftOf(fast); got.End < millis(58*ms) || got.End > millis(61*ms) || got.Max != got.End || got.Min != 0 {
		t.Errorf("a song that is a thousandth too fast: %+v, want about 59 ms at the end", got)
	}
	if got := driftOf(slow); got.End > millis(-58*ms) || got.End < millis(-61*ms) || got.Min != got.End || got.Max != 0 {
		t.Errorf("a song that is a thousandth too slow: %+v, want about -59 ms at the end", got)
	}
}

func TestTalkSpurtsAndTheSilenceBeforeThemAreCounted(t *testing.T) {
	list := slices.Concat(steady(10, 0, 0), steady(10, 500*ms, 500*ms))
	list = change(list, 0, func(a *arrival) { a.marker = true })
	list = change(list, 10, func(a *arrival) { a.marker, a.level = true, 127 })
	if n, silence := spurtsOf(list); n != 2 || silence != millis(300*ms) {
		t.Errorf("%d talk spurts with %v between them, want 2 with 300 ms", n, silence)
	}
	if got, want := levelOf(list), (level{Quietest: -127, Loudest: -20}); got != want {
		t.Errorf("levels %v, want %v", got, want)
	}
}

func TestRTPTimeDoesNotOverflow(t *testing.T) {
	for ticks, want := range map[int64]time.Duration{
		0: 0, 960: frame, 47_999: 999_979_166, -960: -frame, 48_000 * 3600 * 24 * 365 * 100: time.Hour * 24 * 365 * 100,
	} {
		if got := ticksToDuration(ticks, clockRate); got != want {
			t.Errorf("%d ticks are %v, want %v", ticks, got, want)
		}
	}
}

func TestTheSendTimeOfAPacketIsFound(t *testing.T) {
	stamp := func(at time.Time) uint32 { // as docs/WIRE.md §5 has it
		const toNTP = 2_208_988_800
		return uint32((uint64(at.Unix()+toNTP)<<18 + uint64(at.Nanosecond())<<18/1e9) & 0xffffff)
	}
	now := time.Date(2026, 1, 31, 23, 59, 59, 987654321, time.UTC)
	for range 200 {
		now = now.Add(777_777_777)
		for _, age := range []time.Duration{0, 30 * time.Microsecond, 20 * ms, 31 * time.Second, -3 * ms} {
			if got := ageOf(stamp(now.Add(-age)), now); (got - age).Abs() > 8*time.Microsecond {
				t.Fatalf("at %v: got %v, want %v", now, got, age)
			}
		}
	}
}

func TestTimesReadAsMillisecondsAndAsPositions(t *testing.T) {
	if got := millis(-1234567).String(); got != "-1.23 ms" {
		t.Errorf("got %q", got)
	}
	if got, err := millis(1234567).MarshalJSON(); string(got) != "1.235" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for d, want := range map[time.Duration]string{
		0: "0:00.0", -ms: "0:00.0", 9990 * ms: "0:09.9", 62*time.Second + 500*ms: "1:02.5", 2*time.Hour + 5*time.Minute: "125:00.0",
	} {
		if got := minutes(d); got != want {
			t.Errorf("%v reads %q, want %q", d, got, want)
		}
	}
}
