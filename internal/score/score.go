// Package score is a short piece of music: written down as notes, played as samples, and heard again from a recording. Tests and the demo use it to
// tell whether what a listener got is what was sent, whatever codecs lie between.
package score

import (
	"fmt"
	"math"
	"time"
)

const (
	// Rate is the sampling rate of Samples.
	Rate = 48000
	// Channels of Samples: the melody stands right of the middle, the bass left of it.
	Channels = 2
	// Verse is how long the piece is. It goes on for ever, each verse a semitone above the one before; the fifth is followed by the first.
	Verse = 20 * time.Second

	beat = 250 * time.Millisecond // the shortest note
	keys = 5                      // verses until the key comes back
)

// Note is one note of the melody.
type Note struct {
	At, Length time.Duration
	Freq       float64 // in hertz, equal temperament with A4 = 440
}

// String returns the note's name, place and length: "A4 at 1.5s for 500ms".
func (n Note) String() string {
	pitch := pitchOf(n.Freq)
	name := [...]string{"C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"}[(pitch%12+12)%12]
	return fmt.Sprintf("%s%d at %v for %v", name, int(math.Floor(float64(pitch)/12))-1, n.At, n.Length)
}

// step is a note of a verse in MIDI numbers (60 is C4) and beats. Pitch 0 is a rest.
type step struct{ pitch, beats int }

var (
	// melody fills 80 beats. No note follows one of the same pitch without a rest between, so that a listener can tell them apart. It stays between C4 and
	// A5, above all that the bass sounds.
	melody = []step{
		{64, 2}, {67, 2}, {72, 3}, {71, 1}, {69, 2}, {67, 4}, {0, 2},
		{65, 2}, {69, 2}, {74, 3}, {72, 1}, {71, 2}, {67, 4}, {0, 2},
		{76, 1}, {74, 1}, {72, 2}, {69, 2}, {72, 2}, {67, 2}, {64, 4}, {0, 2},
		{62, 1}, {64, 1}, {65, 2}, {69, 2}, {67, 2}, {71, 2}, {79, 2}, {0, 2}, {79, 2}, {81, 1}, {77, 1}, {76, 2}, {74, 2}, {71, 2}, {72, 6}, {0, 2},
	}
	// bass changes every 4 beats. Its second harmonic stays below C4.
	bass = []int{36, 40, 41, 36, 38, 43, 43, 36, 36, 41, 36, 40, 38, 41, 43, 36, 41, 43, 36, 36}
)

// frequency of a MIDI number.
func frequency(pitch int) float64 { return 440 * math.Exp2(float64(pitch-69)/12) }

// pitchOf returns the MIDI number nearest to a frequency.
func pitchOf(freq float64) int { return 69 + int(math.Round(12*math.Log2(freq/440))) }

// keyOf returns by how many semitones a verse is raised.
func keyOf(verse int64) int { return int(verse % keys) }

// Notes returns the melody between two moments. Times count from the first; notes that reach over an end are cut there.
func Notes(from, to time.Duration) []Note {
	var list []Note
	for verse := int64(from / Verse); time.Duration(verse)*Verse < to; verse++ {
		at := time.Duration(verse) * Verse
		for _, s := range melody {
			begin, end := max(at, from), min(at+time.Duration(s.beats)*beat, to)
			at += time.Duration(s.beats) * beat
			if s.pitch != 0 && begin < end {
				list = append(list, Note{At: begin - from, Length: end - begin, Freq: frequency(s.pitch + keyOf(verse))})
			}
		}
	}
	return list
}
