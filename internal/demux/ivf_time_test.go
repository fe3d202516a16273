package demux

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"gotgcall/internal/demux/ivftest"
	"gotgcall/models"
)

// placed is where a frame lies, in milliseconds, and one tick more for each that more says.
type placed struct {
	ms, duration int64
	more         int64
}

func TestIVFUnevenTimes(t *testing.T) {
	key, next, hidden := ivftest.Key(20, 1), ivftest.Inter(20, 2), ivftest.Hidden(20, 3)
	at := func(ms uint64, data []byte) ivftest.Frame { return ivftest.Frame{PTS: ms, Data: data} }
	shown := func(ms ...uint64) []ivftest.Frame {
		list := []ivftest.Frame{at(ms[0], key)}
		for _, m := range ms[1:] {
			list = append(list, at(m, next))
		}
		return list
	}
	for _, c := range []struct {
		name   string
		frames []ivftest.Frame
		want   []placed
	}{
		{"a single frame", shown(7), []placed{{ms: 7, duration: 33}}},
		{"a start in the middle of time", shown(5000, 5040, 5080), []placed{{5000, 33, 0}, {5040, 40, 0}, {5080, 40, 0}}},
		{"a changing rate", shown(0, 40, 80, 100, 120, 220), []placed{{0, 33, 0}, {40, 40, 0}, {80, 40, 0}, {100, 20, 0}, {120, 20, 0}, {220, 20, 0}}},
		{"a slide show", shown(0, 5000, 10000), []placed{{0, 33, 0}, {5000, 5000, 0}, {10000, 5000, 0}}},
		{"an hour without a picture", shown(0, 40, 3_600_000, 3_600_040), []placed{{0, 33, 0}, {40, 40, 0}, {3_600_000, 40, 0}, {3_600_040, 40, 0}}},
		{"a clip twice", shown(0, 40, 80, 0, 40, 80, 120), []placed{
			{0, 33, 0}, {40, 40, 0}, {80, 40, 0}, {120, 40, 0}, {160, 40, 0}, {200, 40, 0}, {240, 40, 0},
		}},
		{"one step back", shown(0, 40, 80, 79, 160), []placed{{0, 33, 0}, {40, 40, 0}, {80, 40, 0}, {120, 40, 0}, {201, 40, 0}}},
		{"a time that repeats", shown(0, 40, 40, 80), []placed{{0, 33, 0}, {40, 40, 0}, {80, 40, 0}, {120, 40, 0}}},
		{"the last time of all, then the first", shown(0, 40, 1<<40, 0), []placed{{0, 33, 0}, {40, 40, 0}, {1 << 40, 40, 0}, {1<<40 + 40, 40, 0}}},
		{"a hidden frame at the time of the next", []ivftest.Frame{at(0, key), at(40, next), at(80, hidden), at(80, next), at(120, next)},
			[]placed{{0, 33, 0}, {40, 40, 0}, {80, 40, 0}, {80, 40, 1}, {120, 40, 0}}},
		{"a hidden frame at the time of the one before", []ivftest.Frame{at(0, key), at(40, next), at(40, hidden), at(80, next)},
			[]placed{{0, 33, 0}, {40, 40, 0}, {40, 40, 1}, {80, 40, 0}}},
		{"a hidden frame between two", []ivftest.Frame{at(0, key), at(40, next), at(41, hidden), at(80, next)},
			[]placed{{0, 33, 0}, {40, 40, 0}, {41, 40, 0}, {80, 40, 0}}},
		{"hidden frames with wrong times",
			[]ivftest.Frame{at(0, key), at(40, next), at(9999, hidden), at(80, next), at(120, next), at(0, hidden), at(160, next)},
			[]placed{{0, 33, 0}, {40, 40, 0}, {80, 40, 0}, {80, 40, 1}, {120, 40, 0}, {120, 40, 1}, {160, 40, 0}}},
		{"a hidden frame first", []ivftest.Frame{at(40, append([]byte{0}, key[1:]...)), at(40, next), at(80, next)},
			[]placed{{40, 33, 0}, {40, 33, 1}, {80, 40, 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames, err := readIVF(t, bytes.NewReader(ivftest.Stream{Num: 1, Den: 1000}.Bytes(c.frames)))
			if err != io.EOF || len(frames) != len(c.want) {
				t.Fatalf("%d frames and %v, want %d and io.EOF", len(frames), err, len(c.want))
			}
			for i, w := range c.want {
				duration := w.duration * 90
				if w.duration == 33 {
					duration = 3000
				}
				if f := frames[i]; f.PTS != w.ms*90+w.more || f.Duration != duration {
					t.Errorf("frame %d has PTS %d and duration %d, want %d and %d", i, f.PTS, f.Duration, w.ms*90+w.more, duration)
				}
			}
		})
	}
}

func TestIVFRefusesTimesBeyondAllMeasure(t *testing.T) {
	const limit = maxPTS / 3000 // in units of 1/30 s
	key := ivftest.Key(20, 1)
	for name, c := range map[string]struct {
		stamps []uint64
		want   int // frames before the error
		fails  bool
	}{
		"the latest time":                 {[]uint64{0, limit}, 2, false},
		"a unit more":                     {[]uint64{0, limit + 1}, 1, true},
		"the largest timestamp":           {[]uint64{1<<64 - 1}, 0, true},
		"a timestamp below zero":          {[]uint64{0, 1<<64 - 1}, 1, true},
		"the latest time again and again": {[]uint64{limit - 1, 0, 1, 2}, 2, true},
	} {
		var list []ivftest.Frame
		for _, stamp := range c.stamps {
			list = append(list, ivftest.Frame{PTS: stamp, Data: key})
		}
		frames, err := readIVF(t, bytes.NewReader(ivftest.Stream{}.Bytes(list)))
		if len(frames) != c.want || errors.Is(err, models.ErrFormat) != c.fails {
			t.Errorf("%s: %d frames and %v, want %d, ErrFormat %v", name, len(frames), err, c.want, c.fails)
		}
		if c.fails && !strings.Contains(err.Error(), "1/30 s") {
			t.Errorf("%s: the error %q does not tell the time base", name, err)
		}
	}
}
