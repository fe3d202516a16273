package score

import (
	"math"
	"slices"
	"testing"
	"time"
)

const tolerance = 60 * time.Millisecond

func TestAVerseIsFilledExactly(t *testing.T) {
	beats := 0
	last := 0
	for _, s := range melody {
		beats += s.beats
		if s.pitch != 0 && (s.pitch < lowest || s.pitch > highest-keys+1) {
			t.Errorf("pitch %d is outside of what Detect looks for", s.pitch)
		}
		if s.pitch == last {
			t.Errorf("pitch %d follows itself", s.pitch)
		}
		last = s.pitch
	}
	if time.Duration(beats)*beat != Verse || len(bass)*4 != beats {
		t.Errorf("%d beats of melody, %d of bass, want %v", beats, len(bass)*4, Verse)
	}
	for _, p := range bass {
		if 2*frequency(p+keys-1) > frequency(lowest) {
			t.Errorf("bass note %d sounds among the melody", p)
		}
	}
}

func TestDetectHearsWhatIsPlayed(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to time.Duration
	}{
		{"the beginning", 0, 7 * time.Second},
		{"over the end of a verse", 17 * time.Second, 23 * time.Second},
		{"the highest verse", 4*Verse + 13*time.Second, 5*Verse - time.Second},
		{"from the middle of a note", 1600 * time.Millisecond, 7300 * time.Millisecond},
		{"after an hour", time.Hour, time.Hour + 4*time.Second},
	} {
		start := int64(c.from.Seconds() * Rate)
		pcm := Mono(Samples(start, int64((c.to-c.from).Seconds()*Rate)))
		want := Notes(c.from, c.to)
		if len(want) < 5 {
			t.Fatalf("%s has %d notes", c.name, len(want))
		}
		if d := Diff(want, Detect(pcm, Rate), tolerance); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestDetectHearsThroughChangesThatCodecsMake(t *testing.T) {
	want := Notes(0, 5*time.Second)
	pcm := Mono(Samples(0, 5*Rate))
	quiet, noisy, half := make([]int16, len(pcm)), make([]int16, len(pcm)), make([]int16, len(pcm)/3)
	noise := uint32(1)
	for i, v := range pcm {
		quiet[i] = v / 20
		noise = noise*1664525 + 1013904223
		noisy[i] = v + int16(noise>>22) - 512
		if i%3 == 0 {
			half[i/3] = v
		}
	}
	for name, c := range map[string]struct {
		pcm  []int16
		rate int
	}{"quiet": {quiet, Rate}, "noisy": {noisy, Rate}, "at 16 kHz": {half, Rate / 3}} {
		if d := Diff(want, Detect(c.pcm, c.rate), tolerance); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestDetectTellsWrongMusicApart(t *testing.T) {
	want := Notes(0, 6*time.Second)
	pcm := Mono(Samples(0, 6*Rate))
	faster := make([]int16, 0, len(pcm))
	for i := range pcm {
		if i%20 != 0 {
			faster = append(faster, pcm[i])
		}
	}
	second := len(pcm) / 6
	for name, other := range map[string][]int16{
		"silence":          make([]int16, len(pcm)),
		"nothing":          nil,
		"5 % faster":       faster,
		"another verse":    Mono(Samples(20*Rate, 6*Rate)),
		"100 ms late":      slices.Concat(make([]int16, Rate/10), pcm),
		"a second missing": slices.Concat(pcm[:3*second], pcm[4*second:]),
		"a second twice":   slices.Concat(pcm[:3*second], pcm[2*second:]),
		"the end missing":  pcm[:4*second],
	} {
		if Diff(want, Detect(other, Rate), tolerance) == "" {
			t.Errorf("%s passes for the piece", name)
		}
	}
}

func TestSamplesAreTheSameWhereverReadingBegins(t *testing.T) {
	all := Samples(0, 3*Rate)
	if part := Samples(Rate+7, Rate); !slices.Equal(part, all[2*(Rate+7):2*(2*Rate+7)]) {
		t.Error("a part differs from the whole")
	}
	peak := 0.0
	differ := false
	for i := 0; i < len(all); i += 2 {
		peak = max(peak, math.Abs(float64(all[i])), math.Abs(float64(all[i+1])))
		differ = differ || all[i] != all[i+1]
	}
	if peak < 8000 || peak > 32000 || !differ {
		t.Errorf("peak %v of 32767, stereo %v", peak, differ)
	}
}

func TestNotesHaveNames(t *testing.T) {
	for want, n := range map[string]Note{
		"A4 at 1.5s for 500ms": {1500 * time.Millisecond, 500 * time.Millisecond, 440},
		"C4 at 0s for 1s":      {0, time.Second, 261.63},
		"A#-1 at 0s for 1s":    {0, time.Second, frequency(10)},
		"B-2 at 0s for 1s":     {0, time.Second, frequency(-1)},
	} {
		if got := n.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
