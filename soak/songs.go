//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"gotgcall"
)

// both are the tracks of a film.
const both = gotgcall.TrackAudio | gotgcall.TrackVideo

// kinds of songs for the calls that have the real ffmpeg, by their weight.
var kinds = []struct {
	weight int
	make   func(s *shelf, unique string) (*song, error)
}{
	{6, func(s *shelf, unique string) (*song, error) { return s.linked(s.path("song.ogg"), unique, ".ogg") }},
	{4, func(s *shelf, unique string) (*song, error) { return s.linked(s.path("short.ogg"), unique, ".ogg") }},
	{4, func(s *shelf, unique string) (*song, error) {
		long, err := s.linked(s.path("long.ogg"), unique, ".ogg")
		if err != nil {
			return nil, err
		}
		long.lasts = true
		return long, nil
	}},
	{4, func(s *shelf, unique string) (*song, error) {
		o := &own{sound: opus(3*time.Second, 20*time.Millisecond), ending: &ending{unique}}
		return &song{source: o, name: ownName, tracks: gotgcall.TrackAudio, ending: o.ending}, nil
	}},
	{2, func(s *shelf, unique string) (*song, error) { return s.linked(s.path("broken.ogg"), unique, ".ogg") }},
	{2, func(s *shelf, unique string) (*song, error) { return s.linked(s.mp3, unique, filepath.Ext(s.mp3)) }},
	{1, func(s *shelf, unique string) (*song, error) {
		cut, err := s.linked(s.mp3, unique, filepath.Ext(s.mp3))
		if err != nil {
			return nil, err
		}
		cut.options = gotgcall.EncodeOptions{AudioFilter: "volume=0.5", End: 3 * time.Second}
		return cut, nil
	}},
	{2, func(s *shelf, unique string) (*song, error) { return s.played(evenFilm, unique, both) }},
	{1, func(s *shelf, unique string) (*song, error) { return s.played(unevenFilm, unique, both) }},
	{1, func(s *shelf, unique string) (*song, error) { return s.played(silentFilm, unique, gotgcall.TrackVideo) }},
	{2, (*shelf).list},
	{2, func(s *shelf, _ string) (*song, error) {
		return &song{source: s.radio, name: s.radioName(), tracks: gotgcall.TrackAudio}, nil
	}},
	{1, func(*shelf, string) (*song, error) {
		o := gotgcall.FromOpus()
		_, err := o.Write([]byte{0xf8, 0xff, 0xfe})
		return &song{source: o, name: "FromOpus", tracks: gotgcall.TrackAudio, lasts: true, silent: true}, err
	}},
	{1, func(*shelf, string) (*song, error) {
		return &song{source: gotgcall.FromReader(bytes.NewReader(opus(2*time.Second, 20*time.Millisecond))), name: "FromReader", tracks: gotgcall.TrackAudio}, nil
	}},
	{1, func(s *shelf, unique string) (*song, error) {
		return &song{source: gotgcall.FromFile(s.path(unique + " is missing")), name: "missing", tracks: gotgcall.TrackAudio}, nil
	}},
}

// list is a playlist of three tracks.
func (s *shelf) list(unique string) (*song, error) {
	list := &song{name: unique, tracks: gotgcall.TrackAudio}
	var tracks []gotgcall.Source
	for _, name := range []string{"short.ogg", "broken.ogg", "short.ogg"} {
		track, err := s.linked(s.path(name), unique, fmt.Sprintf("-%d.ogg", len(tracks)))
		if err != nil {
			return nil, err
		}
		tracks, list.files = append(tracks, track.source), append(list.files, track.files...)
	}
	list.list = gotgcall.NewPlaylist(tracks...)
	list.source = list.list
	return list, nil
}

// pick makes a song for a call: of any kind, or, where ffmpeg is a fake, one that is played as its name says, half of them with a picture.
func (s *shelf) pick(r *rand.Rand, unique string, fake bool) (*song, error) {
	if fake {
		made, err := s.linked(s.path("song.ogg"), unique, "-"+roles[r.IntN(len(roles))]+".mp3")
		if err != nil {
			return nil, err
		}
		made.options, made.tracks = seen(gotgcall.TrackAudio), gotgcall.TrackAudio
		if r.IntN(2) == 0 {
			made.options, made.tracks = seen(both), both
		}
		made.options.Passthrough = gotgcall.PassthroughNever
		return made, nil
	}
	sum := 0
	for _, k := range kinds {
		sum += k.weight
	}
	n := r.IntN(sum)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			return k.make(s, unique)
		}
	}
	panic("unreachable: n is below the sum of the weights")
}
