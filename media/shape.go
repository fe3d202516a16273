package media

import "strings"

// picture is what is to be seen of a source.
type picture uint8

const (
	noPicture picture = iota
	// film is a video stream.
	film
	// cover is an attached picture, shown as long as there is sound.
	cover
)

// shape is which legs a source is opened with.
type shape struct {
	audio   bool
	picture picture
}

// shapeOf is what is tried first.
func shapeOf(t Track) shape {
	s := shape{audio: t&TrackAudio != 0}
	if t&TrackVideo != 0 {
		s.picture = film
	}
	return s
}

// legs is the number of legs.
func (s shape) legs() int {
	n := 0
	if s.audio {
		n++
	}
	if s.picture != noPicture {
		n++
	}
	return n
}

// Names of streams, as ffmpeg repeats them when there are none. An attached picture is a video stream to "v", but not to "V".
const (
	soundStream = "0:a:0"
	filmStream  = "0:V:0"
	coverStream = "0:v:0"
)

// without returns what is left to try of a source when ffmpeg has refused this shape because a stream is not there. ok is false when that was
// not the reason, or nothing is left.
//
// Only ffmpeg can tell what is in a source, and asking it beforehand would open every URL twice and take the first seconds from a live
// stream. So what is asked for is tried as if it were there, which it mostly is; a file of sound alone costs one or two starts in vain.
func (s shape) without(stderr string, in input) (left shape, ok bool) {
	if !strings.Contains(stderr, "matches no streams") {
		return shape{}, false
	}
	switch {
	case strings.Contains(stderr, "'"+soundStream+"'"):
		s.audio = false
	case s.picture == film && in.hasCovers():
		s.picture = cover
	default:
		s.picture = noPicture
	}
	if s.picture == cover && !s.audio {
		s.picture = noPicture
	}
	return s, s.legs() > 0
}
