package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gotgcall"
)

// settings are what the command line says.
type settings struct {
	song      string
	next      string        // the song to switch to in the middle; "" for none
	film      bool          // play the pictures too
	recording string        // file of the sound
	picture   string        // file of the picture
	length    time.Duration // stop after so much time; 0: at the end of the song
	pause     bool
	loss      float64
	delay     time.Duration // each way
	json      bool
	verbose   bool
}

const usage = `usage: loopback [flags] [song]

Plays a song (a file or an address; testdata/song.mp3 without one) into a group call inside this process and measures what arrives. With -film
the picture is played and measured too.

`

// testSong is played when no song is named.
var testSong = filepath.Join("testdata", "song.mp3")

func parseSettings(args []string, help io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("loopback", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and the caller's to print
	flags.StringVar(&s.recording, "o", "", "file for what the listener gets, Ogg/Opus (default: gotgcall-loopback.ogg in the folder for temporary files); "+
		"the picture goes into a file beside it that ends in .ivf")
	flags.BoolVar(&s.film, "film", false, "play the picture too")
	flags.StringVar(&s.next, "switch", "", "switch to this song in the middle")
	flags.BoolVar(&s.pause, "pause", false, "pause for 3 s in the middle")
	flags.Float64Var(&s.loss, "loss", 0, "lose this share of the datagrams on purpose, 0 to 0.5")
	flags.DurationVar(&s.delay, "delay", 0, "delay every datagram by so much each way, 0 to 2s; 50ms for instance")
	seconds := flags.Float64("seconds", 0, "stop after so many seconds (default: at the end of the song)")
	flags.BoolVar(&s.json, "json", false, "print the summary as JSON, and the steps to stderr")
	flags.BoolVar(&s.verbose, "v", false, "print the join payload, the server's answer and the library's log too")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(help, usage)
		flags.SetOutput(help)
		flags.PrintDefaults()
		return s, err
	case err != nil:
		return s, fmt.Errorf("%w; -h lists the flags", err)
	case flags.NArg() > 1:
		return s, fmt.Errorf("%d songs %q, expected one at most, behind the flags; quote a name that has spaces", flags.NArg(), flags.Args())
	case !(s.loss >= 0 && s.loss <= 0.5):
		return s, fmt.Errorf("-loss %v: expected 0 to 0.5", s.loss)
	case s.delay < 0 || s.delay > 2*time.Second:
		return s, fmt.Errorf("-delay %v: expected 0 to 2s", s.delay)
	case !(*seconds >= 0 && *seconds <= 1e6):
		return s, fmt.Errorf("-seconds %v: expected 0 to 1000000", *seconds)
	}
	s.length = time.Duration(*seconds * float64(time.Second))
	if s.recording == "" {
		s.recording = filepath.Join(os.TempDir(), "gotgcall-loopback.ogg")
	}
	s.picture = strings.TrimSuffix(s.recording, filepath.Ext(s.recording)) + ".ivf"
	if s.film && s.picture == s.recording {
		return s, fmt.Errorf("-o %q is the name that the picture's file gets; end it in .ogg", s.recording)
	}
	err := s.findSongs(flags.Arg(0))
	return s, err
}

// findSongs checks that there is something to play, so that a mistyped name is told before anything starts.
func (s *settings) findSongs(song string) error {
	if song == "" {
		var err error
		if song, err = findUp(testSong); err != nil {
			return err
		}
	}
	s.song = song
	recording, _ := os.Stat(s.recording) // nil for a new file: the same as no other
	var picture os.FileInfo
	if s.film {
		picture, _ = os.Stat(s.picture)
	}
	for _, name := range []string{s.song, s.next} {
		if name == "" || isURL(name) {
			continue
		}
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return fmt.Errorf("the song cannot be read: %w", err)
		case info.IsDir():
			return fmt.Errorf("%q is a folder, expected a song", name)
		case os.SameFile(info, recording) || os.SameFile(info, picture):
			return fmt.Errorf("%q would be overwritten by what the listener gets; name another file for that with -o", name)
		}
	}
	return nil
}

// findUp looks for a file in the working folder and in those above it.
func findUp(name string) (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if path := filepath.Join(dir, name); isFile(path) {
			return path, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no %s in %s nor above it; name a song, or start in the repository", name, start)
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// isURL tells an address from the name of a file.
func isURL(song string) bool {
	u, err := url.Parse(song)
	return err == nil && u.Host != "" && strings.Contains(song, "://")
}

// source makes of a song's name what the library plays.
func (s *settings) source(song string) gotgcall.Source {
	tracks := gotgcall.TrackAudio
	if s.film {
		tracks |= gotgcall.TrackVideo
	}
	if isURL(song) {
		return gotgcall.FromURL(song, gotgcall.EncodeOptions{Tracks: tracks})
	}
	return gotgcall.FromFile(song, gotgcall.EncodeOptions{Tracks: tracks})
}
