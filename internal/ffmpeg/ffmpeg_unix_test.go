//go:build unix

package ffmpeg

import (
	"os/exec"
	"strings"
	"testing"
)

func TestTheRealFFmpegIsUnderstood(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatalf("this test needs ffmpeg in PATH; make test installs it: %v", err)
	}
	r := testRunner(t, func(c *Config, _ *limits) { c.Path = "" })
	song := writeFile(t, "song.mp3", "this is not a song", 0o644)
	p := startCommand(t, r, Command{Args: []string{"-v", "error", "-i", song, "-f", "ogg", "pipe:1"}})
	_, err := readAll(t, p.Output(0))
	exit := wantCrash(t, err)
	if !strings.Contains(err.Error(), "ffmpeg exited with code ") || !strings.Contains(err.Error(), "Invalid") || exit.Code < 1 {
		t.Errorf("error %q, code %d", err, exit.Code)
	}

	p = startCommand(t, r, Command{Outputs: 2, Args: []string{"-v", "error", "-f", "lavfi", "-i", "sine=duration=1", "-f", "lavfi", "-i", "testsrc=duration=1",
		"-map", "0", "-f", "wav", "pipe:1", "-map", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-s", "16x16", "pipe:3"}})
	audio, err := readAll(t, p.Output(0))
	if err != nil || len(audio) < 88_200 {
		t.Errorf("%d bytes of sound, %v", len(audio), err)
	}
	video, err := readAll(t, p.Output(1))
	if err != nil || len(video) != 25*16*16 {
		t.Errorf("%d bytes of pictures, %v", len(video), err)
	}
}
