package media

import "cmp"

// EncodeOptions say how a source is encoded. A field that is zero has its default, so the zero value is what most programs want.
//
// Options are given where a source is made and again where it is played (SetStreamSources); they merge field by field and what is given where
// it is played wins.
type EncodeOptions struct {
	// VideoBitrateKbps is the video bit rate in kbit/s, 30 to 20000. It defaults to 800.
	VideoBitrateKbps int
	// VideoWidth is the width in pixels of the frame the picture is fitted into, 16 to 4096. It defaults to 1280.
	VideoWidth int
	// VideoHeight is the height in pixels of that frame, 16 to 4096. It defaults to 720.
	VideoHeight int
	// VideoFPS is the highest number of pictures per second, 1 to 60. It defaults to 30.
	VideoFPS int
	// AudioBitrateKbps is the audio bit rate in kbit/s, 6 to 510, and to 256 with one channel. It defaults to 128.
	AudioBitrateKbps int
	// AudioChannels is 1 (mono) or 2 (stereo). It defaults to 2.
	AudioChannels int
	// Tracks is what to play of the source. TrackVideo implies TrackAudio. It defaults to TrackAudio.
	Tracks Track
}

// defaults are what a zero field means.
var defaults = EncodeOptions{
	VideoBitrateKbps: 800,
	VideoWidth:       1280,
	VideoHeight:      720,
	VideoFPS:         30,
	AudioBitrateKbps: 128,
	AudioChannels:    2,
	Tracks:           TrackAudio,
}

// Merge returns o with those fields replaced that are not zero in over.
func (o EncodeOptions) Merge(over EncodeOptions) EncodeOptions {
	return EncodeOptions{
		VideoBitrateKbps: cmp.Or(over.VideoBitrateKbps, o.VideoBitrateKbps),
		VideoWidth:       cmp.Or(over.VideoWidth, o.VideoWidth),
		VideoHeight:      cmp.Or(over.VideoHeight, o.VideoHeight),
		VideoFPS:         cmp.Or(over.VideoFPS, o.VideoFPS),
		AudioBitrateKbps: cmp.Or(over.AudioBitrateKbps, o.AudioBitrateKbps),
		AudioChannels:    cmp.Or(over.AudioChannels, o.AudioChannels),
		Tracks:           cmp.Or(over.Tracks, o.Tracks),
	}
}

// mergeAll merges options of which the later ones win.
func mergeAll(opt []EncodeOptions) EncodeOptions {
	var merged EncodeOptions
	for _, o := range opt {
		merged = merged.Merge(o)
	}
	return merged
}

// Complete puts the defaults into zero fields and adds the audio track that TrackVideo implies.
func (o EncodeOptions) Complete() EncodeOptions {
	o = defaults.Merge(o)
	if o.Tracks&TrackVideo != 0 {
		o.Tracks |= TrackAudio
	}
	return o
}
