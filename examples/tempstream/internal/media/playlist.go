package media

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// segment is one of a run of ffmpeg, which took one broadcast.
type segment struct {
	run      int
	name     string
	duration float64 // in seconds
}

// runList is the playlist of one run: its segments, and the number of the first.
type runList struct {
	first    int64
	segments []segment
}

// errPlaylist is a playlist that ffmpeg did not write, or not wholly.
var errPlaylist = errors.New("no playlist of ffmpeg")

// maxSegment is longer than any segment, in seconds: encoders send a key frame every few of them.
const maxSegment = 120

// parseRun reads the playlist that run's ffmpeg has written. Only names of its own are taken.
func parseRun(text []byte, run int) (l runList, err error) {
	if !bytes.HasPrefix(text, []byte("#EXTM3U\n")) {
		return l, fmt.Errorf("%w: it does not begin with #EXTM3U", errPlaylist)
	}
	duration := -1.0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "#EXT-X-MEDIA-SEQUENCE:"); ok {
			if l.first, err = strconv.ParseInt(rest, 10, 64); err != nil || l.first < 0 || l.first > math.MaxInt32 {
				return runList{}, fmt.Errorf("%w: sequence %q", errPlaylist, rest)
			}
		} else if rest, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			rest, _, _ = strings.Cut(rest, ",")
			if duration, err = strconv.ParseFloat(rest, 64); err != nil || !(duration >= 0 && duration <= maxSegment) {
				return runList{}, fmt.Errorf("%w: duration %q", errPlaylist, rest)
			}
		} else if line != "" && line[0] != '#' {
			if duration < 0 || !IsName(line) || !strings.HasPrefix(line, runPrefix(run)) {
				return runList{}, fmt.Errorf("%w: segment %q", errPlaylist, line)
			}
			l.segments = append(l.segments, segment{run, line, duration})
			duration = -1
		}
	}
	return l, nil
}

// runPrefix begins the names of all files of a run.
func runPrefix(run int) string { return fmt.Sprintf("r%d_", run) }

// initOf names the header of a run's segments.
func initOf(run int) string { return runPrefix(run) + "init.mp4" }

// windowSize is how many segments are listed. A player begins three before the end; the rest is for those that were cut off for a moment.
const windowSize = 12

// window is the playlist that viewers get: the newest segments, whichever run they come from. Runs follow each other with a discontinuity, and
// each has its own header, so that another encoder can go on where one has stopped.
type window struct {
	segments []segment
	first    int64 // the number of segments[0]
	breaks   int64 // discontinuities that have left the window
	target   int   // the longest segment there was, in whole seconds
	run      int   // whose segments are being taken
	next     int64 // the number, in its own playlist, of the one to be taken next
}

// take adds what is new in the playlist of a run, and says whether there was something.
func (w *window) take(run int, l runList) bool {
	if run != w.run {
		w.run, w.next = run, 0
	}
	taken := false
	for i, s := range l.segments {
		if n := l.first + int64(i); n >= w.next {
			w.next, taken = n+1, true
			w.segments = append(w.segments, s)
			w.target = max(w.target, int(math.Round(s.duration)), 1)
		}
	}
	w.drop(len(w.segments) - windowSize)
	return taken
}

// clear takes everything out. What comes next goes on counting.
func (w *window) clear() { w.drop(len(w.segments)) }

// drop takes the first n segments out. The break behind the last of all is counted when a new run begins the window anew.
func (w *window) drop(n int) {
	for range n {
		if len(w.segments) == 1 || w.segments[1].run != w.segments[0].run {
			w.breaks++
		}
		w.segments = w.segments[1:]
		w.first++
	}
}

// has says whether a run has segments in the window.
func (w *window) has(run int) bool {
	for _, s := range w.segments {
		if s.run == run {
			return true
		}
	}
	return false
}

// render writes the playlist: live, so without an end.
func (w *window) render() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n#EXT-X-INDEPENDENT-SEGMENTS\n",
		w.target, w.first, w.breaks)
	for i, s := range w.segments {
		if i > 0 && w.segments[i-1].run != s.run {
			b.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		if i == 0 || w.segments[i-1].run != s.run {
			fmt.Fprintf(&b, "#EXT-X-MAP:URI=\"%s\"\n", initOf(s.run))
		}
		fmt.Fprintf(&b, "#EXTINF:%.6f,\n%s\n", s.duration, s.name)
	}
	return b.Bytes()
}
