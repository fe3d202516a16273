package media

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// listOf is a playlist as ffmpeg writes it, with n segments from first on.
func listOf(run, first, n int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"r%d_init.mp4\"\n", first, run)
	for i := range n {
		fmt.Fprintf(&b, "#EXTINF:1.040000,\nr%d_%d.m4s\n", run, first+i)
	}
	return []byte(b.String())
}

func take(t *testing.T, w *window, run, first, n int) bool {
	t.Helper()
	l, err := parseRun(listOf(run, first, n), run)
	if err != nil {
		t.Fatal(err)
	}
	return w.take(run, l)
}

func TestRunsFollowEachOtherWithADiscontinuityAndAHeaderOfTheirOwn(t *testing.T) {
	w := window{first: 100, breaks: 7}
	if !take(t, &w, 1, 0, 2) || take(t, &w, 1, 0, 2) || !take(t, &w, 1, 0, 3) || !take(t, &w, 2, 0, 1) {
		t.Error("new segments were not told from those that were there")
	}
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:1
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-DISCONTINUITY-SEQUENCE:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="r1_init.mp4"
#EXTINF:1.040000,
r1_0.m4s
#EXTINF:1.040000,
r1_1.m4s
#EXTINF:1.040000,
r1_2.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="r2_init.mp4"
#EXTINF:1.040000,
r2_0.m4s
`
	if got := string(w.render()); got != want {
		t.Errorf("got\n%s\nexpected\n%s", got, want)
	}
}

func TestWhatLeavesTheWindowIsCounted(t *testing.T) {
	w := window{first: 100, breaks: 7}
	take(t, &w, 1, 0, 3)
	take(t, &w, 2, 0, windowSize-3)
	if len(w.segments) != windowSize || w.first != 100 {
		t.Fatalf("%d segments from %d", len(w.segments), w.first)
	}
	take(t, &w, 2, 2, windowSize-2) // one that ffmpeg has dropped already is not missed
	if w.first != 103 || w.breaks != 8 || w.has(1) || !w.has(2) || len(w.segments) != windowSize {
		t.Errorf("%d segments from %d, %d breaks", len(w.segments), w.first, w.breaks)
	}
	w.clear()
	take(t, &w, 3, 0, 1)
	if w.first != 103+windowSize || w.breaks != 9 {
		t.Errorf("after it was emptied it begins at %d, after %d breaks", w.first, w.breaks)
	}
}

func TestTheTargetNeverBecomesShorter(t *testing.T) {
	w := window{}
	w.take(1, runList{segments: []segment{{1, "r1_0.m4s", 8.4}}})
	w.take(1, runList{first: 1, segments: []segment{{1, "r1_1.m4s", 1}}})
	if w.target != 8 {
		t.Errorf("got %d, expected 8", w.target)
	}
}

func TestOnlyWhatARunHasWrittenIsTaken(t *testing.T) {
	good := string(listOf(1, 5, 2))
	for what, text := range map[string]string{
		"nothing":                    "",
		"half a line":                good[:4],
		"another run's":              strings.ReplaceAll(good, "r1_", "r2_"),
		"a path":                     strings.ReplaceAll(good, "r1_5", "../r1_5"),
		"a segment without a length": strings.ReplaceAll(good, "#EXTINF", "#INF"),
		"a length that is none":      strings.ReplaceAll(good, "1.040000", "NaN"),
		"a negative sequence":        strings.ReplaceAll(good, "SEQUENCE:5", "SEQUENCE:-5"),
		"a sequence without end":     strings.ReplaceAll(good, "SEQUENCE:5", "SEQUENCE:99999999999999999999"),
	} {
		if l, err := parseRun([]byte(text), 1); !errors.Is(err, errPlaylist) {
			t.Errorf("%s: %+v, %v", what, l, err)
		}
	}
}

func TestNamesOfAStreamHaveOnePartAndAnEndingOfHLS(t *testing.T) {
	for name, want := range map[string]bool{
		"index.m3u8": true, "r1_0.m4s": true, "r1_init.mp4": true, "a1b2_part-3.mp4": true,
		"": false, "..": false, "../index.m3u8": false, "a/b.mp4": false, ".mp4": false, "index.m3u8.tmp": false, "db.sqlite": false,
		"x.mp4\n": false, "a b.mp4": false, "ä.mp4": false, `a\b.mp4`: false, "a.mp4\x00": false, strings.Repeat("a", 101) + ".mp4": false,
	} {
		if got := IsName(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func FuzzParseRun(f *testing.F) {
	f.Add(listOf(1, 0, 3))
	f.Add([]byte("#EXTM3U\n#EXTINF:1,\nr1_0.m4s\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseRun(text, 1)
		if err != nil {
			return
		}
		w := window{}
		w.take(1, l)
		if w.take(1, l) || len(w.segments) > windowSize {
			t.Errorf("%q: taken twice, or too many", text)
		}
		for _, s := range w.segments {
			if !IsName(s.name) || s.duration < 0 || s.duration > maxSegment {
				t.Errorf("%q: %+v", text, s)
			}
		}
		w.render()
	})
}
