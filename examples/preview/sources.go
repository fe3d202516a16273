package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"gotgcall"
)

// The kinds of a choice.
const (
	kindFile    = "file"    // of the folder, by its name in there
	kindURL     = "url"     // an address
	kindCommand = "command" // a command line, as FromShell takes it
	kindBundled = "bundled" // the piece that is built in
	kindGiven   = "given"   // a file named on the command line; the page cannot ask for one
)

// choice is what is to be played.
type choice struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Video bool   `json:"video"` // of a command: its output is the picture
}

// sourceOf makes of a choice what the library plays, sound and picture.
func (b *bot) sourceOf(ctx context.Context, c choice) (gotgcall.Source, trackInfo, error) {
	both := gotgcall.EncodeOptions{Tracks: gotgcall.TrackAudio | gotgcall.TrackVideo}
	var source gotgcall.Source
	switch c.Kind {
	case kindFile:
		if b.ffmpeg != nil && isOgg(c.Name) {
			source = &oggSource{func() (io.ReadCloser, error) { return b.files.open(c.Name) }}
			break
		}
		p, err := b.files.path(c.Name)
		if err != nil {
			return nil, trackInfo{}, err
		}
		source = gotgcall.FromFile(p, both)
	case kindGiven:
		source = gotgcall.FromFile(c.Name, both)
	case kindURL:
		source = gotgcall.FromURL(c.Name, both)
	case kindCommand:
		track := gotgcall.TrackAudio
		if c.Video {
			track = gotgcall.TrackVideo
		}
		source = gotgcall.FromShell(c.Name, track)
	case kindBundled:
		source = &oggSource{func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(piece)), nil }}
	default:
		return nil, trackInfo{}, fmt.Errorf("a source of the kind %q, expected %s, %s, %s or %s", c.Kind, kindFile, kindURL, kindCommand, kindBundled)
	}
	return source, b.look(ctx, source, c.shown()), nil
}

// shown is what may be shown of it: an address may have secrets behind its host.
func (c choice) shown() string {
	switch c.Kind {
	case kindURL:
		u, err := url.Parse(c.Name)
		if err != nil {
			return "an address"
		}
		return u.Scheme + "://" + u.Host + "/…"
	case kindCommand:
		return "a command"
	case kindBundled:
		return "the built-in piece"
	}
	return filepath.Base(c.Name)
}

// isAddress tells an address from a file's name.
func isAddress(name string) bool { return strings.Contains(name, "://") }
