package media

import (
	"fmt"
	"slices"
	"strings"
)

// inStep keeps the sound in step with the picture: where a stream has a gap, or begins after the picture, it puts silence. Opus packets have
// no timestamps of their own; without it what follows a gap would be heard too early.
const inStep = "aresample=async=1:first_pts=0"

// keyFrames forces a key frame every 2 s, whatever the rate of the pictures is.
const keyFrames = "expr:isnan(prev_forced_t)+gte(t,prev_forced_t+1.95)"

// filmOutput writes the film.
func (c command) filmOutput(pipe string) []string {
	if c.raw {
		return rawPicture(pipe, "-map", filmStream, "-vf", chain(c.pictureFilters(), rawFilm(c.options)))
	}
	filters := chain(c.pictureFilters(), pickFilter(c.options.VideoFPS, c.clock), fitFilter(c.options))
	return videoOutput(c.options, pipe, "-map", filmStream, "-vf", filters)
}

// coverOutputs write the sound and the attached picture.
func (c command) coverOutputs() []string {
	fit, rate, sound, picture := fitFilter(c.options), "", audioOutput, videoOutput
	if c.raw {
		fit, rate = rawFit(c.options), ",fps=1" // the format tells one rate for all pictures
		sound = func(_ EncodeOptions, pipe string, from ...string) []string { return rawSound(pipe, from...) }
		picture = func(_ EncodeOptions, pipe string, from ...string) []string { return rawPicture(pipe, from...) }
	}
	graph := []string{"-filter_complex_threads", "1", "-filter_complex", c.coverGraph(chain(c.options.VideoFilter, fit), rate)}
	if !c.shape.audio {
		return append(graph, picture(c.options, "pipe:1", "-map", "[picture]")...)
	}
	return slices.Concat(graph, sound(c.options, "pipe:1", "-map", "[sound]"), picture(c.options, "pipe:3", "-map", "[picture]"))
}

// coverGraph shows a picture once a second as long as there is sound. The picture repeats for ever; what counts the seconds, and ends it,
// is a second filter on the sound that draws one small image of each second, laid beside the picture where it is not seen. So neither leg can run
// ahead of the other.
func (c command) coverGraph(fit, rate string) string {
	// What precedes the offset is cut off here, instead of at the input, where it would hit the picture too.
	graph := "[0:a:0]" + c.soundFilters(false) + ","
	if c.shape.audio {
		graph += "asplit[sound][seconds];[seconds]"
	}
	// A clock that never has anything would not end the picture: so there is a moment of silence after the sound.
	return graph + "apad=pad_dur=0.01,aresample=8000,showwaves=s=16x16:r=1[clock];" +
		"[" + coverStream + "]" + fit + ",loop=loop=-1:size=1,setpts=N/TB[still];" +
		"[still][clock]overlay=x=W:shortest=1" + rate + "[picture]"
}

// fitFilter fits the picture into the frame of the options: its aspect kept, its pixels square, its sides even, and no larger than it is. It
// is no larger than the picture is shown, that is: pixels that are not square are stretched, never squeezed.
func fitFilter(o EncodeOptions) string {
	w, h := o.VideoWidth&^1, o.VideoHeight&^1
	const wide, high = "iw*max(1,sar)", "ih*max(1,1/sar)"
	factor := fmt.Sprintf("min(1,min(%d/(%s),%d/(%s)))", w, wide, h, high)
	side := func(length string) string { return fmt.Sprintf("'max(2,2*round(%s*%s/2-0.25))'", length, factor) }
	return fmt.Sprintf("scale=w=%s:h=%s", side(wide), side(high))
}

// videoOutput encodes pictures for a call. from says which, and what is done to them before.
func videoOutput(o EncodeOptions, pipe string, from ...string) []string {
	return slices.Concat(from, []string{"-an", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"}, encodeVideo(o),
		[]string{"-f", "ivf", "-flush_packets", "1", pipe})
}

// encodeVideo are the settings of the encoder.
func encodeVideo(o EncodeOptions) []string {
	args := []string{"-c:v", "libvpx"}
	for _, w := range videoWants(o) {
		args = append(args, w.args...)
	}
	return args
}

// videoWants encode VP8 in real time; docs/VIDEO.md has the measurements.
func videoWants(o EncodeOptions) []want {
	rate := kbps(o.VideoBitrateKbps)
	return []want{
		{names: []string{"pix_fmt"}, args: []string{"-pix_fmt", "yuv420p"}, encoder: "libvpx"},
		// Every picture keeps its own time, in the unit in which it is sent.
		{names: rateNames, args: []string{"-vsync", "vfr", "-enc_time_base", "1:90000"}, encoder: "*"},
		{names: []string{"b"}, args: []string{"-b:v", rate}, encoder: "*"},
		// A constant rate: what a busy second takes more than its share is given back by the next one.
		{names: []string{"b", "maxrate", "minrate", "bufsize", "crf"}, args: []string{"-minrate", rate, "-maxrate", rate, "-bufsize", rate}, encoder: "libvpx"},
		// In percent of the mean size of a picture.
		{names: []string{"max-intra-rate"}, args: []string{"-max-intra-rate", "600"}, encoder: "libvpx"},
		// A key frame every 2 s is what someone who begins to watch waits for.
		{names: []string{"g", "force_key_frames"}, args: []string{"-force_key_frames", keyFrames}, encoder: "*"},
		{names: []string{"deadline", "quality"}, args: []string{"-deadline", "realtime"}, encoder: "libvpx"},
		// Less than zero is a fixed effort; more than zero would be a share of the processor, used up whether it gains something or not.
		{names: []string{"cpu-used", "speed"}, args: []string{"-cpu-used", "-6"}, encoder: "libvpx"},
		{names: []string{"threads"}, args: []string{"-threads", "1"}, encoder: "libvpx"},
		{names: []string{"lag-in-frames"}, args: []string{"-lag-in-frames", "0"}, encoder: "libvpx"},
		{names: []string{"auto-alt-ref"}, args: []string{"-auto-alt-ref", "0"}, encoder: "libvpx"},
	}
}

var (
	// rateNames are the options that say which pictures an output has, and sizeNames which size they have.
	rateNames = []string{"r", "fpsmax", "vsync", "fps_mode", "enc_time_base"}
	sizeNames = []string{"s"}
	// filterNames are those that give the filters themselves.
	filterNames = append([]string{"vf", "filter", "filter_script"}, graphNames...)
)

// filterWants are the filters of a command that has none.
func filterWants(o EncodeOptions) []want {
	return []want{{names: filterNames, encoder: "libvpx", choose: func(given func(...string) bool) []string {
		var filters []string
		if !given(rateNames...) {
			filters = append(filters, pickFilter(o.VideoFPS, wallClock))
		}
		if !given(sizeNames...) {
			filters = append(filters, fitFilter(o))
		}
		if filters == nil {
			return nil
		}
		return []string{"-vf", strings.Join(filters, ",")}
	}}}
}
