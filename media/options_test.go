package media

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"gotgcall/models"
)

func TestZeroOptionsMeanTheDefaults(t *testing.T) {
	want := EncodeOptions{VideoBitrateKbps: 800, VideoWidth: 1280, VideoHeight: 720, VideoFPS: 30, AudioBitrateKbps: 128, AudioChannels: 2,
		Tracks: TrackAudio, Speed: 1, Volume: 1}
	if got := (EncodeOptions{}).Complete(); !reflect.DeepEqual(got, want) {
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

// filled returns options of which no field is zero. Two of them differ in all fields.
func filled(t *testing.T, n int) EncodeOptions {
	t.Helper()
	var o EncodeOptions
	for i := range reflect.TypeFor[EncodeOptions]().NumField() {
		switch f := reflect.ValueOf(&o).Elem().Field(i); f.Kind() {
		case reflect.Int, reflect.Int64:
			f.SetInt(int64(n + i))
		case reflect.Uint8:
			f.SetUint(uint64(n + i))
		case reflect.Float64:
			f.SetFloat(float64(n + i))
		case reflect.String:
			f.SetString(strings.Repeat("x", n+i))
		case reflect.Map:
			f.Set(reflect.ValueOf(map[string]string{strings.Repeat("x", n+i): "1"}))
		default:
			t.Fatalf("a field of kind %v", f.Kind())
		}
	}
	return o
}

func TestMergeTakesWhatIsNotZero(t *testing.T) {
	full, over := filled(t, 1), filled(t, 2)
	if got := (EncodeOptions{}).Merge(full); !reflect.DeepEqual(got, full) {
		t.Errorf("over nothing: %+v", got)
	}
	if got := full.Merge(EncodeOptions{}); !reflect.DeepEqual(got, full) {
		t.Errorf("under nothing: %+v", got)
	}
	if got := full.Merge(over); !reflect.DeepEqual(got, over) {
		t.Errorf("over all: %+v", got)
	}
}

func TestOptionsDoNotChangeWithTheProgramsMap(t *testing.T) {
	headers := map[string]string{"X-A": "1"}
	s := FromURL("http://example.com/", EncodeOptions{Headers: headers})
	headers["X-A"] = "2"
	if got := OptionsOf(s).Headers["X-A"]; got != "1" {
		t.Errorf("X-A became %q", got)
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
		"looped":          {EncodeOptions{Loop: -2}, []string{"Loop is -2", "-1 to 100000"}},
		"looped too much": {EncodeOptions{Loop: 100001}, []string{"Loop is 100001"}},
		"looped section":  {EncodeOptions{Loop: 2, Start: time.Second}, []string{"Loop is 2", "Start 1s", "whole media"}},
		"looped to End":   {EncodeOptions{Loop: -1, End: time.Second}, []string{"Loop is -1", "End 1s"}},
		"before 0":        {EncodeOptions{Start: -time.Second}, []string{"Start is -1s", "0 or more"}},
		"ends before 0":   {EncodeOptions{End: -1}, []string{"End is -1ns", "0 or more"}},
		"ends at once":    {EncodeOptions{Start: time.Second, End: time.Second}, []string{"End is 1s", "more than Start, which is 1s"}},
		"slow":            {EncodeOptions{Speed: 0.49}, []string{"Speed is 0.49", "0.5 to 4"}},
		"too fast":        {EncodeOptions{Speed: 4.01}, []string{"Speed is 4.01"}},
		"backwards":       {EncodeOptions{Speed: -1}, []string{"Speed is -1"}},
		"no speed":        {EncodeOptions{Speed: math.NaN()}, []string{"Speed is NaN"}},
		"endless speed":   {EncodeOptions{Speed: math.Inf(1)}, []string{"Speed is +Inf"}},
		"silent":          {EncodeOptions{Volume: 0.001}, []string{"Volume is 0.001", "0.01 to 4"}},
		"loud":            {EncodeOptions{Volume: 5}, []string{"Volume is 5"}},
		"no volume":       {EncodeOptions{Volume: math.NaN()}, []string{"Volume is NaN"}},
		"filter line":     {EncodeOptions{AudioFilter: "a\nb"}, []string{"AudioFilter", `"a\nb"`, "byte 1"}},
		"filter NUL":      {EncodeOptions{VideoFilter: "negate\x00"}, []string{"VideoFilter", "byte 6"}},
		"blank filter":    {EncodeOptions{VideoFilter: " "}, []string{"VideoFilter", `" "`}},
		"agent line":      {EncodeOptions{UserAgent: "a\r\nX: y"}, []string{"UserAgent", "byte 1"}},
		"long agent":      {EncodeOptions{UserAgent: strings.Repeat("x", 1025)}, []string{"UserAgent has 1025", "1024"}},
		"one bit too far": {EncodeOptions{Tracks: TrackAudio | 0x80}, []string{"Tracks is Track(129)"}},
	} {
		t.Run(name, func(t *testing.T) { mustBe(t, c.options.Validate(), models.ErrInvalidParams, c.parts...) })
	}
}

func TestOptionsAtTheEndsOfTheirRangesAreValid(t *testing.T) {
	for _, o := range []EncodeOptions{
		{},
		{VideoBitrateKbps: 30, VideoWidth: 16, VideoHeight: 16, VideoFPS: 1, AudioBitrateKbps: 6, AudioChannels: 1, Tracks: TrackAudio, Loop: -1,
			Speed: 0.5, Volume: 0.01},
		{VideoBitrateKbps: 20000, VideoWidth: 4096, VideoHeight: 4096, VideoFPS: 60, AudioBitrateKbps: 510, AudioChannels: 2,
			Tracks: TrackAudio | TrackVideo, Loop: 100000, Speed: 4, Volume: 4},
		{Start: time.Second, End: time.Second + 1},
		{End: 1},
		{AudioFilter: "aecho=0.8:0.9:60:0.3,highpass=f=200", VideoFilter: "negate"},
		{Headers: map[string]string{"X-!#$%&'*+.^_`|~0": "tab\tand ümlaut", "Accept": ""}, UserAgent: "bot/1.0 (x)"},
		{Headers: map[string]string{"A": strings.Repeat("x", maxHeaders-5)}, UserAgent: strings.Repeat("x", 1024)},
		{Cookies: "a=1; b=x=y ;c=;", Proxy: "HTTP://user:pass%40@[::1]:3128/"},
		{Proxy: "http://proxy.example.com"},
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
