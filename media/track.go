package media

import "strconv"

// Track is a set of the tracks of a source: TrackAudio, TrackVideo, or both.
type Track uint8

const (
	// TrackAudio is the sound.
	TrackAudio Track = 1 << iota
	// TrackVideo is the picture.
	TrackVideo
)

// allTracks are the bits that mean something.
const allTracks = TrackAudio | TrackVideo

// String returns "audio", "video", "audio+video" or "none".
func (t Track) String() string {
	switch t {
	case 0:
		return "none"
	case TrackAudio:
		return "audio"
	case TrackVideo:
		return "video"
	case allTracks:
		return "audio+video"
	}
	return "Track(" + strconv.Itoa(int(t)) + ")"
}
