package media

import (
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// pick returns the times of the pictures that are left of a source by pickFilter, in seconds.
func pick(t *testing.T, source string, fps int, clock string) []float64 {
	t.Helper()
	args := []string{"-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-vf", pickFilter(fps, clock), "-vsync", "passthrough",
		"-enc_time_base", "1:1000000", "-c:v", "rawvideo", "-f", "framecrc", "-"}
	text, err := exec.Command(ffmpegPath(t), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var times []float64
	for line := range strings.Lines(string(text)) {
		if fields := strings.Split(line, ","); !strings.HasPrefix(line, "#") && len(fields) > 2 {
			us, err := strconv.ParseFloat(strings.TrimSpace(fields[2]), 64)
			if err != nil {
				t.Fatalf("%v in %q", err, line)
			}
			times = append(times, us/1e6)
		}
	}
	return times
}

// still is a source of small pictures.
func still(rate string, seconds int) string {
	return fmt.Sprintf("color=s=16x16:r=%s:d=%d", rate, seconds)
}

// noTime is a clock in which ffmpeg takes no time at all.
const noTime = "0"

func TestPicturesBelowTheHighestRateAllStay(t *testing.T) {
	for rate, want := range map[string]int{"30": 300, "24000/1001": 240, "30000/1001": 300, "25": 250, "12": 120, "1/2": 5} {
		got := pick(t, still(rate, 10), 30, noTime)
		if len(got) != want {
			t.Errorf("%s: %d pictures are left, expected %d", rate, len(got), want)
		}
	}
}

func TestPicturesBeyondTheHighestRateAreLeftOut(t *testing.T) {
	for _, c := range []struct {
		rate     string
		fps      int
		min, max int     // of 10 s
		longest  float64 // interval
	}{
		{"60", 30, 300, 300, 1 / 29.9},
		{"60000/1001", 30, 300, 300, 1 / 29.9},
		{"50", 30, 290, 301, 1 / 24.9},
		{"25", 24, 225, 241, 2 / 24.9},
		{"24", 12, 120, 120, 1 / 11.9},
		{"120", 60, 600, 600, 1 / 59.9},
		{"10", 1, 10, 11, 1.01},
	} {
		got := pick(t, still(c.rate, 10), c.fps, noTime)
		if len(got) < c.min || len(got) > c.max {
			t.Errorf("%s to %d: %d pictures are left, expected %d to %d", c.rate, c.fps, len(got), c.min, c.max)
		}
		for i, at := range got[1:] {
			if at-got[i] > c.longest {
				t.Errorf("%s to %d: nothing between %.3f and %.3f", c.rate, c.fps, got[i], at)
				break
			}
		}
	}
}

func TestPicturesKeepTheirExactTimes(t *testing.T) {
	for i, at := range pick(t, still("60000/1001", 10), 30, noTime) {
		if want := float64(2*i) * 1001 / 60000; math.Abs(at-want) > 1e-6 {
			t.Fatalf("picture %d is at %.6f, expected %.6f", i, at, want)
		}
	}
}

func TestTimestampsRoundedToMillisecondsDoNotCostPictures(t *testing.T) {
	got := pick(t, still("60", 10)+",settb=1/1000", 30, noTime)
	if len(got) < 299 || len(got) > 301 {
		t.Errorf("%d pictures are left", len(got))
	}
}

func TestOnlyTheNotesOfTheFilterCount(t *testing.T) {
	var n atomic.Uint64
	notes := leftOutNotes([]string{"-vf", pickFilter(30, noTime)}, &n)
	for line, want := range map[string]bool{
		"0.000000": true, "1799.000000": true,
		"12.500000": false, ".000000": false, "a12.000000": false, "12.000000 s": false, "-1.000000": false, "": false, "    Last message repeated 3 times": false,
	} {
		before := n.Load()
		if got := notes([]byte(line)) == nil; got != want || (n.Load() > before) != want {
			t.Errorf("%q: note %v, counted %v, expected %v", line, got, n.Load() > before, want)
		}
	}
	if leftOutNotes([]string{"-vf", "scale=10:10"}, &n) != nil {
		t.Error("a command without the filter has notes")
	}
}

// ticking is a clock that knows what each picture costs ffmpeg: one that is encoded, one that is not, and what else happens before picture n.
func ticking(encoded, dropped float64, else_ string) string {
	return fmt.Sprintf("st(9,ld(9)+if(ld(7),%f,%f)+%s)", encoded, dropped, else_)
}

func TestNothingIsDroppedWhileFFmpegIsFastEnough(t *testing.T) {
	const wait = "0.033333"
	for name, c := range map[string]struct {
		clock string
		lost  int
	}{
		"fast":                                    {ticking(0.010, 0.002, "0"), 0},
		"just fast enough":                        {ticking(0.032, 0.004, "0"), 0},
		"a slow key frame now and then":           {ticking(0.020, 0.004, "0.09*eq(mod(n,60),59)"), 0},
		"a reader in bursts":                      {ticking(0.010, 0.002, "0.35*eq(mod(n,15),14)"), 0},
		"a slow one, a reader in bursts":          {ticking(0.026, 0.002, "0.11*eq(mod(n,15),14)"), 0},
		"a reader of single pictures":             {ticking(0, 0, wait), 0},
		"a pause of 3 s":                          {ticking(0.010, 0.002, "0.35*eq(mod(n,15),14)+3*eq(n,300)"), 0},
		"a pause of 60 s":                         {ticking(0.010, 0.002, "0.35*eq(mod(n,15),14)+60*eq(n,300)"), 0},
		"a pause at the beginning":                {ticking(0.010, 0.002, "60*eq(n,1)"), 0},
		"a pause every 2 s":                       {ticking(0.010, 0.002, "0.35*eq(mod(n,15),14)+0.7*eq(mod(n,60),1)"), 0},
		"a live stream that is slow by 1 in 1000": {ticking(0, 0, "0.033366"), 40},
		"a live stream with a break":              {ticking(0, 0, wait+"+2*eq(n,900)-if(between(n,901,960),"+wait+",0)"), 5},
		"segments of 6 s":                         {ticking(0.010, 0.002, "4.2*eq(mod(n,180),179)"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := len(pick(t, still("30", 60), 30, c.clock))
			if lost := 1800 - got; lost > c.lost {
				t.Errorf("%d pictures of 1800 were dropped, expected %d at most", lost, c.lost)
			}
		})
	}
}

func TestASlowFFmpegDropsWhatItTakesToKeepUp(t *testing.T) {
	for _, c := range []struct{ encoded, dropped float64 }{
		{0.036, 0.004}, {0.045, 0.004}, {0.066, 0.010}, {0.150, 0.010}, {0.300, 0.020}, {0.700, 0.010},
	} {
		t.Run(fmt.Sprintf("%v s a picture", c.encoded), func(t *testing.T) {
			got := pick(t, still("30", 60), 30, ticking(c.encoded, c.dropped, "0"))
			kept := float64(len(got))
			if wall := kept*c.encoded + (1800-kept)*c.dropped; wall > 61.5 {
				t.Errorf("60 s took %.1f s: the sound starves", wall)
			}
			if wall := kept*c.encoded + (1800-kept)*c.dropped; wall < 50 && kept > 62 {
				t.Errorf("60 s took %.1f s, and yet only %v pictures were kept", wall, kept)
			}
			for i, at := range got[1:] {
				if at-got[i] > 1.05 {
					t.Fatalf("nothing between %.3f and %.3f", got[i], at)
				}
			}
		})
	}
}

func TestOneWhoseDecodingAloneIsTooSlowStillShowsSomething(t *testing.T) {
	if got := pick(t, still("30", 60), 30, ticking(0.080, 0.050, "0")); len(got) < 60 {
		t.Errorf("%d pictures of 60 s are left", len(got))
	}
}

func TestAfterASlowSceneThePicturesComeBack(t *testing.T) {
	got := pick(t, still("30", 60), 30, ticking(0.012, 0.004, "if(ld(7)*between(n,600,900),0.05,0)"))
	var slow, after int
	for _, at := range got {
		switch {
		case at >= 20 && at < 30:
			slow++
		case at >= 31:
			after++
		}
	}
	if slow > 200 || after < 29*30-1 {
		t.Errorf("%d pictures are left of the slow 10 s, %d of the 29 s from a second later", slow, after)
	}
}
