package lipsync

import (
	"math"
	"slices"
	"testing"
	"time"
)

// sound returns a recording with tones of 100 ms.
func sound(length time.Duration, rate int, amplitude, frequency float64, begin ...time.Duration) []int16 {
	pcm := make([]int16, int(length.Seconds()*float64(rate)))
	for _, b := range begin {
		from := int(b.Seconds() * float64(rate))
		for i := max(0, from); i < min(len(pcm), from+rate/10); i++ {
			pcm[i] = int16(amplitude * math.Sin(2*math.Pi*frequency*float64(i)/float64(rate)))
		}
	}
	return pcm
}

// mix adds recordings.
func mix(all ...[]int16) []int16 {
	sum := slices.Clone(all[0])
	for _, pcm := range all[1:] {
		for i, v := range pcm {
			sum[i] += v
		}
	}
	return sum
}

func TestBeepsBeginWhereTheToneDoes(t *testing.T) {
	const rate = 48000
	three := seconds(time.Second, 3)
	odd := []time.Duration{1003 * ms, 2017 * ms, 3999 * ms}
	noise := make([]int16, 5*rate)
	seed := uint32(1)
	for i := range noise {
		seed = seed*1664525 + 1013904223
		noise[i] = int16(seed>>19) - 4096
	}
	var music []time.Duration
	for at := time.Duration(0); at < 5*time.Second; at += 100 * ms {
		music = append(music, at)
	}
	holes := sound(5*time.Second, rate, 16000, Tone, three...)
	clear(holes[rate*1030/1000 : rate*1050/1000])
	clear(holes[rate*2060/1000 : rate*2080/1000])
	for name, c := range map[string]struct {
		pcm  []int16
		rate int
		want []time.Duration
	}{
		"at 48 kHz":                {sound(5*time.Second, rate, 16000, Tone, three...), rate, three},
		"at 44.1 kHz":              {sound(5*time.Second, 44100, 16000, Tone, odd...), 44100, odd},
		"at 8 kHz":                 {sound(5*time.Second, 8000, 16000, Tone, odd...), 8000, odd},
		"at odd times":             {sound(5*time.Second, rate, 16000, Tone, odd...), rate, odd},
		"quiet":                    {sound(5*time.Second, rate, 400, Tone, odd...), rate, odd},
		"among noise":              {mix(sound(5*time.Second, rate, 12000, Tone, odd...), noise), rate, odd},
		"among other tones":        {mix(sound(5*time.Second, rate, 9000, Tone, odd...), sound(5*time.Second, rate, 9000, 700, music...)), rate, odd},
		"with packets lost":        {holes, rate, three},
		"one there from the start": {sound(5*time.Second, rate, 16000, Tone, -50*ms, 2*time.Second), rate, seconds(2*time.Second, 1)},
		"one at the very start":    {sound(5*time.Second, rate, 16000, Tone, 0, 2*time.Second), rate, seconds(2*time.Second, 1)},
		"one cut off by the end":   {sound(3080*ms, rate, 16000, Tone, three...), rate, three},
		"one that hardly begins":   {sound(3030*ms, rate, 16000, Tone, three...), rate, three[:2]},
		"a click":                  {sound(3*time.Second, rate, 16000, Tone, 2980*ms), rate, nil},
		"other tones":              {sound(5*time.Second, rate, 9000, 600, music...), rate, nil},
		"too quiet":                {sound(5*time.Second, rate, 300, Tone, odd...), rate, nil},
		"silence":                  {make([]int16, rate), rate, nil},
		"nothing":                  {nil, rate, nil},
	} {
		got := Beeps(c.pcm, c.rate)
		same := slices.EqualFunc(got, c.want, func(a, b time.Duration) bool { return (a - b).Abs() <= 2*ms })
		if !same {
			t.Errorf("%s: beeps at %v, want %v", name, got, c.want)
		}
	}
}
