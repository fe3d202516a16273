package lipsync

import (
	"math"
	"math/cmplx"
	"time"
)

// Tone is the frequency of the beeps in hertz.
const Tone = 1000

const (
	hop     = time.Millisecond
	window  = 10 * time.Millisecond // ten periods of the tone, so that others 100 Hz away cancel out
	minBeep = 50 * time.Millisecond
	// maxBreak is a hole in a beep that does not end it: two lost packets of 20 ms.
	maxBreak = 40 * time.Millisecond
	// quietest is the lowest amplitude of a beep: 1 % of full scale.
	quietest = 0.01 * math.MaxInt16
)

// Beeps returns when beeps begin in a recording with one channel and the given sampling rate, 8000 or more: where the tone, measured over 10 ms,
// comes over half of its largest amplitude. That is right within 2 ms, and within 5 ms behind a codec. A beep that sounds already at the beginning
// of the recording has no known beginning and is left out.
func Beeps(mono []int16, rate int) (begin []time.Duration) {
	levels := toneLevels(mono, rate)
	loudest := 0.0
	for _, l := range levels {
		loudest = max(loudest, l)
	}
	if loudest < quietest {
		return nil
	}
	const none = -1
	first, last := none, none // of the hops of the beep that is being heard
	finish := func() {
		if first > int(window/hop) && time.Duration(last-first)*hop >= minBeep {
			begin = append(begin, time.Duration(first)*hop)
		}
		first = none
	}
	for i, l := range levels {
		if l < loudest/2 {
			continue
		}
		if first != none && time.Duration(i-last)*hop > maxBreak {
			finish()
		}
		if first == none {
			first = i
		}
		last = i
	}
	if first != none {
		finish()
	}
	return begin
}

// toneLevels returns the amplitude of the tone around each hop.
func toneLevels(mono []int16, rate int) []float64 {
	sums := make([]complex128, len(mono)+1) // of the recording up to a sample, turned back by the tone's phase
	for i, v := range mono {
		phase := 2 * math.Pi * Tone * float64(i) / float64(rate)
		sums[i+1] = sums[i] + complex(float64(v), 0)*cmplx.Rect(1, -phase)
	}
	at := func(d time.Duration) int { return int(int64(d) * int64(rate) / int64(time.Second)) }
	size := at(window)
	var levels []float64
	for moment := time.Duration(0); at(moment) < len(mono); moment += hop {
		middle := at(moment)
		from, to := max(0, middle-size/2), min(len(mono), middle+size/2)
		levels = append(levels, 2*cmplx.Abs(sums[to]-sums[from])/float64(size))
	}
	return levels
}
