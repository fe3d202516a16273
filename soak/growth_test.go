//go:build unix

package main

import (
	"strings"
	"testing"
	"time"
)

func TestWhatIsKeptOfEachSongIsFoundAtRest(t *testing.T) {
	rested := sample{goroutines: 20, descriptors: 10, heap: 3 * mega, resident: 90 * mega, tracks: 1000}
	for name, c := range map[string]struct {
		change func(*sample)
		says   string
	}{
		"nothing":                    {func(*sample) {}, ""},
		"noise":                      {func(s *sample) { s.heap += 400 * kilo; s.goroutines += 3; s.descriptors += 3; s.resident += 50 * mega }, ""},
		"more goroutines than ever":  {func(s *sample) { s.heap += 2400 * kilo; s.peak += 2000 }, ""},
		"a KB of each of 800 tracks": {func(s *sample) { s.tracks += 800; s.heap += 800 * kilo }, "KB of heap grew from 3072 to 3872"},
		"a goroutine of one in 50":   {func(s *sample) { s.tracks += 500; s.goroutines += 10 }, "goroutines grew from 20 to 30"},
		"a descriptor of one in 50":  {func(s *sample) { s.tracks += 500; s.descriptors += 10 }, "descriptors grew from 10 to 20"},
		"a child":                    {func(s *sample) { s.children++ }, "children grew from 0 to 1"},
		"memory that is no heap":     {func(s *sample) { s.resident += 200 * mega }, "KB of resident memory grew"},
	} {
		t.Run(name, func(t *testing.T) {
			later := rested
			c.change(&later)
			if grown := strings.Join(rested.keptBy(later), "; "); (grown != "") != (c.says != "") || !strings.Contains(grown, c.says) {
				t.Errorf("it says %q, expected %q", grown, c.says)
			}
		})
	}
}

func TestWhatCallsKeepIsFoundWhileTheyWalk(t *testing.T) {
	const n = 60
	walked := func(change func(i int, s *sample)) (samples []sample) {
		for i := range n {
			s := sample{goroutines: 1000 + i%7*20, descriptors: 200 + i%5*5, children: 30 + i%3*4, heap: int64(80+i%4*4) * mega, resident: 200 * mega, tracks: 500 * i}
			s.at = time.Duration(i) * 10 * time.Second
			if i < n/10 {
				s.goroutines = 0 // the calls begin
			}
			change(i, &s)
			samples = append(samples, s)
		}
		return samples
	}
	for name, c := range map[string]struct {
		change func(i int, s *sample)
		says   string
	}{
		"nothing":                    {func(int, *sample) {}, ""},
		"a peak in the middle":       {func(i int, s *sample) { s.goroutines += 5000 * (i / (n / 2)) * (1 - i/(n/2+4)) }, ""},
		"2 KB of each track":         {func(i int, s *sample) { s.heap += int64(s.tracks) * 2 * kilo }, "KB of heap grew"},
		"a goroutine of one in 50":   {func(_ int, s *sample) { s.goroutines += s.tracks / 50 }, "goroutines grew"},
		"a descriptor of one in 100": {func(_ int, s *sample) { s.descriptors += s.tracks / 100 }, "descriptors grew"},
		"a child of one in 200":      {func(_ int, s *sample) { s.children += s.tracks / 200 }, "children grew"},
	} {
		t.Run(name, func(t *testing.T) {
			if grown := strings.Join(grownInWalk(walked(c.change)), "; "); (grown != "") != (c.says != "") || !strings.Contains(grown, c.says) {
				t.Errorf("it says %q, expected %q", grown, c.says)
			}
		})
	}
	for n := range 4 {
		if grown := grownInWalk(make([]sample, n)); grown != nil {
			t.Errorf("of %d samples it says %q", n, grown)
		}
	}
}

func TestWhatIsLeftBehindIsNamed(t *testing.T) {
	begin := sample{goroutines: 5, descriptors: 7}
	for name, c := range map[string]struct {
		end  sample
		says string
	}{
		"nothing":      {begin, ""},
		"less":         {sample{goroutines: 4, descriptors: 6}, ""},
		"a goroutine":  {sample{goroutines: 6, descriptors: 7}, "6 goroutines are there, 5 were at the beginning"},
		"a descriptor": {sample{goroutines: 5, descriptors: 8}, "8 descriptors are there"},
		"a child":      {sample{goroutines: 5, descriptors: 7, children: 1}, "1 children are there"},
	} {
		if left := strings.Join(begin.leftBehind(c.end), "; "); (left != "") != (c.says != "") || !strings.Contains(left, c.says) {
			t.Errorf("%s: it says %q, expected %q", name, left, c.says)
		}
	}
}

func TestItIsCalmWhenNothingGoesAwayAnyMore(t *testing.T) {
	done := untilCalm()
	for i, c := range []struct {
		at       time.Duration
		sample   sample
		expected bool
	}{
		{0, sample{goroutines: 9}, false},
		{calm, sample{goroutines: 8}, false},
		{calm * 3 / 2, sample{goroutines: 8}, false},
		{calm * 2, sample{goroutines: 8, children: 1}, false},
		{calm * 3, sample{goroutines: 8}, true},
	} {
		c.sample.at = c.at
		if got := done(c.sample); got != c.expected {
			t.Errorf("%d: %v", i, got)
		}
	}
}
