//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
)

// packetSize is how many bytes the packets of the Opus files have, however long they last.
const packetSize = 161

// song is something to play, and how Stats will describe it.
type song struct {
	source  gotgcall.Source
	options gotgcall.EncodeOptions
	name    string         // as nameOf; those of files are their own
	tracks  gotgcall.Track // that it has
	lasts   bool           // it does not come to its end by itself
	silent  bool           // nothing is to be heard of it
	moved   bool           // the position, the volume or the speed was changed while it played
	ending  *ending        // nil: its end does not say whose it is
	list    *gotgcall.Playlist
	files   []string // to be removed when it is over
}

// remove takes away the files of a song that is over.
func (s *song) remove() {
	for _, f := range s.files {
		_ = os.Remove(f) // or it goes with the folder
	}
}

// fileName finds the name of a file that is a song of its own, or a track of it.
var fileName = regexp.MustCompile(`/(\d+-\d+)[^/]*"\)$`)

// nameOf makes a name of a description in Stats.
func nameOf(description string) string {
	if m := fileName.FindStringSubmatch(description); m != nil {
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

// radioName is the name of the shared source, which is how Stats describe it.
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
	files := map[string][]byte{s.mp3: data, s.path("broken.ogg"): opus(2*time.Second, 20*time.Millisecond)[:9000]}
	for name, length := range map[string]struct{ file, packet time.Duration }{
		"short.ogg": {780 * time.Millisecond, 60 * time.Millisecond},
		"song.ogg":  {6 * time.Second, 20 * time.Millisecond},
		"radio.ogg": {20400 * time.Millisecond, 120 * time.Millisecond},
		"long.ogg":  {time.Hour / 4, 40 * time.Millisecond},
	} {
		files[s.path(name)] = opus(length.file, length.packet)
	}
	for path, data := range files {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, err
		}
	}
	s.radio = gotgcall.Shared(gotgcall.FromFile(s.path("radio.ogg")))
	if err := s.film(); err != nil {
		return nil, err
	}
	return s, nil
}

// opus is a file of so much sound, in packets that are so long: 20, 40, 60 or 120 ms.
func opus(length, packet time.Duration) []byte {
	packets := oggtest.Packets(int(length/packet), int64(packet/time.Millisecond)*48, packetSize)
	return oggtest.Join(oggtest.Stream{PerPage: 10}.Pages(packets))
}

// linked is a file under a name of its own, so that no two songs are described alike. Behind the unique part stands what its name ends with.
func (s *shelf) linked(file, unique, end string) (*song, error) {
	path := s.path(unique + end)
	if err := os.Link(file, path); err != nil {
		return nil, err
	}
	return &song{source: gotgcall.FromFile(path), name: unique, tracks: gotgcall.TrackAudio, files: []string{path}}, nil
}
