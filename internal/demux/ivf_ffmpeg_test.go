package demux

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"

	"gotgcall/internal/demux/ivftest"
)

func TestIVFOfFFmpegHasItsTimes(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatalf("%v: make test installs it", err)
	}
	for _, c := range []struct {
		name, input, filter string
		frames              int
		num, den            int64 // seconds per frame
		first               int64 // PTS
	}{
		{"15 fps", "testsrc=s=64x48:r=15:d=4", "null", 60, 1, 15, 0},
		{"23.976 fps", "testsrc=s=64x48:r=24000/1001:d=4", "null", 96, 1001, 24000, 0},
		{"59.94 fps", "testsrc=s=64x48:r=60000/1001:d=2", "null", 120, 1001, 60000, 0},
		{"every third of 30 fps, the rate left to vary", "testsrc=s=64x48:r=30:d=4", "select=not(mod(n\\,3))", 40, 1, 10, 0},
		{"a late start", "testsrc=s=64x48:r=30:d=2", "setpts=PTS+1.5/TB", 60, 1, 30, 3 * vp8Rate / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), ffmpeg, "-nostdin", "-v", "error", "-f", "lavfi", "-i", c.input,
				"-vf", c.filter, "-vsync", "passthrough", "-c:v", "libvpx", "-deadline", "realtime", "-g", "30", "-f", "ivf", "-")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			data, err := cmd.Output()
			if err != nil {
				t.Fatalf("ffmpeg: %v: %s", err, &stderr)
			}
			frames, err := readIVF(t, bytes.NewReader(data))
			if err != io.EOF || len(frames) != c.frames {
				t.Fatalf("%d frames and %v, want %d and io.EOF", len(frames), err, c.frames)
			}
			for i, f := range frames {
				want := (int64(i)*c.num*2*vp8Rate + c.den) / (2 * c.den) // rounded
				if f.PTS != c.first+want {
					t.Fatalf("frame %d has PTS %d, want %d", i, f.PTS, c.first+want)
				}
			}
		})
	}
}

// BenchmarkIVF reads 30 frames per second at 800 kbit/s; one operation is one frame.
func BenchmarkIVF(b *testing.B) {
	data := ivftest.Stream{}.Bytes(ivftest.Frames(300, 1, 3300))
	r := bytes.NewReader(data)
	v := NewIVF(r)
	b.SetBytes(int64(len(data) / 300))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Next(); err != nil {
			r.Reset(data)
			v = NewIVF(r)
		}
	}
}
