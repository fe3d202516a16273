package main

import (
	"context"
	_ "embed" // the piece
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"gotgcall"
	"gotgcall/media"
)

// piece is 5 s of Opus in Ogg.
//
//go:embed song.ogg
var piece []byte

// oggSource is a Source of our own: Opus in Ogg goes to the listener as it is, without ffmpeg.
type oggSource struct {
	open func() (io.ReadCloser, error)
}

// Tracks says that it is sound.
func (s *oggSource) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

// Open implements gotgcall.Source.
func (s *oggSource) Open(context.Context) (*media.Streams, error) {
	r, err := s.open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", gotgcall.ErrFile, err)
	}
	return media.NewStreams(r, nil, r.Close), nil
}

// isOgg tells what such a source can try, by its name.
func isOgg(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ogg", ".oga", ".opus":
		return true
	}
	return false
}
