package media

import (
	"fmt"

	"gotgcall/models"
)

const (
	maxAudioKbps = 510 // RFC 6716 section 2.1.1
	maxMonoKbps  = 256 // what libopus accepts for one channel
)

// Validate returns ErrInvalidParams, naming the field, its value and its range, when a field is out of range. Zero fields are in range.
func (o EncodeOptions) Validate() error {
	fields := []struct {
		name            string
		value, min, max int
		unit            string
	}{
		{"VideoBitrateKbps", o.VideoBitrateKbps, 30, 20000, " kbit/s"},
		{"VideoWidth", o.VideoWidth, 16, 4096, " pixels"},
		{"VideoHeight", o.VideoHeight, 16, 4096, " pixels"},
		{"VideoFPS", o.VideoFPS, 1, 60, " pictures per second"},
		{"AudioBitrateKbps", o.AudioBitrateKbps, 6, maxAudioKbps, " kbit/s"},
		{"AudioChannels", o.AudioChannels, 1, 2, ""},
	}
	for _, f := range fields {
		if f.value != 0 && (f.value < f.min || f.value > f.max) {
			return fmt.Errorf("%w: EncodeOptions.%s is %d: give %d to %d%s, or 0 for the default", models.ErrInvalidParams, f.name, f.value, f.min,
				f.max, f.unit)
		}
	}
	if o.AudioChannels == 1 && o.AudioBitrateKbps > maxMonoKbps {
		return fmt.Errorf("%w: EncodeOptions.AudioBitrateKbps is %d: with AudioChannels 1 give %d at most", models.ErrInvalidParams,
			o.AudioBitrateKbps, maxMonoKbps)
	}
	if o.Tracks&^allTracks != 0 {
		return fmt.Errorf("%w: EncodeOptions.Tracks is %v: give TrackAudio, TrackVideo or both", models.ErrInvalidParams, o.Tracks)
	}
	return nil
}
