package main

import (
	"context"
	"fmt"
	"time"

	"gotgcall/internal/score"
)

const (
	// notesRate is enough for the highest harmonic that package score listens to.
	notesRate = 16000
	// notesLimit is how much of a recording is listened to.
	notesLimit = 10 * time.Minute
	// notesTolerance is what codecs, and the frames at which a recording is cut, move the beginning of a note.
	notesTolerance = 80 * time.Millisecond
	// pieceSample is how much of a song is heard to find out whether it is the piece of package score.
	pieceSample = 8 * time.Second
)

// part is a stretch of the recording that has one song without a break.
type part struct {
	song        string
	from        time.Duration // in the song
	first, last int           // packets of the recording, the last one not included
}

// partsOf divides what was received where it was paused and where the song was changed.
func partsOf(s settings, arrivals []arrival, pause *pauseMoments, changed bool, boundary int) []part {
	var parts []part
	end := len(arrivals)
	if changed {
		end = boundary
	}
	cut := 0
	if pause != nil {
		cut = sentBetween(arrivals[:end], 0, pause.resumed)
		parts = append(parts, part{song: s.song, first: 0, last: cut})
	}
	parts = append(parts, part{song: s.song, from: time.Duration(cut) * frame, first: cut, last: end})
	if changed {
		parts = append(parts, part{song: s.next, first: boundary, last: len(arrivals)})
	}
	return parts
}

// checkNotes tells whether the recording has the notes of the songs, where these are the piece of package score: "" when it does, or none is.
// checked says how many notes there were to compare.
func checkNotes(ctx context.Context, recording string, parts []part) (checked int, difference string, err error) {
	var pcm []int16
	for _, p := range parts {
		length, isPiece := pieceLength(ctx, p.song)
		if !isPiece {
			continue
		}
		if pcm == nil {
			if pcm, err = decode(ctx, recording, notesRate, notesLimit); err != nil {
				return checked, "", err
			}
		}
		want := score.Notes(p.from, min(p.from+time.Duration(p.last-p.first)*frame, length))
		samples := int(notesRate * frame / time.Second)
		got := score.Detect(pcm[min(p.first*samples, len(pcm)):min(p.last*samples, len(pcm))], notesRate)
		checked += len(want)
		if d := score.Diff(want, got, notesTolerance); d != "" && difference == "" {
			difference = fmt.Sprintf("%s from %s: %s", p.song, minutes(p.from), d)
		}
	}
	return checked, difference, nil
}

// pieceLength tells whether a song is the piece of package score, and how much of it there is. Addresses are not asked again.
func pieceLength(ctx context.Context, song string) (time.Duration, bool) {
	if isURL(song) {
		return 0, false
	}
	sample, err := decode(ctx, song, notesRate, pieceSample)
	if err != nil || len(sample) == 0 || score.Diff(score.Notes(0, soundOf(sample)), score.Detect(sample, notesRate), notesTolerance) != "" {
		return 0, false
	}
	whole, err := decode(ctx, song, notesRate, notesLimit)
	return soundOf(whole), err == nil
}

// soundOf returns how long so many samples are.
func soundOf(pcm []int16) time.Duration { return time.Duration(len(pcm)) * time.Second / notesRate }
