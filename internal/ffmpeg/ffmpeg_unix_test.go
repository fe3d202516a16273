//go:build unix

package ffmpeg

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
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

func TestTheRealFFmpegReadsItsInputToTheEnd(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatalf("this test needs ffmpeg in PATH; make test installs it: %v", err)
	}
	r := testRunner(t, func(c *Config, _ *limits) { c.Path = "" })
	const picture, n = 1280 * 720 * 3 / 2, 3
	file := filepath.Join(t.TempDir(), "film.yuv")
	p := startCommand(t, r, Command{Input: true, PipeSize: 1 << 20, Args: []string{"-v", "error", "-progress", "pipe:1",
		"-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "1280x720", "-i", "pipe:0", "-f", "rawvideo", file}})
	progress := make(chan string, 1)
	go func() {
		data, err := io.ReadAll(p.Output(0))
		if err != nil {
			t.Errorf("progress ended with %v", err)
		}
		progress <- string(data)
	}()
	within(t, "Write", func() {
		for range n {
			if _, err := p.Input().Write(make([]byte, picture)); err != nil {
				t.Error(err)
			}
		}
	})
	if err := finish(t, p, guard); err != nil {
		t.Errorf("Finish: %v", err)
	}
	if text := <-progress; !strings.HasSuffix(text, "progress=end\n") {
		t.Errorf("progress %q", text)
	}
	if info, err := os.Stat(file); err != nil || info.Size() != n*picture {
		t.Errorf("the film: %v, %v, want %d bytes", info, err, n*picture)
	}

	p = startCommand(t, r, Command{Input: true, Args: []string{"-v", "error", "-f", "ogg", "-i", "pipe:0", "-f", "null", "-"}})
	var err error
	within(t, "Write", func() { _, err = p.Input().Write(make([]byte, 16<<20)) })
	if wantCrash(t, err); !strings.Contains(err.Error(), "Invalid") {
		t.Errorf("writing something that is no Ogg: %v", err)
	}
	p.Stop()
}
