package lipsync

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var clip = filepath.Join("..", "..", "testdata", "flashbeep.mp4")

// ffmpeg runs it and returns what it writes.
func ffmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatalf("%v: make test installs it", err)
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("ffmpeg: %v: %s", err, &stderr)
	}
	return out
}

const rate = 48000

// record returns the sound of a file.
func record(t *testing.T, name string) []int16 {
	t.Helper()
	out := ffmpeg(t, "-i", name, "-map", "0:a", "-af", "aresample=async=1:first_pts=0", "-f", "s16le", "-ac", "1", "-ar", "48000", "-")
	pcm := make([]int16, len(out)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(out[2*i:]))
	}
	return pcm
}

// watch returns the brightness of a file's frames.
func watch(t *testing.T, name string) []Luma {
	t.Helper()
	const stats = "scale=64:36:flags=area,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-"
	var list []Luma
	for line := range strings.Lines(string(ffmpeg(t, "-i", name, "-map", "0:v", "-vf", stats, "-f", "null", "-"))) {
		var frame, pts int
		var at, mean float64
		if n, _ := fmt.Sscanf(line, "frame:%d pts:%d pts_time:%g", &frame, &pts, &at); n == 3 {
			list = append(list, Luma{At: time.Duration(at * float64(time.Second))})
		} else if n, _ := fmt.Sscanf(line, "lavfi.signalstats.YAVG=%g", &mean); n == 1 {
			list[len(list)-1].Mean = mean
		}
	}
	return list
}

// quiet checks that nothing is seen or heard in the first half of a second.
func quiet(t *testing.T, picture []Luma, sound []int16) {
	t.Helper()
	for _, f := range picture {
		if f.At < 500*ms && f.Mean > 50 {
			t.Errorf("brightness %v at %v", f.Mean, f.At)
		}
	}
	if loudest := slices.Max(sound[:rate/2]); loudest > 100 {
		t.Errorf("the sound begins with an amplitude of %d", loudest)
	}
}

// checkClip checks that flashes and beeps come at every full second and nowhere else; late is how much later a flash may be. Times count from
// the beginning of what the clip shows: some containers put the encoder's delay before it.
func checkClip(t *testing.T, name string, want int, late time.Duration) {
	t.Helper()
	picture, sound := watch(t, name), record(t, name)
	quiet(t, picture, sound)
	flashes, beeps := Flashes(picture), Beeps(sound, rate)
	if len(flashes) != want || len(beeps) != want {
		t.Fatalf("flashes at %v, beeps at %v, want %d of each", flashes, beeps, want)
	}
	begin := flashes[0] - time.Second
	if begin < -ms || begin > late+30*ms {
		t.Errorf("the first flash comes at %v", flashes[0])
	}
	for i := range want {
		if off := flashes[i] - begin - time.Duration(i+1)*time.Second; off.Abs() > late+ms {
			t.Errorf("flash %d comes at %v, the first at %v", i+1, flashes[i], flashes[0])
		}
		if off := flashes[i] - beeps[i]; off < -3*ms || off > late+3*ms {
			t.Errorf("flash %d comes at %v, its beep at %v", i+1, flashes[i], beeps[i])
		}
	}
}

func TestTheClipInTestdataFlashesAndBeepsEverySecond(t *testing.T) {
	checkClip(t, clip, 9, 0)
	if info, err := os.Stat(clip); err != nil || info.Size() > 150_000 {
		t.Errorf("%v, %v: expected at most 150,000 bytes", info, err)
	}
}

func TestFlashesAndBeepsAreFoundBehindTheCodecsOfACall(t *testing.T) {
	picture, sound := filepath.Join(t.TempDir(), "picture.ivf"), filepath.Join(t.TempDir(), "sound.ogg")
	ffmpeg(t, "-i", clip, "-map", "0:v", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "16", "-b:v", "200k", picture,
		"-map", "0:a", "-c:a", "libopus", "-b:a", "32k", sound)
	pairs, alone := Match(Flashes(watch(t, picture)), Beeps(record(t, sound), rate))
	if smallest, largest := Spread(pairs); len(pairs) != 9 || alone != 0 || smallest < -5*ms || largest > 5*ms {
		t.Errorf("%d pairs, %d alone, from %v to %v: %v", len(pairs), alone, smallest, largest, pairs)
	}
	if off := pairs[0].Flash - time.Second; off.Abs() > ms {
		t.Errorf("the first flash comes at %v", pairs[0].Flash)
	}
}

func TestAPictureThatIsLateIsSeen(t *testing.T) {
	out := filepath.Join(t.TempDir(), "late.mkv")
	ffmpeg(t, "-i", clip, "-vf", "tpad=start=4", "-c:v", "mpeg4", "-c:a", "copy", out)
	pairs, alone := Match(Flashes(watch(t, out)), Beeps(record(t, out), rate))
	want := 4 * time.Second / 30
	if smallest, largest := Spread(pairs); len(pairs) != 9 || alone != 0 || smallest < want-5*ms || largest > want+5*ms {
		t.Errorf("%d pairs, %d alone, from %v to %v, want %v", len(pairs), alone, smallest, largest, want)
	}
}
