package media

import (
	"bytes"
	"strings"
	"testing"
)

// said is what ffmpeg says of an input, from its name to its duration.
func said(container, metadata, duration string) string {
	return "[info] Input #0, " + container + ", from 'http://radio.test/':\n[info]   Metadata:\n" + metadata + "[info]   Duration: " + duration + ", bitrate: N/A\n"
}

func TestWhatASourceIsIsReadFromWhatFFmpegSays(t *testing.T) {
	const icy = "[info]     icy-name        : A Station\n"
	for name, tt := range map[string]struct {
		text string
		want Nature
	}{
		"a song":                       {said("mp3", "", "00:00:20.04, start: 0.025057"), Finite},
		"a song without a length":      {said("mp3", "[info]     title           : icy-name\n", "N/A, start: 0.025057"), Endless},
		"a station":                    {said("mp3", icy, "N/A, start: 0.025057"), Station},
		"a station of Ogg":             {said("ogg", icy, "N/A, start: 1.0"), Station},
		"a podcast of a station":       {said("mp3", icy, "00:30:00.00"), Finite},
		"live HLS":                     {said("hls", "", "N/A, start: 8821.404000"), LivePlaylist},
		"HLS of an older ffmpeg":       {said("hls,applehttp", "", "N/A"), LivePlaylist},
		"HLS with an end":              {said("hls", "", "00:00:24.00"), Finite},
		"a transport stream":           {said("mpegts", "", "N/A"), Endless},
		"a picture":                    {said("png_pipe", "", "N/A"), Finite},
		"its output has no duration":   {"[info] Output #0, ogg, to 'pipe:1':\n" + icy + "[info]   Duration: N/A\n", Unknown},
		"an error that looks the same": {"[error] Input #0, mp3, from 'x':\n[error]   Duration: N/A\n", Unknown},
		"nothing":                      {"", Unknown},
		"the first one counts":         {said("mp3", "", "00:00:01.00") + said("mp3", icy, "N/A"), Finite},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLiveness()
			b := newBanner(bannerLevel, l, nil)
			for line := range strings.Lines(tt.text) {
				b.take([]byte(strings.TrimSuffix(line, "\n")))
			}
			if got := l.Nature(); got != tt.want {
				t.Errorf("it is %d, expected %d", got, tt.want)
			}
		})
	}
}

func TestOfWhatFFmpegSaysOnlyErrorsAreKeptAsTheyWouldBeWithoutTheRest(t *testing.T) {
	text := said("mp3", "[info]     comment         : one\ntwo\n", "N/A") + "[mp3 @ 0x5581] [warning] invalid\n" +
		"[http @ 0x556e3f5d9300] [error] Stream ends prematurely at 160000\n[error] http://radio.test/: Input/output error\nof two lines\n" +
		"[hls @ 0x1] [http @ 0x2] [fatal] no\n[info] done\n[mp3 @ 0x1] [panic]\n[error] [not a level] x\n"
	want := "[http @ 0x556e3f5d9300] Stream ends prematurely at 160000\nhttp://radio.test/: Input/output error\nof two lines\n" +
		"[hls @ 0x1] [http @ 0x2] no\n[mp3 @ 0x1] \n[not a level] x\n"
	b := newBanner([]string{"-i", "x", bannerLevel[0], bannerLevel[1]}, NewLiveness(), nil)
	got := ""
	for line := range strings.Lines(text) {
		if kept := b.take([]byte(strings.TrimSuffix(line, "\n"))); kept != nil {
			got += string(kept) + "\n"
		}
	}
	if got != want {
		t.Errorf("kept is\n%s\nexpected\n%s", got, want)
	}
	if newBanner([]string{"-loglevel", "error"}, NewLiveness(), nil) != nil {
		t.Error("a command that says nothing is listened to")
	}
}

func TestAPlaylistIsLostUntilItIsReadAgain(t *testing.T) {
	l := NewLiveness()
	b := newBanner(bannerLevel, l, nil)
	for _, step := range []struct {
		line string
		want bool
	}{
		{"[http @ 0x1] [info] Opening 'http://radio.test/1.ts' for reading", false},
		{"[hls @ 0x1] [warning] Failed to reload playlist 0", true},
		{"[hls @ 0x1] [warning] another", true},
		{"[http @ 0x1] [info] Opening 'http://radio.test/2.ts' for reading", false},
		{"[hls @ 0x1] [warning] Failed to reload playlist 12", true},
	} {
		b.take([]byte(step.line))
		if got := l.lost.Load(); got != step.want {
			t.Errorf("after %q it is lost: %v", step.line, got)
		}
	}
}

func FuzzBanner(f *testing.F) {
	f.Add([]byte(said("mp3", "[info]     icy-br : 128\n", "N/A")))
	f.Add([]byte("[http @ 0x556e] [error] Stream ends\n[error] 12.000000\n[a @ 0x1] [b @ 0x2] [fatal]\n\n[info]\nx"))
	f.Add([]byte("[hls @ 0x1] [warning] Failed to reload playlist 0\n[info] Opening '\n[ @ ] [warning] [error] x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		next := func(line []byte) []byte { return line }
		b := newBanner(bannerLevel, NewLiveness(), next)
		for line := range bytes.Lines(text) {
			if kept := b.take(line); kept != nil && (!b.errs || len(kept) > len(line)) {
				t.Errorf("%q became %q", line, kept)
			}
		}
	})
}
