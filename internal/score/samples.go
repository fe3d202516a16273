package score

import "math"

const (
	beatSamples  = Rate / 4
	verseSamples = 20 * Rate
	attack       = Rate / 100 // 10 ms
	release      = Rate / 25  // 40 ms
)

// instrument is a sound: the strengths of its harmonics, its place, and how fast it fades.
type instrument struct {
	harmonics   []float64
	left, right float64
	fade        float64 // part that is left after a second
}

var (
	lead = instrument{harmonics: []float64{1, 0.5, 0.25, 0.12}, left: 0.16, right: 0.26, fade: 0.35}
	low  = instrument{harmonics: []float64{1, 0.3}, left: 0.22, right: 0.12, fade: 0.5}
)

// Samples returns n stereo samples, interleaved left and right, from sample start on. The piece has no end.
func Samples(start, n int64) []int16 {
	pcm := make([]int16, 0, n*Channels)
	for i := start; i < start+n; i++ {
		verse, at := i/verseSamples, i%verseSamples
		var left, right float64
		add := func(in *instrument, pitch int, since, length int64) {
			v := in.sound(frequency(pitch+keyOf(verse)), since, length)
			left += in.left * v
			right += in.right * v
		}
		const bassSamples = 4 * beatSamples
		add(&low, bass[at/bassSamples], at%bassSamples, bassSamples)
		if pitch, since, length := melodyAt(at); pitch != 0 {
			add(&lead, pitch, since, length)
		}
		pcm = append(pcm, int16(left*math.MaxInt16), int16(right*math.MaxInt16))
	}
	return pcm
}

// melodyAt returns the note of the melody at a sample of its verse, when it began and how long it is.
func melodyAt(at int64) (pitch int, since, length int64) {
	for _, s := range melody {
		length = int64(s.beats) * beatSamples
		if at < length {
			return s.pitch, at, length
		}
		at -= length
	}
	return 0, 0, 0
}

// sound returns the instrument's value a number of samples after the note's beginning.
func (in *instrument) sound(freq float64, since, length int64) float64 {
	t := float64(since) / Rate
	v := 0.0
	for h, strength := range in.harmonics {
		v += strength * math.Sin(2*math.Pi*freq*float64(h+1)*t)
	}
	envelope := math.Pow(in.fade, t)
	if since < attack {
		envelope *= float64(since) / attack
	}
	if left := length - since; left < release {
		envelope *= float64(left) / release
	}
	return v * envelope
}
