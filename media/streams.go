package media

import (
	"io"
	"sync"
)

// Streams are the open legs of a source. A leg the source does not have is nil. Each leg has one reader; Close may be called at any time,
// also while they are being read.
type Streams struct {
	// Audio is Opus in Ogg.
	Audio io.Reader
	// Video is VP8 in IVF.
	Video io.Reader

	// Set at construction.
	closer func() error

	once sync.Once
	// err is what closer returned, written inside once.
	err error
}

// NewStreams makes Streams of readers, of which one may be nil. closer ends them: it makes a Read in progress return, frees what they hold
// and comes back within a second or two, at the latest. It is called once; it may be nil.
func NewStreams(audio, video io.Reader, closer func() error) *Streams {
	return &Streams{Audio: audio, Video: video, closer: closer}
}

// Close ends the streams and frees what they hold. Further calls return what the first one returned.
func (s *Streams) Close() error {
	s.once.Do(func() {
		if s.closer != nil {
			s.err = s.closer()
		}
	})
	return s.err
}
