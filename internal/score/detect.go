package score

import (
	"math"
	"time"
)

const (
	lowest, highest = 60, 81 + keys - 1 // MIDI numbers the melody can have
	octave, twelfth = 12, 19            // semitones of the second and (nearly) the third harmonic

	listenRate = 8000 // enough for the harmonics listened to
	window     = 85 * time.Millisecond
	hop        = 20 * time.Millisecond
	minHops    = 5   // shorter sounds are the passage between two notes
	silence    = 0.1 // of the loudest moment
)

// Mono returns the mean of two interleaved channels.
func Mono(stereo []int16) []int16 {
	mono := make([]int16, len(stereo)/2)
	for i := range mono {
		mono[i] = int16((int(stereo[2*i]) + int(stereo[2*i+1])) / 2)
	}
	return mono
}

// Detect hears the notes of the melody in a recording with one channel and the given sampling rate, 8000 or more. Beginnings are right within about
// 40 ms.
func Detect(mono []int16, rate int) []Note {
	pcm, rate := thin(mono, rate)
	size := samplesIn(window, rate)
	shape := make([]float64, size) // Hann
	for i := range shape {
		shape[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(size))
	}
	var pitches []int
	var strengths []float64
	loudest := 0.0
	frame := make([]float64, size)
	// A moment is the middle of its window; the first and the last windows reach over the ends.
	for moment := time.Duration(0); samplesIn(moment, rate) < len(pcm); moment += hop {
		begin := samplesIn(moment, rate) - size/2
		for i := range frame {
			frame[i] = 0
			if at := begin + i; at >= 0 && at < len(pcm) {
				frame[i] = shape[i] * pcm[at]
			}
		}
		pitch, strength := strongest(frame, rate)
		pitches, strengths = append(pitches, pitch), append(strengths, strength)
		loudest = max(loudest, strength)
	}
	for i, s := range strengths {
		if s <= silence*loudest {
			pitches[i] = 0
		}
	}
	return runs(pitches)
}

// thin reduces the sampling rate by a whole number, to listenRate or a little more.
func thin(mono []int16, rate int) ([]float64, int) {
	n := max(1, rate/listenRate)
	pcm := make([]float64, len(mono)/n)
	for i := range pcm {
		for _, v := range mono[i*n : (i+1)*n] {
			pcm[i] += float64(v)
		}
	}
	return pcm, rate / n
}

func samplesIn(d time.Duration, rate int) int {
	return int(int64(d) * int64(rate) / int64(time.Second))
}

// strongest returns the pitch that sounds most in a frame, judged by its first three harmonics.
func strongest(frame []float64, rate int) (pitch int, strength float64) {
	var heard [highest + twelfth + 1]float64
	for p := lowest; p < len(heard); p++ {
		heard[p] = goertzel(frame, frequency(p), rate)
	}
	for p := lowest; p <= highest; p++ {
		if s := heard[p] + 0.5*heard[p+octave] + 0.25*heard[p+twelfth]; s > strength {
			pitch, strength = p, s
		}
	}
	return pitch, strength
}

// goertzel returns the strength of one frequency in a frame.
func goertzel(frame []float64, freq float64, rate int) float64 {
	c := 2 * math.Cos(2*math.Pi*freq/float64(rate))
	var a, b float64
	for _, v := range frame {
		a, b = v+c*a-b, a
	}
	return math.Sqrt(max(0, a*a+b*b-c*a*b))
}

// runs turns one pitch per hop into notes.
func runs(pitches []int) []Note {
	var list []Note
	for i := 0; i < len(pitches); {
		n := 1
		for i+n < len(pitches) && pitches[i+n] == pitches[i] {
			n++
		}
		if n >= minHops && pitches[i] != 0 {
			list = append(list, Note{At: time.Duration(i) * hop, Length: time.Duration(n) * hop, Freq: frequency(pitches[i])})
		}
		i += n
	}
	return list
}
