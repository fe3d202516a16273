//go:build unix

package main

import (
	"fmt"
	"os/exec"

	"gotgcall"
)

// The films of the shelf. Their pictures are small: what is walked over is not the encoder.
const (
	filmWidth, filmHeight, filmFPS = 64, 48, 10

	evenFilm   = "film.webm"   // sound and picture end together
	unevenFilm = "uneven.webm" // the picture ends before the sound
	silentFilm = "silent.webm" // it has no sound
)

// film makes the films, with the encoders that the library needs too.
func (s *shelf) film() error {
	picture := func(seconds int) []string {
		return []string{"-f", "lavfi", "-i", fmt.Sprintf("testsrc=s=%dx%d:r=%d:d=%d", filmWidth, filmHeight, filmFPS, seconds)}
	}
	sound := []string{"-f", "lavfi", "-i", "sine=frequency=440:duration=4"}
	for name, inputs := range map[string][][]string{evenFilm: {picture(4), sound}, unevenFilm: {picture(2), sound}, silentFilm: {picture(4)}} {
		args := []string{"-nostdin", "-v", "error", "-y"}
		for _, input := range inputs {
			args = append(args, input...)
		}
		args = append(args, "-c:v", "libvpx", "-deadline", "realtime", "-g", "20", "-c:a", "libopus", s.path(name))
		if said, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("making a film with ffmpeg: %w: %s", err, said)
		}
	}
	return nil
}

// seen is how a film is played.
func seen(tracks gotgcall.Track) gotgcall.EncodeOptions {
	return gotgcall.EncodeOptions{Tracks: tracks, VideoWidth: filmWidth, VideoHeight: filmHeight, VideoFPS: filmFPS, VideoBitrateKbps: 100}
}

// played is a film under a name of its own. Its tracks are those that it has.
func (s *shelf) played(film, unique string, tracks gotgcall.Track) (*song, error) {
	made, err := s.linked(s.path(film), unique, ".webm")
	if err != nil {
		return nil, err
	}
	made.options, made.tracks = seen(gotgcall.TrackVideo), tracks
	return made, nil
}
