package media

import (
	"fmt"
	"slices"
	"strings"
)

// option is one option of an ffmpeg command line: -c:a libopus has name c, specifier a, value libopus. Flags have no value.
type option struct {
	name, specifier, value string
}

// fileArgs is an input or output with the options before it, which are its own (or global).
type fileArgs struct {
	options []option
	input   bool
	target  string
	at      int // index of its -i, or of its target for an output
}

// invocation is an ffmpeg command line taken apart. ffmpeg reads it as a row of files.
type invocation struct {
	args     []string
	files    []fileArgs
	trailing []option // after the last file
}

// parseFFmpeg takes apart the arguments of ffmpeg, by the rules of its own parser.
func parseFFmpeg(args []string) (invocation, error) {
	inv := invocation{args: args}
	var options []option
	file := func(f fileArgs) {
		f.options = options
		inv.files = append(inv.files, f)
		options = nil
	}
	for i := 0; i < len(args); i++ {
		word := args[i]
		name, isOption := strings.CutPrefix(word, "-")
		switch {
		case !isOption || name == "": // a lone - is stdout
			file(fileArgs{target: word, at: i})
			continue
		case isFlag(name, args[i+1:]):
			options = append(options, option{name: name})
			continue
		case i+1 == len(args):
			return invocation{}, fmt.Errorf("%s, the last word, has no value: add it, or remove the option", word)
		}
		i++
		switch name {
		case "-": // the next word is a file, whatever it begins with
			file(fileArgs{target: args[i], at: i - 1})
			continue
		case "i":
			file(fileArgs{input: true, target: args[i], at: i - 1})
			continue
		}
		o, ok := aliases[name]
		if !ok {
			o.name, o.specifier, _ = strings.Cut(name, ":")
		}
		if o.name == "codec" {
			o.name = "c"
		}
		o.value = args[i]
		options = append(options, o)
	}
	inv.trailing = options
	return inv, nil
}

// is reports whether o is one of the named options for a track, or for all tracks.
func (o option) is(track Track, names ...string) bool {
	letter := "a"
	if track == TrackVideo {
		letter = "v"
	}
	return slices.Contains(names, o.name) && (o.specifier == "" || strings.Contains("0123456789"+letter, o.specifier[:1]))
}

// find returns the last of the named options, which is the one that counts.
func find(options []option, track Track, names ...string) (option, bool) {
	for _, o := range slices.Backward(options) {
		if o.is(track, names...) {
			return o, true
		}
	}
	return option{}, false
}

// aliases are older names of options. A bare -b is for video.
var aliases = map[string]option{
	"acodec": {name: "c", specifier: "a"},
	"vcodec": {name: "c", specifier: "v"},
	"b":      {name: "b", specifier: "v"},
	"ab":     {name: "b", specifier: "a"},
	"vb":     {name: "b", specifier: "v"},
}

// flags are the options of ffmpeg 4.4 to 7 that take no value, but for those that print something and exit. All others take one.
var flags = map[string]bool{
	"y": true, "n": true, "re": true, "vn": true, "an": true, "sn": true, "dn": true,
	"stdin": true, "hide_banner": true, "stats": true, "report": true, "xerror": true,
	"benchmark": true, "benchmark_all": true, "dump": true, "hex": true, "debug_ts": true,
	"ignore_unknown": true, "copy_unknown": true, "recast_media": true,
	"copyts": true, "start_at_zero": true, "copyinkf": true, "shortest": true, "bitexact": true,
	"accurate_seek": true, "find_stream_info": true,
	"auto_conversion_filters": true, "fix_sub_duration": true, "force_fps": true,
	"display_hflip": true, "display_vflip": true,
	"psnr": true, "vstats": true, "qphist": true,
	"autorotate": true, "autoscale": true, // with a value before version 7
}

// isFlag reports whether an option takes no value: a flag, or one switched off, as in -nostdin. rest are the words after it.
func isFlag(name string, rest []string) bool {
	name, _, _ = strings.Cut(name, ":")
	if off, ok := strings.CutPrefix(name, "no"); ok && flags[off] {
		return true
	}
	if name == "autorotate" || name == "autoscale" {
		return len(rest) == 0 || rest[0] != "0" && rest[0] != "1"
	}
	return flags[name]
}
