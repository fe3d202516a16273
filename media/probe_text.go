package media

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What ffmpeg 4.4 to 7 say about an input. Lines come without their indentation.
var (
	inputRE    = regexp.MustCompile(`^Input #0, (.+?), from '`)
	durationRE = regexp.MustCompile(`^Duration: (\d{2,6}):(\d\d):(\d\d)\.(\d{1,9})\b`)
	streamRE   = regexp.MustCompile(`^Stream #0:\d+(?:\[[^\]]*\])?(?:\([^)]*\))?: (Audio|Video): ([^ ,]+)(.*)$`)
	otherRE    = regexp.MustCompile(`^(?:Stream|Chapter|Program|Stream group) (?:#|\d)`)
	tagRE      = regexp.MustCompile(`^(?i:(title|artist)) *: (.*)$`)
	soundRE    = regexp.MustCompile(`, (\d{1,7}) Hz(?:, ([^,]+))?`)
	sizeRE     = regexp.MustCompile(`, (\d{1,5})x(\d{1,5})(?:[ ,]|$)`)
	fpsRE      = regexp.MustCompile(`, (\d{1,6}(?:\.\d{1,6})?)(k?) fps(?:,|$| )`)
	tbrRE      = regexp.MustCompile(`, (\d{1,6}(?:\.\d{1,6})?)(k?) tbr(?:,|$| )`)
)

// section is what the lines of a text belong to.
type section uint8

const (
	inContainer section = iota
	inStream
	inOther // a chapter, a program, a stream of data
)

// parseInfo reads what ffmpeg says about its input. ok is false when there is nothing of that kind in it; a text whose beginning is missing gives what
// is left. Live means that ffmpeg has looked for a duration in vain. It is a pure function.
func parseInfo(text string) (info MediaInfo, ok bool) {
	var container, stream MediaInfo // whose tags are found there
	where := inOther                // if the beginning is missing, nobody knows where
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if m := inputRE.FindStringSubmatch(line); m != nil {
			info, container, stream = MediaInfo{Container: m[1]}, MediaInfo{}, MediaInfo{}
			where, ok = inContainer, true
			continue
		}
		if strings.HasPrefix(line, "Duration: ") {
			info.Live = strings.HasPrefix(line, "Duration: N/A")
			if m := durationRE.FindStringSubmatch(line); m != nil {
				info.Duration = clockTime(m[1:])
			}
			continue
		}
		if m := streamRE.FindStringSubmatch(line); m != nil {
			info.Streams = append(info.Streams, streamInfo(m[1], m[2], m[3]))
			where, ok = inStream, true
			continue
		}
		if otherRE.MatchString(line) {
			where = inOther
			continue
		}
		if m := tagRE.FindStringSubmatch(line); m != nil {
			switch where {
			case inContainer:
				container.setTag(m[1], m[2])
			case inStream:
				stream.setTag(m[1], m[2])
			}
		}
	}
	// Ogg has the tags of a song on its stream.
	info.Title, info.Artist = container.Title, container.Artist
	if info.Title == "" && info.Artist == "" && !info.Has(TrackVideo) {
		info.Title, info.Artist = stream.Title, stream.Artist
	}
	return info, ok
}

// setTag takes note of a tag, of which the first one counts.
func (m *MediaInfo) setTag(name, value string) {
	to := &m.Title
	if strings.EqualFold(name, "artist") {
		to = &m.Artist
	}
	if *to == "" {
		*to = strings.TrimSpace(value)
	}
}

// streamInfo reads a stream's line: its kind, its codec, and what follows that.
func streamInfo(kind, codec, rest string) StreamInfo {
	if kind == "Audio" {
		s := StreamInfo{Kind: TrackAudio, Codec: codec}
		if m := soundRE.FindStringSubmatch(rest); m != nil {
			s.SampleRate, s.Channels = atoi(m[1]), channelCount(m[2])
		}
		return s
	}
	s := StreamInfo{Kind: TrackVideo, Codec: codec, Cover: strings.Contains(rest, "(attached pic)")}
	if m := sizeRE.FindStringSubmatch(rest); m != nil {
		s.Width, s.Height = atoi(m[1]), atoi(m[2])
	}
	if s.Cover {
		return s
	}
	m := fpsRE.FindStringSubmatch(rest)
	if m == nil {
		m = tbrRE.FindStringSubmatch(rest) // where the container does not tell a mean
	}
	if m != nil {
		s.FPS, _ = strconv.ParseFloat(m[1], 64) // the expression lets only numbers pass
		if m[2] != "" {
			s.FPS *= 1000
		}
	}
	return s
}

// layouts are the channel layouts whose names do not tell how many channels there are.
var layouts = map[string]int{"mono": 1, "stereo": 2, "downmix": 2, "binaural": 2, "quad": 4, "hexagonal": 6, "octagonal": 8, "cube": 8, "hexadecagonal": 16}

// channelCount is the number of channels of a layout: "stereo", "5.1(side)", "3 channels", "4 channels (FL+FR+LFE+BC)".
func channelCount(layout string) int {
	layout, _, _ = strings.Cut(strings.TrimSpace(layout), "(")
	if n, ok := layouts[layout]; ok {
		return n
	}
	if n, ok := strings.CutSuffix(strings.TrimSpace(layout), " channels"); ok && len(n) <= 4 {
		return max(0, atoi(n))
	}
	n := 0
	for part := range strings.SplitSeq(layout, ".") {
		if len(part) == 0 || len(part) > 2 || strings.Trim(part, "0123456789") != "" {
			return 0
		}
		n += atoi(part)
	}
	return n
}

// clockTime is a time written as hours, minutes, seconds and a fraction.
func clockTime(parts []string) time.Duration {
	whole := time.Duration(atoi(parts[0]))*time.Hour + time.Duration(atoi(parts[1]))*time.Minute + time.Duration(atoi(parts[2]))*time.Second
	return whole + time.Duration(atoi(parts[3]))*time.Second/time.Duration(math.Pow10(len(parts[3])))
}

// atoi is the number of a text that an expression has found to be one, 0 otherwise.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
