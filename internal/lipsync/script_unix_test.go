//go:build unix

package lipsync

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheScriptMakesClipsOfAnyLengthSizeAndRate(t *testing.T) {
	script, err := filepath.Abs(filepath.Join("..", "..", "testdata", "flashbeep.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, out string
		args      []string
		pixels    int
		interval  time.Duration // between frames
		late      time.Duration // the flash after its beep, at most
	}{
		{"3 s", "a:b.mp4", nil, 320 * 180, time.Second / 30, 0},
		{"higher than wide, 25 fps", "-tall.mkv", []string{"90x160", "25"}, 90 * 160, time.Second / 25, 0},
		{"29.97 fps", "ntsc.mp4", []string{"160x90", "30000/1001"}, 160 * 90, time.Second * 1001 / 30000, time.Second * 1001 / 30000},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), "sh", append([]string{script, "3", c.out}, c.args...)...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("%v: %s", err, out)
			}
			clip := filepath.Join(dir, c.out)
			checkClip(t, clip, 2, c.late)
			if n := len(ffmpeg(t, "-i", clip, "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-")); n != c.pixels {
				t.Errorf("%d pixels, want %d", n, c.pixels)
			}
			frames := watch(t, clip)
			last := len(frames) - 1
			if off := frames[last].At - frames[0].At - time.Duration(last)*c.interval; off.Abs() > 2*ms {
				t.Errorf("frame %d comes at %v, the first at %v, want %v between two", last, frames[last].At, frames[0].At, c.interval)
			}
		})
	}
	out, err := exec.CommandContext(t.Context(), "sh", script, "3").CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "flashbeep.sh SECONDS OUTPUT") {
		t.Errorf("without the name of a file to write: %v, %q", err, out)
	}
}
