package lipsync

import (
	"math"
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

// seconds returns n moments a second apart.
func seconds(first time.Duration, n int) []time.Duration {
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = first + time.Duration(i)*time.Second
	}
	return list
}

func TestMatchPairsWhatIsLessThanHalfASecondApart(t *testing.T) {
	for name, c := range map[string]struct {
		flashes, beeps    []time.Duration
		pairs, alone      int
		smallest, largest time.Duration
	}{
		"together":               {seconds(time.Second, 9), seconds(time.Second, 9), 9, 0, 0, 0},
		"the picture later":      {seconds(1040*ms, 9), seconds(time.Second, 9), 9, 0, 40 * ms, 40 * ms},
		"the picture earlier":    {seconds(600*ms, 9), seconds(time.Second, 9), 9, 0, -400 * ms, -400 * ms},
		"a second apart":         {seconds(2*time.Second, 9), seconds(time.Second, 9), 8, 2, 0, 0},
		"half a second apart":    {seconds(1500*ms, 9), seconds(time.Second, 9), 0, 18, 0, 0},
		"one flash missing":      {slices.Delete(seconds(time.Second, 9), 3, 4), seconds(1010*ms, 9), 8, 1, -10 * ms, -10 * ms},
		"two beeps missing":      {seconds(time.Second, 9), slices.Delete(seconds(time.Second, 9), 0, 2), 7, 2, 0, 0},
		"two beeps for a flash":  {seconds(time.Second, 1), []time.Duration{990 * ms, 1200 * ms}, 1, 1, 10 * ms, 10 * ms},
		"parting more and more":  {[]time.Duration{1000 * ms, 2010 * ms, 3030 * ms}, seconds(time.Second, 3), 3, 0, 0, 30 * ms},
		"coming together":        {[]time.Duration{970 * ms, 1990 * ms, 3010 * ms}, seconds(time.Second, 3), 3, 0, -30 * ms, 10 * ms},
		"nothing to be heard":    {seconds(time.Second, 9), nil, 0, 9, 0, 0},
		"nothing to be seen":     {nil, seconds(time.Second, 9), 0, 9, 0, 0},
		"neither sound nor film": {nil, nil, 0, 0, 0, 0},
	} {
		pairs, alone := Match(c.flashes, c.beeps)
		smallest, largest := Spread(pairs)
		if len(pairs) != c.pairs || alone != c.alone || smallest != c.smallest || largest != c.largest {
			t.Errorf("%s: %d pairs, %d alone, from %v to %v; want %d, %d, %v, %v", name, len(pairs), alone, smallest, largest,
				c.pairs, c.alone, c.smallest, c.largest)
		}
	}
}

// film returns frames at 30 per second that are bright for three frames from each moment on, and dark otherwise.
func film(frames int, dark, bright float64, flashes ...int) []Luma {
	list := make([]Luma, frames)
	for i := range list {
		list[i] = Luma{time.Duration(i) * time.Second / 30, dark}
		for _, f := range flashes {
			if i >= f && i < f+3 {
				list[i].Mean = bright
			}
		}
	}
	return list
}

func TestFlashesBeginWithTheirFirstBrightFrame(t *testing.T) {
	noisy := film(300, 60, 180, 30, 60, 90)
	for i := range noisy {
		noisy[i].Mean += 20 * math.Sin(float64(i*i))
	}
	fading := film(300, 0, 255, 30, 60, 90)
	for _, f := range []int{33, 63, 93} {
		fading[f].Mean = 100 // between the thirds, like the next
		fading[f+1].Mean = 155
	}
	lossy := slices.Delete(film(300, 16, 235, 30, 60, 90), 60, 61)
	for name, c := range map[string]struct {
		frames []Luma
		want   []time.Duration
	}{
		"black and white":           {film(300, 0, 255, 30, 60, 90), seconds(time.Second, 3)},
		"grey":                      {film(300, 80, 121, 30, 60, 90), seconds(time.Second, 3)},
		"noise":                     {noisy, seconds(time.Second, 3)},
		"a flash that comes back":   {fading, seconds(time.Second, 3)},
		"the first frame lost":      {lossy, []time.Duration{time.Second, time.Duration(61) * time.Second / 30, 3 * time.Second}},
		"one there from the start":  {film(300, 0, 255, 0, 60), seconds(2*time.Second, 1)},
		"one cut off by the end":    {film(61, 0, 255, 30, 60), seconds(time.Second, 2)},
		"no contrast":               {film(300, 100, 139, 30, 60), nil},
		"nothing but white":         {film(3, 0, 255, 0), nil},
		"no frames":                 {nil, nil},
		"a brightness not a number": {[]Luma{{0, math.NaN()}, {1, math.NaN()}}, nil},
	} {
		got := Flashes(c.frames)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: flashes at %v, want %v", name, got, c.want)
		}
	}
}
