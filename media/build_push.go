package media

import "strconv"

// args are the arguments of the ffmpeg that publishes. It gets raw media in Matroska on stdin, at the pace of the clock, and encodes at once:
// what is read ahead would be heard and seen late. docs/RTMP.md says why the values are what they are.
func (t PushTarget) args(o EncodeOptions) []string {
	rate := kbps(o.VideoBitrateKbps)
	args := []string{
		"-nostdin", "-hide_banner", "-loglevel", "error",
		// What has been published is reported there, four times a second.
		"-progress", "pipe:1", "-stats_period", "0.25",
		"-protocol_whitelist", "pipe", "-probesize", "32",
		"-f", "matroska", "-i", "pipe:0",
		"-map", "0:v", "-map", "0:a",
		"-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
		"-b:v", rate, "-maxrate", rate, "-bufsize", kbps(2 * o.VideoBitrateKbps),
		// A key frame every 2 s, whatever the rate of the pictures is. They keep their times: in FLV they do by default.
		"-g", strconv.Itoa(2 * o.VideoFPS), "-sc_threshold", "0",
		"-force_key_frames", keyFrames,
		"-c:a", "aac", "-b:a", kbps(o.AudioBitrateKbps), "-ar", "48000", "-ac", strconv.Itoa(o.AudioChannels),
		"-f", "flv", "-flvflags", "no_duration_filesize", "-flush_packets", "1",
		// A server that takes nothing any more is to be noticed: by default the system would keep minutes of a still picture for it.
		"-rw_timeout", "10000000", "-send_buffer_size", strconv.Itoa(max(32<<10, (o.VideoBitrateKbps+o.AudioBitrateKbps)*1000/8)),
	}
	if t.tls {
		args = append(args, tlsFlags(findCAFile())...)
	}
	return append(args, t.url)
}
