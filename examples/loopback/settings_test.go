package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheCommandLineIsRead(t *testing.T) {
	dir := t.TempDir()
	song, other := filepath.Join(dir, "a song.mp3"), filepath.Join(dir, "-other.mp3")
	for _, name := range []string{song, other} {
		if err := os.WriteFile(name, []byte("sound"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := parseSettings([]string{"-seconds", "2.5", "-loss=0.1", "-pause", "-json", "-v", "-o", "got.ogg", "-switch", other, "--", song}, io.Discard)
	want := settings{
		song: song, next: other, recording: "got.ogg", picture: "got.ivf", length: 2500 * time.Millisecond, pause: true, loss: 0.1,
		json: true, verbose: true,
	}
	if err != nil || s != want {
		t.Errorf("got %+v, %v, want %+v", s, err, want)
	}
	s, err = parseSettings([]string{"-film", "-delay", "50ms", song}, io.Discard)
	if err != nil || !s.film || s.delay != 50*time.Millisecond || filepath.Ext(s.picture) != ".ivf" {
		t.Errorf("got %+v, %v, want a film with a delay and a file for its picture", s, err)
	}
	s, err = parseSettings([]string{"https://example.org/live"}, io.Discard)
	if err != nil || !isURL(s.song) || filepath.Dir(s.recording) != filepath.Clean(os.TempDir()) {
		t.Errorf("got %+v, %v, want an address, recorded among the temporary files", s, err)
	}
}

func TestWithoutASongTheOneInTestdataIsFoundFromBelow(t *testing.T) {
	root := t.TempDir()
	below := filepath.Join(root, "examples", "loopback")
	song := filepath.Join(root, testSong)
	for _, dir := range []string{below, filepath.Dir(song)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(below)
	if _, err := parseSettings(nil, io.Discard); err == nil || !strings.Contains(err.Error(), testSong) {
		t.Errorf("without a song to be found: %v", err)
	}
	if err := os.WriteFile(song, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := parseSettings(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	found, err := os.Stat(s.song)
	if err != nil {
		t.Fatal(err)
	}
	if want, _ := os.Stat(song); !os.SameFile(found, want) {
		t.Errorf("found %q, want %q", s.song, song)
	}
}

func TestBadFlagsAreToldInOneLine(t *testing.T) {
	dir := t.TempDir()
	song := filepath.Join(dir, "song.mp3")
	for _, name := range []string{song, filepath.Join(dir, "film.ivf")} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for want, args := range map[string][]string{
		"-nonsense":                {"-nonsense"},
		"-loss 0.9":                {"-loss", "0.9", song},
		"-delay 3s":                {"-delay", "3s", song},
		"-delay -1ms":              {"-delay", "-1ms", song},
		"name that the picture":    {"-film", "-o", filepath.Join(dir, "got.ivf"), song},
		"film.ivf\" would be over": {"-film", "-o", filepath.Join(dir, "film.ogg"), filepath.Join(dir, "film.ivf")},
		"-loss NaN":                {"-loss", "NaN", song},
		"-seconds -1":              {"-seconds", "-1", song},
		"2 songs":                  {song, song},
		"cannot be read":           {filepath.Join(dir, "none.mp3")},
		"is a folder":              {dir},
		"would be overwritten":     {"-o", song, song},
		"none.mp3":                 {"-switch", filepath.Join(dir, "none.mp3"), song},
		"invalid value \"many\"":   {"-seconds", "many", song},
	} {
		_, err := parseSettings(args, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want one line with %q", args, err, want)
		}
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	var help strings.Builder
	if _, err := parseSettings([]string{"-h"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-switch") {
		t.Errorf("got %v and %q", err, help.String())
	}
}

func TestAddressesAreToldFromFiles(t *testing.T) {
	for song, want := range map[string]bool{
		"https://example.org/a.mp3": true, "rtmp://host/live": true, "song.mp3": false, "a:b.mp3": false, "http:song": false,
		`C:\music\song.mp3`: false, "/tmp/://": false, "-x.mp3": false, "%d.mp3": false,
	} {
		if isURL(song) != want {
			t.Errorf("%q: got %v", song, !want)
		}
	}
}
