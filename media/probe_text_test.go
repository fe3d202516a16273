package media

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What ffmpeg said stands in testdata/probe; the version is in the name. What is to be read from it stands beside it.
func TestWhatFFmpegSaysIsReadAsGolden(t *testing.T) {
	texts, err := filepath.Glob("testdata/probe/*.txt")
	if err != nil || len(texts) < 10 {
		t.Fatalf("%d texts, %v", len(texts), err)
	}
	for _, name := range texts {
		t.Run(filepath.Base(name), func(t *testing.T) {
			info, ok := parseInfo(string(readFile(t, name)))
			got, err := json.MarshalIndent(struct {
				OK   bool
				Info MediaInfo
			}{ok, info}, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			wanted := strings.TrimSuffix(name, ".txt") + ".json"
			if *update {
				writeFile(t, wanted, append(got, '\n'))
				return
			}
			if want := strings.TrimSpace(string(readFile(t, wanted))); string(got) != want {
				t.Errorf("%s differs (go test -update writes it anew):\n--- got\n%s\n--- want\n%s", wanted, got, want)
			}
		})
	}
}

func TestATextWithoutItsBeginningGivesWhatIsLeft(t *testing.T) {
	text := string(readFile(t, "testdata/probe/5.1-book.m4b.txt"))
	_, rest, _ := strings.Cut(text, "  Chapters:")
	info, ok := parseInfo(rest)
	if !ok || len(info.Streams) != 1 || info.Title != "" || info.Duration != 0 || info.Live || info.Container != "" {
		t.Errorf("%v, %+v", ok, info)
	}
}

func FuzzParseInfo(f *testing.F) {
	texts, err := filepath.Glob("testdata/probe/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range texts {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add("Duration: 999999:99:99.999999999,\nStream #0:0: Audio: x, 9999999 Hz, 99.99.99\nStream #0:1: Video: y, 99999x99999, 999999.999999k fps,")
	f.Add("Input #0, , from '\nStream #0:0[](): Video: ,, 0x0 tbr")
	f.Fuzz(func(t *testing.T, text string) {
		info, ok := parseInfo(text)
		if !ok && len(info.Streams) > 0 || info.Duration < 0 || info.Live && info.Duration > 0 {
			t.Errorf("%v, %+v", ok, info)
		}
		for _, s := range info.Streams {
			if s.Kind != TrackAudio && s.Kind != TrackVideo || s.Codec == "" || min(s.Width, s.Height, s.Channels, s.SampleRate) < 0 || s.FPS < 0 {
				t.Errorf("%+v", s)
			}
		}
		if strings.ContainsAny(info.Title+info.Artist, "\n") {
			t.Errorf("%q, %q", info.Title, info.Artist)
		}
	})
}
