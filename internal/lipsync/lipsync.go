// Package lipsync measures how far picture and sound are apart at a listener. It finds the flashes and the beeps of the clip that
// testdata/flashbeep.sh makes: both begin at the same moments, one a second, so that what lies between a flash and its beep is the fault of what
// lies between the clip and the listener. It is for tests and the demo.
package lipsync

import (
	"math"
	"time"
)

// reach is how far a flash and a beep may be apart to belong together: less than half of the second between two of them.
const reach = 499 * time.Millisecond

// Pair is a flash and the beep that belongs to it.
type Pair struct{ Flash, Beep time.Duration }

// Offset is how much later the picture comes than the sound; less than 0 when it comes earlier.
func (p Pair) Offset() time.Duration { return p.Flash - p.Beep }

// Match pairs flashes with beeps, both in ascending order and on one clock. Alone counts those of either kind that have no partner within half a
// second: with picture and sound apart by a whole second, everything pairs but the first and the last.
func Match(flashes, beeps []time.Duration) (pairs []Pair, alone int) {
	for len(flashes) > 0 && len(beeps) > 0 {
		p := Pair{flashes[0], beeps[0]}
		switch off := p.Offset(); {
		case off < -reach:
			flashes = flashes[1:]
			alone++
		case off > reach:
			beeps = beeps[1:]
			alone++
		default:
			pairs = append(pairs, p)
			flashes, beeps = flashes[1:], beeps[1:]
		}
	}
	return pairs, alone + len(flashes) + len(beeps)
}

// Spread returns the smallest and the largest offset; 0 and 0 without pairs.
func Spread(pairs []Pair) (smallest, largest time.Duration) {
	for i, p := range pairs {
		off := p.Offset()
		if i == 0 {
			smallest, largest = off, off
		}
		smallest, largest = min(smallest, off), max(largest, off)
	}
	return smallest, largest
}

const (
	minContrast = 40 // of 255, between the darkest and the brightest frame
	// A flash begins where the picture comes over two thirds of the contrast, and is over under one third: what lies between is an encoder's noise.
	rising, falling = 2.0 / 3, 1.0 / 3
)

// Luma is the mean brightness of a frame, from 0 to 255.
type Luma struct {
	At   time.Duration
	Mean float64
}

// Flashes returns when flashes begin: the times of the first bright frames after dark ones. Frames come in ascending order. A flash that is there
// already in the first frame has no known beginning and is left out.
func Flashes(frames []Luma) (begin []time.Duration) {
	dark, bright := math.Inf(1), math.Inf(-1)
	for _, f := range frames {
		dark, bright = min(dark, f.Mean), max(bright, f.Mean)
	}
	contrast := bright - dark
	if contrast < minContrast {
		return nil
	}
	on := true
	for _, f := range frames {
		switch level := (f.Mean - dark) / contrast; {
		case level < falling:
			on = false
		case !on && level > rising:
			on = true
			begin = append(begin, f.At)
		}
	}
	return begin
}
