package media

import (
	"slices"
	"strings"
	"testing"

	"gotgcall/models"
)

// completions are commands whose completed form is a golden file: each line one argument, the program first.
var completions = map[string]struct {
	line    string
	track   Track
	options EncodeOptions
}{
	"shell_partial":         {line: "ffmpeg -i thing.mp3", track: TrackAudio},
	"shell_trailing":        {line: "ffmpeg -y -i thing.mp3 -af volume=0.5 -b:a 96k", track: TrackAudio},
	"shell_options":         {line: "ffmpeg -i thing.mp3", track: TrackAudio, options: EncodeOptions{AudioBitrateKbps: 64, AudioChannels: 1}},
	"shell_dash":            {line: "ffmpeg -i thing.mp3 -", track: TrackAudio},
	"shell_dev_stdout":      {line: "ffmpeg -i thing.mp3 -c:a libopus /dev/stdout", track: TrackAudio},
	"shell_dashdash":        {line: "ffmpeg -i thing.mp3 -- pipe:1", track: TrackAudio},
	"shell_path":            {line: "/opt/ff/bin/ffmpeg -i thing.mp3 pipe:", track: TrackAudio},
	"shell_exe":             {line: "FFmpeg.exe -i thing.mp3", track: TrackAudio},
	"shell_copy":            {line: "ffmpeg -i thing.webm -c copy -f ogg pipe:1", track: TrackAudio},
	"shell_two_inputs":      {line: "ffmpeg -ss 5 -i a.mp3 -i b.mp3 -filter_complex '[0][1] amix' pipe:1", track: TrackAudio},
	"shell_probe_given":     {line: "ffmpeg -probesize 5M -i thing.mp3", track: TrackAudio},
	"shell_hls":             {line: "ffmpeg -i 'https://example.com/live.M3U8?key=a/b' pipe:1", track: TrackAudio},
	"shell_mpegts":          {line: "ffmpeg -f mpegts -i thing", track: TrackAudio},
	"shell_live":            {line: "ffmpeg -i rtmp://example.com/app/x", track: TrackAudio},
	"shell_graph_only":      {line: "ffmpeg -filter_complex sine=d=1", track: TrackAudio},
	"shell_recording":       {line: "ffmpeg -i thing.mp3 -f ogg pipe:1 -c:a aac -y copy.m4a", track: TrackAudio},
	"shell_video":           {line: "ffmpeg -i film.mp4", track: TrackVideo},
	"shell_video_own":       {line: "ffmpeg -i film.mp4 -vcodec libvpx -vb 300k -g 60 -quality good -speed 4 -f ivf -", track: TrackVideo},
	"shell_video_copy":      {line: "ffmpeg -i film.webm -c copy", track: TrackVideo, options: EncodeOptions{VideoBitrateKbps: 500}},
	"shell_video_other":     {line: "ffmpeg -i film.mp4 -c:v vp8_vaapi", track: TrackVideo, options: EncodeOptions{VideoBitrateKbps: 500}},
	"shell_rotation":        {line: "ffmpeg -autorotate 0 -noautoscale -i film.mp4 -autoscale -y", track: TrackAudio},
	"shell_codec":           {line: "ffmpeg -i thing.mp3 -codec:v copy -codec:a:0 libopus -codec:s copy", track: TrackAudio},
	"shell_complete":        {line: full, track: TrackAudio},
	"shell_other_program":   {line: "player --out - -i thing.mp3", track: TrackAudio},
	"shell_quiet":           {line: "ffmpeg -v quiet -stdin -nohide_banner -i thing.mp3", track: TrackAudio},
	"shell_ambiguous_b":     {line: "ffmpeg -i thing.mp3 -b 64k -acodec libopus -channel_layout mono", track: TrackAudio},
	"shell_native_opus":     {line: "ffmpeg -i thing.mp3 -strict -2 -c:a opus", track: TrackAudio},
	"shell_video_size":      {line: "ffmpeg -i film.mp4 -s 640x360", track: TrackVideo},
	"shell_video_rate":      {line: "ffmpeg -i film.mp4 -r 15 -b:v 200k -pix_fmt yuv420p", track: TrackVideo, options: EncodeOptions{VideoWidth: 640, VideoHeight: 360}},
	"shell_video_filter":    {line: "ffmpeg -i film.mp4 -filter:v negate -f ivf -", track: TrackVideo},
	"shell_video_graph":     {line: "ffmpeg -filter_complex testsrc2 -f ivf -", track: TrackVideo},
	"shell_video_both":      {line: "ffmpeg -i film.mp4 -s 640x360 -r 15", track: TrackVideo},
	"shell_video_in_a_song": {line: "ffmpeg -i film.mp4 -c:v libx264 -f:v x -r:v 5", track: TrackAudio},
}

// full is a command that lacks nothing.
const full = "ffmpeg -nostdin -hide_banner -loglevel warning -analyzeduration 1M -probesize 1M -i a.mp3 -vn -sn -dn -map_metadata 0 -map_chapters 0" +
	" -codec:a libopus -b:a 32k -ar 24000 -ac 1 -frame_duration 60 -f opus -page_duration 60000 -flush_packets 0 pipe:1"

func TestCompletedCommandsAreGolden(t *testing.T) {
	for name, c := range completions {
		t.Run(name, func(t *testing.T) {
			got, err := shellCommand(c.line, c.track, c.options)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, append([]string{"program: " + got.Name}, got.Args...))
			if !got.Inherit {
				t.Error("the desktop's environment is kept from it")
			}
		})
	}
}

func TestAWholeCommandStaysAsItIs(t *testing.T) {
	words, err := split(full)
	if err != nil {
		t.Fatal(err)
	}
	got, err := completeFFmpeg(words[1:], TrackAudio, defaults)
	if err != nil || !slices.Equal(got, words[1:]) {
		t.Errorf("became %q, %v", got, err)
	}
}

func TestCommandsThatCannotBePlayedAreRefused(t *testing.T) {
	const right = "-c:a libopus -f ogg"
	for line, parts := range map[string][]string{
		"":                                            {"empty"},
		"   \n":                                       {"empty"},
		"'' -i":                                       {"first word"},
		"ffmpeg -i a.mp3 -c:a pcm_s16le pipe:1":       {"pcm_s16le", "raw", right},
		"ffmpeg -i a.mp3 -acodec pcm_f32le -":         {"pcm_f32le", "raw", right},
		"ffmpeg -i a.mp3 -c pcm_s16be":                {"pcm_s16be", right},
		"ffmpeg -i a.mp3 -f s16le pipe:1":             {"s16le", "raw", right},
		"ffmpeg -i a.mp3 -f f32be pipe:1":             {"f32be", "raw", right},
		"ffmpeg -i a.mp3 -f u8":                       {"u8", "raw", right},
		"ffmpeg -i a.mp3 -f wav -":                    {"wav", "raw", right},
		"ffmpeg -i a.mp3 -c:a aac":                    {"aac", "cannot be sent", right},
		"ffmpeg -i a.mp3 -f webm -":                   {"webm", "cannot be read", right},
		"ffmpeg -i a.mp3 out.ogg":                     {"out.ogg", "stdout", "pipe:1"},
		"ffmpeg -i a.mp3 pipe:2":                      {"pipe:2", "stdout"},
		"ffmpeg -i a.mp3 pipe:1 -":                    {"two outputs"},
		"ffmpeg -i a.mp3 -b:a":                        {"-b:a", "no value"},
		"ffmpeg -i":                                   {"-i", "no value"},
		"ffmpeg -i x --":                              {"--", "no value"},
		"ffmpeg":                                      {"no input"},
		"ffmpeg a.mp3 -f ogg pipe:1":                  {"no input"},
		"ffmpeg -i a.mp3 -ac 6":                       {"-ac 6", "1 or 2"},
		"ffmpeg -i a.mp3 'unclosed":                   {"single quote"},
		"yt-dlp -o - x | ffmpeg -i -":                 {`"|"`, "sh -c"},
		"ffmpeg -i a -f flv rtmp://example.com/app/K": {"rtmp://example.com/app/***"},
	} {
		t.Run(line, func(t *testing.T) {
			r := counting(t)
			_, err := FromShell(line, TrackAudio).Open(WithRunner(t.Context(), r.Runner))
			mustBe(t, err, models.ErrInvalidParams, append(parts, "FromShell")...)
			r.expectNone()
		})
	}
}

func TestVideoCommandsThatCannotBePlayedAreRefused(t *testing.T) {
	for line, part := range map[string]string{
		"ffmpeg -i a.mp4 -c:v libx264":    "libx264",
		"ffmpeg -i a.mp4 -c:v libvpx-vp9": "-c:v libvpx -f ivf",
		"ffmpeg -i a.mp4 -f rawvideo -":   "rawvideo",
	} {
		_, err := FromShell(line, TrackVideo).Open(t.Context())
		mustBe(t, err, models.ErrInvalidParams, part)
	}
}

func TestACommandHasOneTrack(t *testing.T) {
	for _, track := range []Track{0, TrackAudio | TrackVideo, 4} {
		s := FromShell("ffmpeg -i a.mp3", track)
		if s.Tracks() != track {
			t.Errorf("Tracks() is %v", s.Tracks())
		}
		_, err := s.Open(t.Context())
		mustBe(t, err, models.ErrInvalidParams, track.String(), "TrackAudio or TrackVideo")
	}
}

func TestOurFlagsTakeNoValueInFFmpeg(t *testing.T) {
	for name := range flags {
		if name == "autorotate" || name == "autoscale" {
			continue // it depends on the version
		}
		text := runFFmpeg(t, "-"+name)
		if strings.Contains(text, "Missing argument") {
			t.Errorf("-%s takes a value", name)
		}
	}
	for _, name := range []string{"map", "af", "t", "vsync", "metadata", "filter_complex", "isync", "readrate", "apad"} {
		if text := runFFmpeg(t, "-"+name); !strings.Contains(text, "Missing argument") {
			t.Errorf("-%s without a value: %s", name, text)
		}
	}
}

func FuzzCompleteFFmpeg(f *testing.F) {
	for _, c := range completions {
		f.Add(c.line, c.track == TrackVideo)
	}
	f.Add("ffmpeg -i a -- ", false)
	f.Add("ffmpeg - -i -i -:", true)
	f.Add("ffmpeg -filter_complex x -c: copy -f: ogg /dev/stdout -i y", false)
	f.Fuzz(func(t *testing.T, line string, video bool) {
		words, err := split(line)
		if err != nil || len(words) == 0 {
			return
		}
		track := TrackAudio
		if video {
			track = TrackVideo
		}
		once, err := completeFFmpeg(words[1:], track, defaults)
		if err != nil {
			return
		}
		twice, err := completeFFmpeg(once, track, defaults)
		if err != nil || !slices.Equal(once, twice) {
			t.Fatalf("%q became\n%q, then\n%q, %v", words, once, twice, err)
		}
		// What was given is still there, in its order.
		i := 0
		for _, w := range words[1:] {
			for i < len(once) && once[i] != w && !(w == "/dev/stdout" && once[i] == "pipe:1") {
				i++
			}
			if i++; i > len(once) {
				t.Fatalf("%q became %q, without %q", words, once, w)
			}
		}
	})
}
