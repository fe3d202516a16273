package media

import (
	"testing"
	"time"
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
