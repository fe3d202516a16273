package media

import (
	"testing"

	"gotgcall/models"
)

func TestZeroOptionsMeanTheDefaults(t *testing.T) {
	want := EncodeOptions{800, 1280, 720, 30, 128, 2, TrackAudio}
	if got := (EncodeOptions{}).Complete(); got != want {
		t.Errorf("got %+v, expected %+v", got, want)
	}
}

func TestVideoImpliesAudio(t *testing.T) {
	if got := (EncodeOptions{Tracks: TrackVideo}).Complete().Tracks; got != TrackAudio|TrackVideo {
		t.Errorf("got %v", got)
	}
	if got := FromFile("film.mp4", EncodeOptions{Tracks: TrackVideo}).Tracks(); got != TrackAudio|TrackVideo {
		t.Errorf("FromFile: got %v", got)
	}
	if got := FromURL("http://example.com/film", EncodeOptions{}).Tracks(); got != TrackAudio {
		t.Errorf("FromURL: got %v", got)
	}
}

func TestMergeTakesWhatIsNotZero(t *testing.T) {
	full := EncodeOptions{1, 2, 3, 4, 5, 6, TrackVideo}
	if got := (EncodeOptions{}).Merge(full); got != full {
		t.Errorf("over nothing: %+v", got)
	}
	if got := full.Merge(EncodeOptions{}); got != full {
		t.Errorf("under nothing: %+v", got)
	}
	over := EncodeOptions{10, 20, 30, 40, 50, 60, TrackAudio}
	if got := full.Merge(over); got != over {
		t.Errorf("over all: %+v", got)
	}
}

func TestOptionsOutOfRangeAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		options EncodeOptions
		parts   []string
	}{
		"video bit rate":  {EncodeOptions{VideoBitrateKbps: 29}, []string{"VideoBitrateKbps is 29", "30 to 20000"}},
		"video too fat":   {EncodeOptions{VideoBitrateKbps: 20001}, []string{"VideoBitrateKbps is 20001"}},
		"width":           {EncodeOptions{VideoWidth: 4097}, []string{"VideoWidth is 4097", "16 to 4096"}},
		"narrow":          {EncodeOptions{VideoWidth: 15}, []string{"VideoWidth is 15"}},
		"height":          {EncodeOptions{VideoHeight: -720}, []string{"VideoHeight is -720", "16 to 4096"}},
		"frame rate":      {EncodeOptions{VideoFPS: -5}, []string{"VideoFPS is -5", "1 to 60"}},
		"fast":            {EncodeOptions{VideoFPS: 61}, []string{"VideoFPS is 61"}},
		"audio bit rate":  {EncodeOptions{AudioBitrateKbps: 5}, []string{"AudioBitrateKbps is 5", "6 to 510"}},
		"audio too fat":   {EncodeOptions{AudioBitrateKbps: 511}, []string{"AudioBitrateKbps is 511"}},
		"mono too fat":    {EncodeOptions{AudioBitrateKbps: 257, AudioChannels: 1}, []string{"AudioBitrateKbps is 257", "256"}},
		"surround":        {EncodeOptions{AudioChannels: 9}, []string{"AudioChannels is 9", "1 to 2"}},
		"less than mono":  {EncodeOptions{AudioChannels: -1}, []string{"AudioChannels is -1"}},
		"an unknown bit":  {EncodeOptions{Tracks: 4}, []string{"Tracks is Track(4)"}},
		"one bit too far": {EncodeOptions{Tracks: TrackAudio | 0x80}, []string{"Tracks is Track(129)"}},
	} {
		t.Run(name, func(t *testing.T) { mustBe(t, c.options.Validate(), models.ErrInvalidParams, c.parts...) })
	}
}

func TestOptionsAtTheEndsOfTheirRangesAreValid(t *testing.T) {
	for _, o := range []EncodeOptions{
		{},
		{30, 16, 16, 1, 6, 1, TrackAudio},
		{20000, 4096, 4096, 60, 510, 2, TrackAudio | TrackVideo},
		{AudioBitrateKbps: 256, AudioChannels: 1},
	} {
		if err := o.Validate(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestTracksHaveNames(t *testing.T) {
	for track, want := range map[Track]string{0: "none", TrackAudio: "audio", TrackVideo: "video", TrackAudio | TrackVideo: "audio+video", 8: "Track(8)"} {
		if got := track.String(); got != want {
			t.Errorf("%d: %q, expected %q", track, got, want)
		}
	}
}
