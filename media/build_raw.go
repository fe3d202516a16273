package media

import (
	"fmt"
	"slices"
)

// rawPipe is the size in bytes of a pipe for raw pictures, of 1.4 MB each: the usual 64 KiB would cost some twenty switches between two
// processes for each of them.
const rawPipe = 1 << 20

// rawSound writes the sound as it is decoded. Gaps in the source are filled, as samples have no timestamps.
func rawSound(pipe string, from ...string) []string {
	return slices.Concat(from, []string{
		"-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-bitexact",
		"-c:a", "pcm_s16le", "-ar", "48000", "-ac", "2", "-f", "wav", pipe,
	})
}

// rawPicture writes pictures as they are decoded.
func rawPicture(pipe string, from ...string) []string {
	return slices.Concat(from, []string{
		"-an", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1",
		"-vsync", "passthrough", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", pipe, // the format has one codec
	})
}

// rawFilm is the filter of a film: the rate of the source if that is known and not above the highest one, the picture in the middle of the frame.
func rawFilm(o EncodeOptions) string {
	rate := "source_fps"
	if o.spedUp() {
		rate += "*" + number(o.Speed)
	}
	return fmt.Sprintf("fps=fps='if(gt(source_fps,0),min(%s,%d),%[2]d)':start_time=0,%s", rate, o.VideoFPS, rawFit(o))
}

// rawFit fits a picture into the frame and puts bars around it.
func rawFit(o EncodeOptions) string {
	return fmt.Sprintf("%s,pad=w=%d:h=%d:x=(ow-iw)/2:y=(oh-ih)/2,setsar=1", fitFilter(o), o.VideoWidth&^1, o.VideoHeight&^1)
}

// decodeSound and decodePicture decode a leg that comes in at stdin in the given format.
func decodeSound(format string) []string {
	return append(decodeInput(format), rawSound("pipe:1", "-map", soundStream, "-af", inStep)...)
}

func decodePicture(format string, o EncodeOptions) []string {
	o.Speed = 1 // what is encoded already has it
	return append(decodeInput(format), rawPicture("pipe:1", "-map", "0:v:0", "-vf", rawFilm(o))...)
}

// decodeInput read stdin without looking far ahead: the source may be live.
func decodeInput(format string) []string {
	return []string{"-nostdin", "-hide_banner", "-loglevel", "error", "-filter_threads", "1", "-protocol_whitelist", "pipe",
		"-probesize", "64k", "-analyzeduration", "0", "-threads", "1", "-f", format, "-i", "pipe:0"}
}
