package media

import (
	"context"
	"time"
)

// Source is something a call can play. Implement it to bring media of your own; the package comment says what is expected.
type Source interface {
	// Tracks is what the source means to play. What it really has, the Streams tell.
	Tracks() Track
	// Open starts the source at its beginning. When ctx is cancelled the stream ends, also after Open has returned.
	Open(ctx context.Context) (*Streams, error)
}

// SeekableSource is a Source that can start anywhere.
type SeekableSource interface {
	Source
	// OpenAt is Open, at offset from the beginning of the media. An offset past the end gives streams that end at once.
	OpenAt(ctx context.Context, offset time.Duration) (*Streams, error)
}
