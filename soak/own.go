//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"testing/iotest"

	"gotgcall"
	"gotgcall/media"
)

// ending is the error with which a program's own source ends: by it an end that is told says whose it is.
type ending struct{ song string }

// Error implements error.
func (e *ending) Error() string { return "the program's own source ends: " + e.song }

// own is a program's own Source. It has sound, and ends with an error that names it.
type own struct {
	sound  []byte
	ending *ending
}

// ownName is how Stats show it.
const ownName = "*main.own"

// Tracks implements media.Source.
func (*own) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

// Open implements media.Source.
func (o *own) Open(context.Context) (*media.Streams, error) {
	return media.NewStreams(io.MultiReader(bytes.NewReader(o.sound), iotest.ErrReader(o.ending)), nil, nil), nil
}
