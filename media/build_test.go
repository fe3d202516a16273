package media

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares arguments with a file that has one on each line.
func golden(t *testing.T, name string, args []string) {
	t.Helper()
	path := filepath.Join("testdata", "argv", name+".golden")
	got := strings.Join(args, "\n") + "\n"
	if *update {
		writeFile(t, path, []byte(got))
		return
	}
	if want := string(readFile(t, path)); got != want {
		t.Errorf("%s differs (go test -update writes it anew):\n--- got\n%s--- want\n%s", path, got, want)
	}
}

func TestArgumentsAreGolden(t *testing.T) {
	file := input{class: classFile, target: fileTarget("/music/a song.mp3")}
	remote := func(url string) input {
		in, _, err := checkURL(url)
		if err != nil {
			t.Fatal(err)
		}
		if in.tls {
			in.caFile = "/etc/ssl/certs/ca.pem"
		}
		return in
	}
	withoutCA := remote("https://example.com/song.mp3")
	withoutCA.caFile = ""
	cases := map[string]command{
		"file":          {input: file},
		"file_relative": {input: input{class: classFile, target: fileTarget("-x.mp3")}},
		"file_offset":   {input: file, offset: 61*time.Second + 20*time.Millisecond + 7*time.Microsecond},
		"file_mono_24k": {input: file, options: EncodeOptions{AudioBitrateKbps: 24, AudioChannels: 1}},
		"http":          {input: remote("http://example.com:8080/song.mp3?x=1#y")},
		"http_offset":   {input: remote("HTTP://example.com/song.mp3"), offset: time.Hour},
		"https":         {input: remote("https://example.com/song.mp3")},
		"https_no_ca":   {input: withoutCA},
		"rtmp":          {input: remote("rtmp://example.com/live/stream")},
		"rtmps":         {input: remote("rtmps://example.com/live/stream")},
		"rtsp":          {input: remote("rtsp://user:pass@192.0.2.1/camera")},
		"rtsps":         {input: remote("rtsps://example.com/camera")},
		"srt":           {input: remote("srt://[2001:db8::1]:9000?mode=caller")},
		"film":          {input: file, options: EncodeOptions{Tracks: TrackVideo}},
		"film_small": {input: file, offset: time.Second, options: EncodeOptions{Tracks: TrackVideo, VideoWidth: 321, VideoHeight: 241,
			VideoFPS: 12, VideoBitrateKbps: 150}},
		"film_live":         {input: remote("rtmp://example.com/live/stream"), options: EncodeOptions{Tracks: TrackVideo}},
		"film_silent":       {input: file, shape: shape{picture: film}},
		"film_sound":        {input: file, shape: shape{audio: true}},
		"cover":             {input: file, shape: shape{audio: true, picture: cover}},
		"cover_offset":      {input: file, shape: shape{audio: true, picture: cover}, offset: 5 * time.Second},
		"cover_alone":       {input: file, shape: shape{picture: cover}},
		"picture":           {input: fileInput("/pictures/%d.jpg"), shape: shape{picture: film}},
		"raw_song":          {input: file, raw: true},
		"raw_film":          {input: file, raw: true, options: EncodeOptions{Tracks: TrackVideo, VideoWidth: 641, VideoHeight: 480, VideoFPS: 25}},
		"raw_cover":         {input: file, raw: true, shape: shape{audio: true, picture: cover}},
		"raw_cover_alone":   {input: file, raw: true, shape: shape{picture: cover}},
		"http_128_explicit": {input: remote("http://example.com/"), options: EncodeOptions{AudioBitrateKbps: 128, AudioChannels: 2}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.options, c.clock = c.options.Complete(), wallClock
			if c.shape == (shape{}) {
				c.shape = shapeOf(c.options.Tracks)
			}
			golden(t, name, c.args())
		})
	}
}

func TestArgumentsOfDecodersAreGolden(t *testing.T) {
	golden(t, "decode_ogg", decodeSound("ogg"))
	golden(t, "decode_ivf", decodePicture("ivf", EncodeOptions{VideoWidth: 640, VideoHeight: 360}.Complete()))
}

func TestArgumentsOfABroadcastAreGolden(t *testing.T) {
	t.Setenv("SSL_CERT_FILE", "/etc/ssl/certs/ca.pem")
	for name, c := range map[string]struct {
		url     string
		options EncodeOptions
	}{
		"push":      {"rtmp://127.0.0.1:1935/live/key", EncodeOptions{}},
		"push_tls":  {"rtmps://user:pass@example.com/s/1234:abc?x=y", EncodeOptions{}},
		"push_mono": {"rtmp://example.com/live/key", EncodeOptions{VideoBitrateKbps: 2500, VideoFPS: 24, AudioChannels: 1, AudioBitrateKbps: 64}},
	} {
		target, err := ParsePushTarget(c.url)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, target.args(c.options.Complete()))
	}
}

func TestGoldenFilesAllHaveATest(t *testing.T) {
	files, err := os.ReadDir("testdata/argv")
	if err != nil {
		t.Fatal(err)
	}
	if want := 32 + len(completions) + len(withOptions); len(files) != want {
		t.Errorf("testdata/argv has %d files, the tests know %d", len(files), want)
	}
}

func TestBuildingArgumentsLeavesTheTablesAlone(t *testing.T) {
	before := slices.Clone(classFlags[classHTTP])
	for range 2 {
		in := input{class: classHTTP, tls: true, caFile: "/ca"}
		in.flags()[0] = "changed"
		if !slices.Equal(classFlags[classHTTP], before) {
			t.Fatalf("the table is now %q", classFlags[classHTTP])
		}
	}
}

func lines(b []byte) []string { return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") }

// expectPair fails the test unless option is followed by value.
func expectPair(t *testing.T, args []string, option, value string) {
	t.Helper()
	i := slices.Index(args, option)
	if i < 0 || i+1 >= len(args) || args[i+1] != value {
		t.Errorf("no %s %s in %q", option, value, args)
	}
}
