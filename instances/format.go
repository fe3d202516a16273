package instances

import (
	"io"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/media"
	"gotgcall/models"
)

// format is what a playback's frames are, and how far a leg reads ahead; the pipe behind it holds more.
type format struct {
	raw          bool // as of media.WithRaw
	audio, video func(io.Reader) demux.Demuxer
	audioAhead   time.Duration
	videoAhead   time.Duration
	// of a Playlist's track, whose end has to be seen early enough to open the next one before it
	audioAheadListed time.Duration
	videoAheadListed time.Duration
	bytes            int // bounds a leg's queue whatever its bit rate
}

// encoded is what WebRTC takes: Opus and VP8.
var encoded = format{
	audio:      media.Packets,
	video:      func(r io.Reader) demux.Demuxer { return demux.NewIVF(r) },
	audioAhead: 2 * time.Second, audioAheadListed: 8 * time.Second,
	videoAhead: time.Second, videoAheadListed: 4 * time.Second,
	bytes: 16 << 20,
}

// uncompressed is what a broadcast's encoder takes: samples and pictures, of 1.4 MB each and more.
var uncompressed = format{
	raw:        true,
	audio:      func(r io.Reader) demux.Demuxer { return demux.NewWAV(r) },
	video:      func(r io.Reader) demux.Demuxer { return demux.NewY4M(r) },
	audioAhead: 2 * time.Second, audioAheadListed: 8 * time.Second,
	videoAhead: 1200 * time.Millisecond, videoAheadListed: 1200 * time.Millisecond, // files have their legs in pieces of up to a second
	bytes: 160 << 20,
}

// legs makes the legs of opened streams, video before audio: the order of their ends. listed tells that they are of a Playlist's track.
func (f format) legs(opened *media.Streams, listed bool) []*leg {
	if listed {
		f.audioAhead, f.videoAhead = f.audioAheadListed, f.videoAheadListed
	}
	var legs []*leg
	if opened.Video != nil {
		legs = append(legs, newLeg(models.Video, models.Camera, f.video(opened.Video), f.videoAhead, f.bytes))
	}
	if opened.Audio != nil {
		legs = append(legs, newLeg(models.Audio, models.Microphone, f.audio(opened.Audio), f.audioAhead, f.bytes))
	}
	return legs
}
