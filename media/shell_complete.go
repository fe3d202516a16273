package media

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gotgcall/internal/ffmpeg"
)

// completeFFmpeg fills in what an ffmpeg command line lacks to give one track on stdout. What it has stays as it is and where it is.
func completeFFmpeg(args []string, track Track, o EncodeOptions) ([]string, error) {
	inv, err := parseFFmpeg(args)
	if err != nil {
		return nil, err
	}
	out, at, err := inv.stdout()
	if err != nil {
		return nil, err
	}
	if err := inv.checkInputs(); err != nil {
		return nil, err
	}
	rules := trackRules(track, o)
	missing, err := rules.missing(append(inv.graphs(), out...), track)
	if err != nil {
		return nil, err
	}
	if at == len(args) {
		missing = append(missing, "pipe:1")
	}

	full := inv.missingGlobals(track)
	for i, word := range args {
		switch {
		case i == inv.firstInput():
			full = append(full, inv.missingProbing(track)...)
		case i == at:
			full = append(full, missing...)
			if word == "/dev/stdout" { // a file that exists, which ffmpeg would refuse to overwrite
				word = "pipe:1"
			}
		}
		full = append(full, word)
	}
	if at == len(args) {
		full = append(full, missing...)
	}
	return full, nil
}

// stdoutNames are the ways to say stdout to ffmpeg.
var stdoutNames = []string{"-", "pipe:", "pipe:1", "/dev/stdout"}

// stdout finds the options of the output that goes to stdout, and the index in args before which more of them can be put. That is the
// end when there is no output yet.
func (inv invocation) stdout() ([]option, int, error) {
	var found *fileArgs
	others := ""
	for i, f := range inv.files {
		switch {
		case f.input:
		case !slices.Contains(stdoutNames, f.target):
			others = f.target
		case found != nil:
			return nil, 0, errors.New("two outputs go to stdout, where they would get mixed up: leave one")
		default:
			found = &inv.files[i]
		}
	}
	switch {
	case found != nil:
		return found.options, found.at, nil
	case others != "":
		return nil, 0, fmt.Errorf("the command writes to %q, but what is played is its stdout: leave the output out, or make it pipe:1",
			ffmpeg.Redact(others))
	}
	return inv.trailing, len(inv.args), nil
}

// checkInputs refuses a command without any input, which ffmpeg answers with its manual.
func (inv invocation) checkInputs() error {
	if inv.firstInput() >= 0 || len(inv.graphs()) > 0 {
		return nil
	}
	return errors.New("the ffmpeg command has no input: say what to play by -i")
}

// graphs returns the filter graphs that stand for themselves, wherever they are given: they feed any output.
func (inv invocation) graphs() []option {
	return slices.DeleteFunc(inv.allOptions(), func(o option) bool { return !slices.Contains(graphNames, o.name) })
}

var graphNames = []string{"filter_complex", "lavfi", "filter_complex_script"}

// firstInput returns the index of the first -i, or -1.
func (inv invocation) firstInput() int {
	for _, f := range inv.files {
		if f.input {
			return f.at
		}
	}
	return -1
}

func (inv invocation) allOptions() []option {
	var all []option
	for _, f := range inv.files {
		all = append(all, f.options...)
	}
	return append(all, inv.trailing...)
}

// missingGlobals keeps ffmpeg off the terminal and its banner and statistics out of the errors.
func (inv invocation) missingGlobals(track Track) []string {
	all := inv.allOptions()
	var missing []string
	for _, g := range []struct{ names, args []string }{
		{[]string{"nostdin", "stdin"}, []string{"-nostdin"}},
		{[]string{"hide_banner", "nohide_banner"}, []string{"-hide_banner"}},
		{[]string{"loglevel", "v"}, []string{"-loglevel", "error"}},
	} {
		if _, ok := find(all, track, g.names...); !ok {
			missing = append(missing, g.args...)
		}
	}
	return missing
}

// missingProbing shortens the look ffmpeg takes at the first input before it begins, unless the command says how long it is to be, or the
// input is of a kind whose sound may begin later.
func (inv invocation) missingProbing(track Track) []string {
	i := slices.IndexFunc(inv.files, func(f fileArgs) bool { return f.input })
	in := inv.files[i]
	if _, ok := find(in.options, track, "analyzeduration", "probesize"); ok || beginsLate(in) {
		return nil
	}
	return []string{"-analyzeduration", "0", "-probesize", "64k"}
}

var (
	lateFormats    = []string{"hls", "dash", "mpegts", "mpeg", "flv", "rtsp", "rtp", "live_flv"}
	lateSchemes    = []string{"rtmp", "rtmps", "rtmpt", "rtsp", "rtsps", "srt", "udp", "rtp", "rist", "hls"}
	lateExtensions = []string{".m3u8", ".m3u", ".mpd", ".ts", ".mts", ".m2ts", ".mpg", ".flv"}
)

// beginsLate reports whether an input is a playlist, a transport stream or a live stream by its format or name.
func beginsLate(in fileArgs) bool {
	if f, ok := find(in.options, TrackAudio, "f"); ok {
		return slices.Contains(lateFormats, f.value)
	}
	scheme := schemeOf(in.target)
	if slices.Contains(lateSchemes, scheme) {
		return true
	}
	path := in.target
	if scheme != "" {
		path = path[:indexAny(path, "?#")]
	}
	path = strings.ToLower(path)
	return slices.ContainsFunc(lateExtensions, func(e string) bool { return strings.HasSuffix(path, e) })
}
