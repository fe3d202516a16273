package media

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// rules are what the output of an ffmpeg command must be like for one track.
type rules struct {
	codecs, formats []string // that can be played; the first is filled in
	pointer         string   // what to write instead of others
	wants           []want
}

// want is an argument to fill in when none of names is given.
type want struct {
	names   []string
	args    []string
	encoder string // the encoder that knows the option: "" for any, "*" for all but copy
	// choose, when not nil, gives the arguments instead of args, by what else is given.
	choose func(given func(names ...string) bool) []string
}

func trackRules(track Track, o EncodeOptions) rules {
	if track == TrackVideo {
		return rules{
			codecs:  []string{"libvpx", "vp8_vaapi", "vp8_v4l2m2m", "copy"},
			formats: []string{"ivf"},
			pointer: "a call plays VP8 in IVF: leave -c:v and -f out, or give -c:v libvpx -f ivf",
			wants: slices.Concat([]want{
				{names: []string{"an"}, args: []string{"-an"}},
				{names: []string{"sn"}, args: []string{"-sn"}},
				{names: []string{"dn"}, args: []string{"-dn"}},
			}, filterWants(o), []want{{names: []string{"c"}, args: []string{"-c:v", "libvpx"}}}, videoWants(o), []want{
				{names: []string{"f"}, args: []string{"-f", "ivf"}},
				{names: []string{"flush_packets"}, args: []string{"-flush_packets", "1"}},
			}),
		}
	}
	return rules{
		codecs:  []string{"libopus", "opus", "copy"},
		formats: []string{"ogg", "opus", "oga"},
		pointer: "a call plays Opus in Ogg: leave -c:a and -f out, or give -c:a libopus -f ogg",
		wants: []want{
			{names: []string{"vn"}, args: []string{"-vn"}},
			{names: []string{"sn"}, args: []string{"-sn"}},
			{names: []string{"dn"}, args: []string{"-dn"}},
			{names: []string{"map_metadata"}, args: []string{"-map_metadata", "-1"}},
			{names: []string{"map_chapters"}, args: []string{"-map_chapters", "-1"}},
			{names: []string{"c"}, args: []string{"-c:a", "libopus"}},
			{names: []string{"b"}, args: []string{"-b:a", kbps(o.AudioBitrateKbps)}, encoder: "*"},
			{names: []string{"ar"}, args: []string{"-ar", "48000"}, encoder: "*"},
			// More than two channels would be encoded as several streams, which no listener understands.
			{names: []string{"ac", "channel_layout", "ch_layout"}, args: []string{"-ac", strconv.Itoa(o.AudioChannels)}, encoder: "*"},
			{names: []string{"frame_duration"}, args: []string{"-frame_duration", "20"}, encoder: "libopus"},
			{names: []string{"f"}, args: []string{"-f", "ogg"}},
			{names: []string{"page_duration"}, args: []string{"-page_duration", "20000"}},
			{names: []string{"flush_packets"}, args: []string{"-flush_packets", "1"}},
		},
	}
}

// missing checks the options of the output and returns the arguments it lacks.
func (r rules) missing(out []option, track Track) ([]string, error) {
	codec := r.codecs[0]
	if c, ok := find(out, track, "c"); ok {
		codec = c.value
	}
	format := r.formats[0]
	if f, ok := find(out, track, "f"); ok {
		format = f.value
	}
	switch {
	case isPCM(codec):
		return nil, fmt.Errorf("the codec %q is raw sound, which has no frames to send: %s", codec, r.pointer)
	case isRawFormat(format):
		return nil, fmt.Errorf("the format %q is raw sound, which has no frames to send: %s", format, r.pointer)
	case !slices.Contains(r.codecs, codec):
		return nil, fmt.Errorf("the codec %q cannot be sent: %s", codec, r.pointer)
	case !slices.Contains(r.formats, format):
		return nil, fmt.Errorf("the format %q cannot be read: %s", format, r.pointer)
	}
	if ac, ok := find(out, track, "ac"); ok && track == TrackAudio {
		if n, err := strconv.Atoi(ac.value); err != nil || n < 1 || n > 2 {
			return nil, fmt.Errorf("-ac %s: a call plays 1 or 2 channels", ac.value)
		}
	}
	given := func(names ...string) bool {
		_, ok := find(out, track, names...)
		return ok
	}
	var missing []string
	for _, w := range r.wants {
		switch {
		case given(w.names...) || !w.fits(codec):
		case w.choose != nil:
			missing = append(missing, w.choose(given)...)
		default:
			missing = append(missing, w.args...)
		}
	}
	return missing, nil
}

// fits reports whether the option means something for what encodes.
func (w want) fits(codec string) bool {
	switch w.encoder {
	case "":
		return true
	case "*":
		return codec != "copy"
	}
	return codec == w.encoder
}

func isPCM(codec string) bool { return strings.HasPrefix(codec, "pcm_") }

// isRawFormat reports whether a format holds raw sound: s16le, f32be, u8, mulaw and their like, or WAV around it.
func isRawFormat(format string) bool {
	switch format {
	case "wav", "w64", "aiff", "au", "caf", "rf64", "u8", "s8", "alaw", "mulaw", "vidc":
		return true
	}
	n := strings.TrimLeft(format, "suf")
	return len(n) < len(format) && (strings.HasSuffix(n, "le") || strings.HasSuffix(n, "be")) &&
		slices.Contains([]string{"16", "24", "32", "64"}, n[:len(n)-2])
}
