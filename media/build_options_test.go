package media

import (
	"math"
	"strings"
	"testing"
	"time"

	"gotgcall/models"
)

// withOptions are commands of which each has an option that changes what is played.
var withOptions = map[string]command{
	"option_start":        {shape: shape{audio: true}, offset: 1500 * time.Millisecond, options: EncodeOptions{Start: 1500 * time.Millisecond}},
	"option_section":      {shape: shape{audio: true}, offset: 2 * time.Second, options: EncodeOptions{Start: time.Second, End: 3 * time.Second}},
	"option_past_end":     {shape: shape{audio: true}, offset: 5 * time.Second, options: EncodeOptions{End: 3 * time.Second}},
	"option_loop":         {shape: shape{audio: true}, options: EncodeOptions{Loop: 2}},
	"option_loop_offset":  {shape: shape{audio: true, picture: film}, offset: 25 * time.Second, options: EncodeOptions{Loop: -1}},
	"option_speed":        {shape: shape{audio: true}, options: EncodeOptions{Speed: 1.25}},
	"option_speed_3":      {shape: shape{audio: true, picture: film}, options: EncodeOptions{Speed: 3}},
	"option_volume":       {shape: shape{audio: true}, options: EncodeOptions{Volume: 0.5}},
	"option_volume_up":    {shape: shape{audio: true}, options: EncodeOptions{Volume: 2}},
	"option_all":          {shape: shape{audio: true, picture: film}, offset: time.Second, options: all},
	"option_all_sight":    {shape: shape{picture: film}, offset: time.Second, options: all},
	"option_all_cover":    {shape: shape{audio: true, picture: cover}, offset: time.Second, options: all},
	"option_all_still":    {shape: shape{picture: cover}, offset: time.Second, options: all},
	"option_all_raw":      {shape: shape{audio: true, picture: film}, offset: time.Second, options: all, raw: true},
	"option_all_rawcover": {shape: shape{audio: true, picture: cover}, offset: time.Second, options: all, raw: true},
	"option_cover_loop":   {shape: shape{audio: true, picture: cover}, offset: time.Second, options: EncodeOptions{Loop: 1}},
	"option_request": {shape: shape{audio: true}, input: input{class: classHTTP, target: "http://example.com/a"}, options: EncodeOptions{
		Headers: map[string]string{"X-B": "2", "Authorization": "Bearer abc"}, UserAgent: "bot/1 (x)", Cookies: "a=1; b=2;",
		Proxy: "HTTP://user:pass@proxy.example.com:3128/"}},
}

// all has what can be combined.
var all = EncodeOptions{End: 4 * time.Second, Speed: 2, Volume: 0.5, AudioFilter: "aecho=0.8:0.9:60:0.3", VideoFilter: "hflip,negate"}

func TestArgumentsWithOptionsAreGolden(t *testing.T) {
	for name, c := range withOptions {
		t.Run(name, func(t *testing.T) {
			if c.input.target == "" {
				c.input = input{class: classFile, target: fileTarget("/music/a song.mp3")}
			} else {
				c.input.request = c.options.requestFlags()
			}
			c.options, c.clock = c.options.Complete(), wallClock
			golden(t, name, c.args())
		})
	}
}

// FuzzEncodeOptions: options that are let through make arguments of which each is one word of ours, or one value; the others are ErrInvalidParams.
func FuzzEncodeOptions(f *testing.F) {
	f.Add(800, 1280, 720, 30, 128, 2, uint8(3), int64(0), int64(0), 0, 1.0, 1.0, "", "", int64(0))
	f.Add(30, 17, 4096, 60, 6, 1, uint8(1), int64(time.Second), int64(2*time.Second), 0, 0.5, 4.0, "volume=2", "hflip", int64(time.Second))
	f.Add(-1, 0, math.MaxInt32, 0, 511, 3, uint8(255), int64(math.MinInt64), int64(math.MaxInt64), -1, math.NaN(), math.Inf(1), "-y", "\n", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, videoKbps, width, height, fps, audioKbps, channels int, tracks uint8, start, end int64, loop int, speed, volume float64,
		audioFilter, videoFilter string, offset int64,
	) {
		o := EncodeOptions{
			VideoBitrateKbps: videoKbps, VideoWidth: width, VideoHeight: height, VideoFPS: fps, AudioBitrateKbps: audioKbps, AudioChannels: channels,
			Tracks: Track(tracks), Start: time.Duration(start), End: time.Duration(end), Loop: loop, Speed: speed, Volume: volume,
			AudioFilter: audioFilter, VideoFilter: videoFilter,
		}
		if err := o.Validate(); err != nil {
			mustBe(t, err, models.ErrInvalidParams)
			return
		}
		o = o.Complete()
		if err := o.Validate(); err != nil {
			t.Fatalf("with the defaults it is refused: %v", err)
		}
		for _, raw := range []bool{false, true} {
			c := command{
				input: input{class: classFile, target: fileTarget("/music/song.mp3")}, options: o, offset: time.Duration(max(0, offset)),
				shape: shapeOf(o.Tracks), clock: wallClock, raw: raw,
			}
			args := c.args()
			inputs := 0
			for i, a := range args {
				if a == "-i" && args[i-1] != "-af" && args[i-1] != "-vf" { // a filter's text is whatever it is
					inputs++
				}
			}
			if inputs != 1 {
				t.Fatalf("not one input: %q", args)
			}
			for i, a := range args {
				switch {
				case a == "" || strings.ContainsAny(a, "\x00\n") || strings.Contains(a, "NaN") && !strings.Contains(audioFilter+videoFilter, "NaN"):
					t.Fatalf("argument %d of %q", i, args)
				case strings.HasPrefix(a, "-ss") && strings.HasPrefix(args[i+1], "-"):
					t.Fatalf("a time before the beginning: %q", args)
				}
			}
		}
	})
}
