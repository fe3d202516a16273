package media

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"

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
		{"Loop", o.Loop, -1, 100000, " times"},
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
	if o.Passthrough > PassthroughRequired {
		return fmt.Errorf("%w: EncodeOptions.Passthrough is %d: give PassthroughAuto, PassthroughNever or PassthroughRequired", models.ErrInvalidParams,
			o.Passthrough)
	}
	return cmp.Or(o.validateSection(), o.validateFactors(), o.validateFilters(), o.validateRequest())
}

// validateSection checks what is played of the media.
func (o EncodeOptions) validateSection() error {
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"Start", o.Start}, {"End", o.End}} {
		if f.value < 0 {
			return fmt.Errorf("%w: EncodeOptions.%s is %v: give 0 or more", models.ErrInvalidParams, f.name, f.value)
		}
	}
	if o.End != 0 && o.End <= o.Start {
		return fmt.Errorf("%w: EncodeOptions.End is %v: give more than Start, which is %v, or 0 for the end of the media", models.ErrInvalidParams,
			o.End, o.Start)
	}
	if o.Loop != 0 && (o.Start != 0 || o.End != 0) {
		return fmt.Errorf("%w: EncodeOptions.Loop is %d, with Start %v and End %v: only the whole media can be repeated; leave Start and End at 0, or Loop",
			models.ErrInvalidParams, o.Loop, o.Start, o.End)
	}
	return nil
}

func (o EncodeOptions) validateFactors() error {
	for _, f := range []struct {
		name            string
		value, min, max float64
	}{
		{"Speed", o.Speed, 0.5, 4},
		{"Volume", o.Volume, 0.01, 4},
	} {
		if f.value != 0 && !(f.value >= f.min && f.value <= f.max) { // so NaN is refused
			return fmt.Errorf("%w: EncodeOptions.%s is %v: give %v to %v, or 0 for the default, 1", models.ErrInvalidParams, f.name, f.value, f.min, f.max)
		}
	}
	return nil
}

func (o EncodeOptions) validateFilters() error {
	for _, f := range []struct{ name, value string }{{"AudioFilter", o.AudioFilter}, {"VideoFilter", o.VideoFilter}} {
		if i := strings.IndexFunc(f.value, unicode.IsControl); i >= 0 {
			return fmt.Errorf("%w: EncodeOptions.%s is %q, with a control character at byte %d: give one line", models.ErrInvalidParams, f.name, f.value, i)
		}
		if f.value != "" && strings.TrimSpace(f.value) == "" {
			return fmt.Errorf("%w: EncodeOptions.%s is %q: give a filter, or the empty string for none", models.ErrInvalidParams, f.name, f.value)
		}
	}
	return nil
}
