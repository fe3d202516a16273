package demux

// Frame is one encoded frame with its place on the media timeline.
type Frame struct {
	// Data is the encoded frame: one Opus packet, for example. It belongs to the receiver, who may keep and change it.
	Data []byte
	// PTS is when the frame begins, in ticks of the demuxer's ClockRate. It never decreases; a step larger than Duration is media that
	// is missing in the input.
	PTS int64
	// Duration is how long the frame plays, in the same ticks.
	Duration int64
	// Key is true when the frame can be decoded without those before it: always for audio.
	Key bool
}

// Demuxer reads frames one after the other. It is not safe for concurrent use.
type Demuxer interface {
	// Next returns the next frame, waiting for its bytes as long as the reader does. All whole frames are delivered before an error, and an
	// error is returned again by every later call:
	//
	//   - io.EOF at the natural end;
	//   - an error that is io.ErrUnexpectedEOF when the input ends in the middle of a frame;
	//   - an error that is models.ErrFormat when the bytes are not the format, or end inside its headers;
	//   - an error of the reader, unchanged.
	Next() (Frame, error)
	// ClockRate returns the ticks per second of PTS and Duration.
	ClockRate() int
}
