package media

import (
	"strconv"
	"strings"
)

// soundFilters are the filters of the sound, "" if there are none: what is cut off, the program's own, and then what the other options ask
// for. inStep is put in where the times of the sound matter.
func (c command) soundFilters(keepsTime bool) string {
	o := c.options
	step := ""
	if keepsTime || o.spedUp() { // atempo counts samples, and forgets where a gap was
		step = inStep
	}
	return chain(c.cut("atrim", "asetpts"), o.AudioFilter, step, tempo(o), volume(o))
}

// pictureFilters are those of a film before it is brought to its rate and its size.
func (c command) pictureFilters() string {
	speed := ""
	if c.options.spedUp() {
		// In a fine unit: the source's own may be the length of a picture.
		speed = "settb=1/90000,setpts=PTS/" + number(c.options.Speed)
	}
	return chain(c.cut("trim", "setpts"), c.options.VideoFilter, speed)
}

// discards reports whether what precedes the offset is decoded and dropped. Where ffmpeg repeats a file it seeks in the first pass only.
func (c command) discards() bool { return c.options.Loop != 0 && c.offset > 0 }

// cut limits a stream to what is played of it. ffmpeg counts from the offset, if it has sought there. ffmpeg's -t counts from the first
// frame of each stream: one that begins late would also end late.
func (c command) cut(trim, setPTS string) string {
	var limits []string
	shift := ""
	switch {
	case c.discards():
		limits = append(limits, "start="+seconds(c.offset))
		shift = setPTS + "=PTS-" + seconds(c.offset) + "/TB"
	case c.shape.picture == cover && trim == "atrim":
		limits = append(limits, "start=0")
	}
	if end := c.options.End; end > 0 {
		limits = append(limits, "end="+seconds(max(0, end-c.offset)))
	}
	if limits == nil {
		return ""
	}
	return chain(trim+"="+strings.Join(limits, ":"), shift)
}

// spedUp reports whether the media are not played at their own speed.
func (o EncodeOptions) spedUp() bool { return o.Speed != 0 && o.Speed != 1 }

// tempo plays the sound faster or slower at its own pitch. Beyond 2 one atempo would leave out samples, two of them blend them.
func tempo(o EncodeOptions) string {
	switch {
	case !o.spedUp():
		return ""
	case o.Speed > 2:
		return "atempo=2,atempo=" + number(o.Speed/2)
	}
	return "atempo=" + number(o.Speed)
}

// volume makes the sound louder or less loud. What is made louder is limited, without which it would be clipped. The limiter changes nothing
// of what stays below its limit; level=0 keeps it from amplifying by itself.
func volume(o EncodeOptions) string {
	switch {
	case o.Volume == 0 || o.Volume == 1:
		return ""
	case o.Volume > 1:
		return "volume=" + number(o.Volume) + ",alimiter=limit=0.95:level=0"
	}
	return "volume=" + number(o.Volume)
}

// chain joins filters, of which some may be "".
func chain(filters ...string) string {
	var all []string
	for _, f := range filters {
		if f != "" {
			all = append(all, f)
		}
	}
	return strings.Join(all, ",")
}

// number writes a factor as ffmpeg reads it.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
