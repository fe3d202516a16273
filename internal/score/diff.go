package score

import (
	"fmt"
	"time"
)

// Diff says how the notes heard differ from those expected: in number or pitch, or by a beginning further than tolerance from where it should be.
// It returns "" when they do not. A first or last note shorter than any in the piece is one cut off there, and may be missing on either side.
func Diff(want, got []Note, tolerance time.Duration) string {
	for _, w := range trims(want) {
		for _, g := range trims(got) {
			if diff(w, g, tolerance) == "" {
				return ""
			}
		}
	}
	return diff(want, got, tolerance)
}

func diff(want, got []Note, tolerance time.Duration) string {
	for i := range min(len(want), len(got)) {
		w, g := want[i], got[i]
		if pitchOf(w.Freq) != pitchOf(g.Freq) || (g.At-w.At).Abs() > tolerance {
			return fmt.Sprintf("note %d of %d is %v, want %v", i+1, len(want), g, w)
		}
	}
	if len(want) != len(got) {
		return fmt.Sprintf("%d notes, want %d", len(got), len(want))
	}
	return ""
}

// trims returns the notes with and without a short one at each end.
func trims(notes []Note) [][]Note {
	list := [][]Note{notes}
	if len(notes) > 0 && notes[0].Length < beat {
		list = append(list, notes[1:])
	}
	for _, l := range list {
		if n := len(l); n > 0 && l[n-1].Length < beat {
			list = append(list, l[:n-1])
		}
	}
	return list
}
