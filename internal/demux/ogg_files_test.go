package demux

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// files were made by ffmpeg from 5 s of audio; testdata/make.sh says how.
var files = []struct {
	name  string
	frame int64
}{{"song.ogg", 960}, {"pages1s.ogg", 2880}}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOggFilesOfFFmpegHaveTheirDuration(t *testing.T) {
	for _, c := range files {
		data := readFile(t, c.name)
		for _, chained := range []int{1, 3} {
			frames, o, err := readAll(t, bytes.NewReader(bytes.Repeat(data, chained)))
			if err != io.EOF || o.Damage() != 0 {
				t.Errorf("%s: the end is %v, damage %d", c.name, err, o.Damage())
			}
			for i, f := range frames {
				if f.PTS != int64(i)*c.frame || f.Duration != c.frame {
					t.Fatalf("%s: frame %d has PTS %d and duration %d, want %d and %d", c.name, i, f.PTS, f.Duration, int64(i)*c.frame, c.frame)
				}
			}
			// The encoder's look-ahead of 312 ticks and the filling of the last frame come on top (RFC 7845 section 4.2).
			want := int64(chained) * 5 * opusRate
			if extra := end(frames) - want; extra < 0 || extra > int64(chained)*(c.frame+312) {
				t.Errorf("%s, %d times: the audio ends at %d, want %d and at most a frame each", c.name, chained, end(frames), want)
			}
		}
	}
}

func TestOggFileWithADamagedSecondKeepsItsDuration(t *testing.T) {
	data := readFile(t, "pages1s.ogg")
	whole, _, _ := readAll(t, bytes.NewReader(data))
	damaged := bytes.Clone(data)
	damaged[len(damaged)/2] ^= 4
	frames, o, err := readAll(t, bytes.NewReader(damaged))
	if err != io.EOF || o.Damage() == 0 {
		t.Errorf("the end is %v, damage %d", err, o.Damage())
	}
	if end(frames) != end(whole) {
		t.Errorf("the audio ends at %d, want %d", end(frames), end(whole))
	}
	if lost := time.Duration(len(whole)-len(frames)) * 60 * time.Millisecond; lost <= 0 || lost > 1100*time.Millisecond {
		t.Errorf("%v lost", lost)
	}
}
