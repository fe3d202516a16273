package media

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// command is one run of our own ffmpeg: what it reads, from where, and how it encodes.
type command struct {
	input   input
	options EncodeOptions // complete
	offset  time.Duration // where to begin
	shape   shape         // which legs it writes: sound on pipe:1, the picture on pipe:3, or on pipe:1 when it is alone
	clock   string        // an expression for the wall time
	raw     bool          // not encoded
	copies  bool          // the sound is Opus, and nothing is to be done to it
	newer   bool          // the ffmpeg is 9 or newer: -vsync, which all before it have, is gone, and -fps_mode has its place
}

// args is the argument list of every ffmpeg that this package composes itself. It is a pure function.
func (c command) args() []string {
	args := c.classic()
	if i := slices.Index(args, "-vsync"); c.newer && i >= 0 {
		args[i] = "-fps_mode"
	}
	return args
}

// classic are the arguments for ffmpeg 4.4 to 8.
func (c command) classic() []string {
	args := []string{"-nostdin", "-hide_banner"}
	if c.input.class == classHTTP {
		args = append(args, bannerLevel...)
	} else {
		args = append(args, "-loglevel", "error")
	}
	args = append(args, "-filter_threads", "1")
	args = append(args, c.input.flags()...)
	if c.shape.picture == film {
		// Of the decoder: each thread more than that costs several pictures of memory and is hardly ever needed for real time.
		args = append(args, "-threads", "2")
	}
	if c.options.Loop != 0 {
		args = append(args, "-stream_loop", strconv.Itoa(c.options.Loop))
	}
	if c.offset > 0 && !c.discards() {
		if c.shape.picture == cover {
			// Or it would be cut off as well, because it stands at the very beginning.
			args = append(args, "-noaccurate_seek")
		}
		// Before -i: ffmpeg seeks in the file instead of decoding all that precedes.
		args = append(args, "-ss", seconds(c.offset))
	}
	args = append(args, "-i", c.input.target)
	switch {
	case c.shape.picture == cover:
		return append(args, c.coverOutputs()...)
	case c.shape.picture == noPicture:
		return append(args, c.soundOutput("pipe:1")...)
	case !c.shape.audio:
		return append(args, c.filmOutput("pipe:1")...)
	}
	args = append(args, c.soundOutput("pipe:1")...)
	return append(args, c.filmOutput("pipe:3")...)
}

// soundOutput writes the sound of the source. Where its times matter it is kept in step with them.
func (c command) soundOutput(pipe string) []string {
	from := []string{"-map", soundStream}
	if filters := c.soundFilters(c.raw || c.shape.picture == film); filters != "" {
		from = append(from, "-af", filters)
	}
	if c.raw {
		return rawSound(pipe, from...)
	}
	if c.copies {
		return oggOutput(pipe, from, "-c:a", "copy")
	}
	return audioOutput(c.options, pipe, from...)
}

// seconds writes a duration as ffmpeg reads it, to the microsecond.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%d.%06d", d/time.Second, d%time.Second/time.Microsecond)
}

// audioOutput encodes sound for a call. from says which, and what is done to it before.
func audioOutput(o EncodeOptions, pipe string, from ...string) []string {
	return oggOutput(pipe, from,
		"-c:a", "libopus", "-b:a", kbps(o.AudioBitrateKbps), "-ar", "48000", "-ac", strconv.Itoa(o.AudioChannels),
		"-application", "audio", "-frame_duration", "20",
		// Of 10. For five minutes of music the encoder takes a third less time than at the default, 10.
		"-compression_level", "5",
	)
}

// oggOutput writes sound as Ogg. from says which, codec how it is encoded.
func oggOutput(pipe string, from []string, codec ...string) []string {
	return slices.Concat(from, []string{
		"-vn", "-sn", "-dn",
		// Tags and chapters would come as a header of up to some hundred kilobytes that nobody reads.
		"-map_metadata", "-1", "-map_chapters", "-1",
	}, codec, []string{
		"-f", "ogg",
		// Every packet is written at once, on a page of its own.
		"-page_duration", "20000", "-flush_packets", "1",
		pipe,
	})
}

func kbps(n int) string { return strconv.Itoa(n) + "k" }
