package media

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// bannerLevel makes ffmpeg say what its input is, and mark each line with its level, so that what is no error can be told from what is.
var bannerLevel = []string{"-loglevel", "level+info", "-nostats"}

// levelRE finds the level of a line, behind the names of what it comes from.
var levelRE = regexp.MustCompile(`^((?:\[[^\]]* @ [^\]]*\] )*)\[(panic|fatal|error|warning|info|verbose|debug|trace)\] ?`)

// icyRE is a header of a radio station, as ffmpeg shows it.
var icyRE = regexp.MustCompile(`^icy-[a-z-]+ *:`)

// banner reads what ffmpeg says with bannerLevel. It belongs to the goroutine that reads that.
type banner struct {
	// Set at construction.
	liveness *Liveness
	next     func(line []byte) (kept []byte) // what else there is to be done with an error

	errs      bool // the last line with a level was an error: those without one go on with it
	container string
	icy       bool
}

// newBanner returns nil when a command says nothing of that kind.
func newBanner(args []string, l *Liveness, next func(line []byte) []byte) *banner {
	if !slices.Contains(args, bannerLevel[1]) {
		return nil
	}
	return &banner{liveness: l, next: next, errs: true}
}

// take looks at a line. It returns those that an ffmpeg with -loglevel error would have written, as that would have.
func (b *banner) take(line []byte) (kept []byte) {
	if m := levelRE.FindSubmatchIndex(line); m != nil {
		level := string(line[m[4]:m[5]])
		line = slices.Concat(line[:m[3]], line[m[1]:])
		b.errs = slices.Contains([]string{"panic", "fatal", "error"}, level)
	}
	switch {
	case !b.errs:
		b.learn(string(bytes.TrimSpace(line)))
		return nil
	case b.next != nil:
		return b.next(line)
	}
	return line
}

// learn looks at what is no error.
func (b *banner) learn(line string) {
	switch m := inputRE.FindStringSubmatch(line); {
	case m != nil:
		b.container = m[1]
	case icyRE.MatchString(line):
		b.icy = b.icy || b.container != ""
	case strings.HasPrefix(line, "Duration: ") && b.container != "":
		b.liveness.tell(b.nature(line))
	case strings.HasSuffix(strings.TrimRight(line, "0123456789"), "Failed to reload playlist "):
		b.liveness.lost.Store(true)
	case strings.Contains(line, "Opening '"):
		b.liveness.lost.Store(false)
	}
}

// nature is what an input is, by the line with its duration and what came before.
func (b *banner) nature(line string) Nature {
	switch {
	case !strings.HasPrefix(line, "Duration: N/A"), strings.HasSuffix(b.container, "_pipe"): // a picture
		return Finite
	case b.icy:
		return Station
	case strings.HasPrefix(b.container, "hls"):
		return LivePlaylist
	}
	return Endless
}
