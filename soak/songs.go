//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
)

// What the Opus files are like.
const (
	frameTicks  = 960
	frameLength = 20 * time.Millisecond
	frameSize   = 160
)

// song is something to play, and how Stats will describe it.
type song struct {
	source  gotgcall.Source
	options gotgcall.EncodeOptions
	name    string // as nameOf
	endless bool
	list    *gotgcall.Playlist // nil when it is none
	files   []string           // to be removed when it is over
}

// ownName finds the name of a file that is a song of its own, or a track of it.
var ownName = regexp.MustCompile(`/(\d+-\d+)[^/]*"\)$`)

// nameOf makes a name of a description in Stats.
func nameOf(description string) string {
	if m := ownName.FindStringSubmatch(description); m != nil {
		return m[1]
	}
	return description
}

// shelf is where the songs come from.
type shelf struct {
	// set at construction
	folder string
	mp3    string          // a file for ffmpeg
	radio  gotgcall.Source // what many calls share
}

// radioName is the name of the shared source, which is how Stats describe the shared source.
func (s *shelf) radioName() string { return fmt.Sprintf("Shared, FromFile(%q)", s.path("radio.ogg")) }

func (s *shelf) path(name string) string { return filepath.Join(s.folder, name) }

// newShelf makes the folder's files. mp3 is copied there: the folder may be on another file system, to which there are no links.
func newShelf(folder, mp3 string) (*shelf, error) {
	s := &shelf{folder: folder}
	s.mp3 = s.path("song" + filepath.Ext(mp3))
	data, err := os.ReadFile(mp3)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(s.mp3, data, 0o600); err != nil {
		return nil, err
	}
	for name, length := range map[string]time.Duration{"short.ogg": 800 * time.Millisecond, "song.ogg": 6 * time.Second, "radio.ogg": 20 * time.Second} {
		if err := os.WriteFile(s.path(name), opus(length), 0o600); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(s.path("broken.ogg"), opus(2 * time.Second)[:9000], 0o600); err != nil {
		return nil, err
	}
	s.radio = gotgcall.Shared(gotgcall.FromFile(s.path("radio.ogg")))
	return s, nil
}

// opus is a file of so much sound.
func opus(length time.Duration) []byte {
	packets := oggtest.Packets(int(length/frameLength), frameTicks, frameSize)
	return oggtest.Join(oggtest.Stream{PerPage: 10}.Pages(packets))
}

// linked is a file under a name of its own, so that no two songs are described alike. Behind the unique part stands what its name ends with.
func (s *shelf) linked(file, unique, end string) (song, error) {
	path := s.path(unique + end)
	if err := os.Link(file, path); err != nil {
		return song{}, err
	}
	return song{source: gotgcall.FromFile(path), name: unique, files: []string{path}}, nil
}

// list is a playlist of three tracks.
func (s *shelf) list(unique string) (song, error) {
	list := song{name: unique}
	var tracks []gotgcall.Source
	for _, name := range []string{"short.ogg", "broken.ogg", "short.ogg"} {
		track, err := s.linked(s.path(name), unique, fmt.Sprintf("-%d.ogg", len(tracks)))
		if err != nil {
			return song{}, err
		}
		tracks, list.files = append(tracks, track.source), append(list.files, track.files...)
	}
	list.list = gotgcall.NewPlaylist(tracks...)
	list.source = list.list
	return list, nil
}

// kinds of songs for the calls that have the real ffmpeg, by their weight.
var kinds = []struct {
	weight int
	make   func(s *shelf, unique string) (song, error)
}{
	{8, func(s *shelf, unique string) (song, error) { return s.linked(s.path("song.ogg"), unique, ".ogg") }},
	{4, func(s *shelf, unique string) (song, error) { return s.linked(s.path("short.ogg"), unique, ".ogg") }},
	{2, func(s *shelf, unique string) (song, error) { return s.linked(s.path("broken.ogg"), unique, ".ogg") }},
	{2, func(s *shelf, unique string) (song, error) { return s.linked(s.mp3, unique, filepath.Ext(s.mp3)) }},
	{1, func(s *shelf, unique string) (song, error) {
		film, err := s.linked(s.mp3, unique, filepath.Ext(s.mp3))
		film.options = gotgcall.EncodeOptions{AudioFilter: "volume=0.5", End: 3 * time.Second}
		return film, err
	}},
	{2, (*shelf).list},
	{2, func(s *shelf, _ string) (song, error) {
		return song{source: s.radio, name: s.radioName()}, nil
	}},
	{1, func(*shelf, string) (song, error) {
		o := gotgcall.FromOpus()
		_, err := o.Write([]byte{0xf8, 0xff, 0xfe})
		return song{source: o, name: "FromOpus", endless: true}, err
	}},
	{1, func(*shelf, string) (song, error) {
		return song{source: gotgcall.FromReader(bytes.NewReader(opus(2 * time.Second))), name: "FromReader"}, nil
	}},
	{1, func(s *shelf, unique string) (song, error) {
		return song{source: gotgcall.FromFile(s.path(unique + " is missing")), name: "missing"}, nil
	}},
}

// pick makes a song for a call: of any kind, or, where ffmpeg is a fake, one that is played as its name says.
func (s *shelf) pick(r *rand.Rand, unique string, fake bool) (song, error) {
	if fake {
		role := roles[r.IntN(len(roles))]
		made, err := s.linked(s.path("song.ogg"), unique, "-"+role+".mp3")
		made.options = gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughNever, Tracks: gotgcall.TrackAudio}
		return made, err
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

// remove takes away the files of a song that is over.
func (s song) remove() {
	for _, f := range s.files {
		_ = os.Remove(f) // or it goes with the folder
	}
}
