package main

import (
	"math"
	"slices"
	"time"
)

const (
	// frame is how much sound one packet carries: what FromFile and FromURL make.
	frame = 20 * time.Millisecond
	// The clock rates of RTP timestamps of Opus (RFC 7587 §4.1) and VP8 (RFC 7741 §4.1).
	clockRate        = 48000
	pictureClockRate = 90000
	// driftWindow is the time over which drift is averaged: a packet that the machine sent late is lateness, not drift.
	driftWindow = time.Second
)

// arrival is one packet as the listener saw it.
type arrival struct {
	sent   time.Duration // when it left, since the listener began; by its own abs-send-time
	at     time.Duration // when it came
	media  time.Duration // its RTP timestamp, since that of the first packet
	size   int           // of the Opus packet in bytes
	seq    uint16        // its sequence number
	level  uint8         // announced loudness: 0 is the loudest, 127 silence, in -dBov
	marker bool          // begins a talk spurt
}

// lead is how much later the packet's media time is than the wall clock, both since the listener began. Only differences of leads mean
// something.
func (a arrival) lead() time.Duration { return a.media - a.at }

// ticksToDuration converts RTP time. It does not overflow in centuries.
func ticksToDuration(ticks, rate int64) time.Duration {
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}

// distribution describes times between arrivals.
type distribution struct {
	Count int    `json:"count"`
	P50   millis `json:"p50_ms"`
	P99   millis `json:"p99_ms"`
	Max   millis `json:"max_ms"`
}

func distributionOf(gaps []time.Duration) distribution {
	sorted := slices.Sorted(slices.Values(gaps))
	return distribution{
		Count: len(sorted), P50: millis(percentile(sorted, 50)), P99: millis(percentile(sorted, 99)), Max: millis(percentile(sorted, 100)),
	}
}

// percentile returns the smallest value that p percent of the sorted values do not exceed (the nearest rank); 0 without values.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// gapsOf returns the times between consecutive arrivals, but for those during which the call was paused.
func gapsOf(arrivals []arrival, pause *pauseMoments) []time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(arrivals); i++ {
		from, to := arrivals[i-1].at, arrivals[i].at
		if !pause.within(from, to) {
			gaps = append(gaps, to-from)
		}
	}
	return gaps
}

// gap is a time without arrivals.
type gap struct {
	Length millis `json:"length_ms"`
	// Ticker is the bare ticker's longest gap at the same time: about as long when the machine is the reason.
	Ticker millis `json:"bare_ticker_meanwhile_ms"`
	// At is when it began, since the first packet.
	At millis `json:"at_ms"`

	begin, end time.Duration
}

// longestGap finds the longest gap in front of the packets with the numbers first to last, the last not included, but for those in a pause.
func longestGap(arrivals []arrival, first, last int, pause *pauseMoments, ticks []time.Duration) gap {
	var g gap
	for i := max(first, 1); i < min(last, len(arrivals)); i++ {
		from, to := arrivals[i-1].at, arrivals[i].at
		if length := millis(to - from); length > g.Length && !pause.within(from, to) {
			g = gap{Length: length, At: millis(from - arrivals[0].at), begin: from, end: to}
		}
	}
	for i := 1; i < len(ticks); i++ {
		if ticks[i] > g.begin && ticks[i-1] < g.end {
			g.Ticker = max(g.Ticker, millis(ticks[i]-ticks[i-1]))
		}
	}
	return g
}

// drift is media time minus wall time at the listener, relative to where it was in the first second: above 0 the song is ahead.
type drift struct {
	// Medians over each second.
	Min millis `json:"min_ms"`
	Max millis `json:"max_ms"`
	End millis `json:"end_ms"`
	// The single packets that were furthest behind and ahead.
	Behind millis `json:"packet_furthest_behind_ms"`
	Ahead  millis `json:"packet_furthest_ahead_ms"`
}

func driftOf(arrivals []arrival) drift {
	if len(arrivals) == 0 {
		return drift{}
	}
	var seconds []time.Duration
	behind, ahead := arrivals[0].lead(), arrivals[0].lead()
	for begin := 0; begin < len(arrivals); {
		end := begin
		var leads []time.Duration
		for ; end < len(arrivals) && arrivals[end].at < arrivals[begin].at+driftWindow; end++ {
			lead := arrivals[end].lead()
			leads = append(leads, lead)
			behind, ahead = min(behind, lead), max(ahead, lead)
		}
		// What is left at the end is too little for a median of its own unless there is nothing else.
		if full := arrivals[end-1].at-arrivals[begin].at >= driftWindow/2-frame; full || seconds == nil {
			seconds = append(seconds, median(leads))
		}
		begin = end
	}
	start := seconds[0]
	return drift{
		Min: millis(slices.Min(seconds) - start), Max: millis(slices.Max(seconds) - start), End: millis(seconds[len(seconds)-1] - start),
		Behind: millis(behind - start), Ahead: millis(ahead - start),
	}
}

func median(values []time.Duration) time.Duration {
	return percentile(slices.Sorted(slices.Values(values)), 50)
}

// ageOf returns how long ago a packet was sent that has this abs-send-time, the time in seconds with 18 fractional bits, modulo 64 s
// (docs/WIRE.md §5). NTP's seconds and Unix' differ by a multiple of 64.
func ageOf(absSendTime uint32, now time.Time) time.Duration {
	const fraction, whole = 18, 24 // bits
	ticks := uint32(now.Unix())<<fraction | uint32(int64(now.Nanosecond())<<fraction/int64(time.Second))
	age := int32((ticks-absSendTime)<<(32-whole)) >> (32 - whole)
	return time.Duration(age) * time.Second >> fraction
}

// sentBetween counts the packets that were sent from one moment on and before another.
func sentBetween(arrivals []arrival, from, to time.Duration) int {
	n := 0
	for _, a := range arrivals {
		if a.sent >= from && a.sent < to {
			n++
		}
	}
	return n
}

// gapsBetween returns the times between consecutive moments of a stretch of time.
func gapsBetween(moments []time.Duration, from, to time.Duration) []time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(moments); i++ {
		if moments[i-1] >= from && moments[i] <= to {
			gaps = append(gaps, moments[i]-moments[i-1])
		}
	}
	return gaps
}

// spurtsOf counts the packets that begin a talk spurt, and adds up the steps of the timestamps in front of them.
func spurtsOf(arrivals []arrival) (n int, silence millis) {
	for i, a := range arrivals {
		if !a.marker {
			continue
		}
		n++
		if i > 0 {
			silence += millis(a.media - arrivals[i-1].media - frame)
		}
	}
	return n, silence
}

// standstillOf adds up the times, but for the pause, in which there was nothing to send: by how much the timestamps step beyond what was sent
// or lost. Negative steps are packets that were overtaken.
func standstillOf(arrivals []arrival, pause *pauseMoments) (sum time.Duration) {
	for i := 1; i < len(arrivals); i++ {
		before, a := arrivals[i-1], arrivals[i]
		if !pause.within(before.sent, a.sent) {
			sum += a.media - before.media - time.Duration(int16(a.seq-before.seq))*frame // sequence numbers wrap at 2^16
		}
	}
	return sum
}

// levelOf returns the range of the announced levels.
func levelOf(arrivals []arrival) level {
	l := level{Quietest: -int(arrivals[0].level), Loudest: -int(arrivals[0].level)}
	for _, a := range arrivals {
		l.Quietest, l.Loudest = min(l.Quietest, -int(a.level)), max(l.Loudest, -int(a.level))
	}
	return l
}

// silenceOf returns by how much the timestamps stepped over a pause: so much silence is in the recording.
func silenceOf(arrivals []arrival, pause *pauseMoments) time.Duration {
	if pause == nil {
		return 0
	}
	for i := 1; i < len(arrivals); i++ {
		if arrivals[i].sent >= pause.resumed {
			return arrivals[i].media - arrivals[i-1].media - frame
		}
	}
	return 0
}
