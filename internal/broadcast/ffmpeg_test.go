package broadcast

import (
	"bytes"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// immediately are the options with which ffmpeg begins to play a stream at once, instead of reading megabytes to guess a rate.
var immediately = []string{"-probesize", "32"}

// command returns a command of ffmpeg's family that reads a stream from its standard input.
func command(t *testing.T, name string, args ...string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: make test installs it", err)
	}
	args = append(append([]string{"-v", "error"}, immediately...), append([]string{"-f", "matroska", "-i", "pipe:0"}, args...)...)
	cmd := exec.CommandContext(t.Context(), path, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	return cmd, &stderr
}

// read lets a command read a whole stream, and returns what it writes.
func read(t *testing.T, stream []byte, name string, args ...string) []byte {
	t.Helper()
	cmd, stderr := command(t, name, args...)
	cmd.Stdin = bytes.NewReader(stream)
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v: %s", name, err, stderr)
	}
	return out
}

// uneven makes a stream of sound with gaps and odd pieces, and of pictures that come, stand, and go.
func uneven(t *testing.T, c Config) []byte {
	t.Helper()
	var w memory
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer(c)
		begin := time.Now()
		m.Begin(&w, begin)
		place, frame, n := 0, 0, 0
		play(t, m, begin, 0, 6*time.Second, func(now time.Time) time.Time {
			at := now.Sub(begin)
			if at >= 4*time.Second {
				m.Black()
			}
			for ; time.Duration(place)*time.Second/48000 <= at; n++ {
				size := []int{960, 960, 333, 1000, 7, 2048}[n%6]
				if at < 2*time.Second || at > 3333*ms {
					m.Audio(begin.Add(time.Duration(place)*time.Second/48000), tone(place, size))
				}
				place += size
			}
			for ; time.Duration(frame)*time.Second*1001/30000 <= at && at < 4*time.Second; frame++ {
				if at < time.Second || at > 3*time.Second {
					m.Video(begin.Add(time.Duration(frame)*time.Second*1001/30000), gradient(c, frame))
				}
			}
			return now.Add(5 * ms)
		})
		<-m.End()
	})
	return w.buf.Bytes()
}

// gradient returns a picture that is unlike its neighbours in time, and the same nowhere.
func gradient(c Config, n int) []byte {
	b := make([]byte, c.size())
	for i := range b {
		b[i] = byte(i*7 + i/c.Width*3 + n*11)
	}
	return b
}

func TestFFmpegReadsExactlyWhatWasWritten(t *testing.T) {
	c := Config{Width: 322, Height: 178, FPS: 30}
	stream := uneven(t, c)
	_, blocks := parse(t, stream)
	pcm, list := sound(t, blocks), pictures(t, blocks)
	if n := len(pieces(samples(pcm))); n != 3 && n != 4 || len(list) < 100 {
		t.Fatalf("the stream to be read has %d pieces of sound and %d pictures", n, len(list))
	}
	if got := read(t, stream, "ffmpeg", "-map", "0:a", "-f", "s16le", "-"); !bytes.Equal(got, pcm) {
		t.Errorf("ffmpeg reads %d bytes of sound, want these %d", len(got), len(pcm))
	}
	var want []byte
	for _, p := range list {
		want = append(want, p.data...)
	}
	if got := read(t, stream, "ffmpeg", "-map", "0:v", "-vsync", "passthrough", "-f", "rawvideo", "-"); !bytes.Equal(got, want) {
		t.Errorf("ffmpeg reads %d bytes of pictures, want these %d", len(got), len(want))
	}
	kinds := string(read(t, stream, "ffprobe", "-of", "csv=p=0", "-show_entries",
		"stream=codec_name,pix_fmt,width,height,sample_fmt,sample_rate,channels"))
	if lines := strings.Fields(kinds); !slices.Equal(lines, []string{"pcm_s16le,s16,48000,2", "rawvideo,322,178,yuv420p"}) {
		t.Errorf("ffprobe finds %q", lines)
	}
	lines := strings.Fields(string(read(t, stream, "ffprobe", "-of", "csv=p=0", "-show_entries", "packet=stream_index,pts,size")))
	if len(lines) != len(blocks) {
		t.Fatalf("ffprobe finds %d packets, want %d", len(lines), len(blocks))
	}
	for i, b := range blocks {
		want := strconv.Itoa(int(b.track)-1) + "," + strconv.FormatUint(b.at, 10) + "," + strconv.Itoa(len(b.data))
		if strings.TrimRight(lines[i], ",") != want {
			t.Fatalf("packet %d is %q, want %q", i, lines[i], want)
		}
	}
}

func TestFFmpegBeginsWithTheFirstPicturesOfAStreamThatGoesOn(t *testing.T) {
	c := Config{Width: 320, Height: 180, FPS: 30}
	for _, kind := range [][]string{{"-map", "0:v", "-f", "rawvideo", "-"}, {"-map", "0:a", "-f", "s16le", "-"}} {
		cmd, stderr := command(t, "ffmpeg", append(kind, "-map", "0", "-f", "null", "-")...)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		m := NewMixer(c)
		begin := time.Now()
		m.Begin(in, begin)
		for i := range 2 {
			m.Video(begin.Add(time.Duration(i)*33*ms), colour(c, 1))
		}
		m.Fill(begin.Add(60 * ms)) // 40 ms of silence; there is no more, and yet:
		watch := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
		n, err := io.ReadFull(out, make([]byte, 1000))
		if err != nil {
			t.Errorf("%v: %d bytes and %v: %s", kind, n, err, stderr)
		}
		watch.Stop()
		<-m.End()
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil || m.Err() != nil {
			t.Errorf("%v: %v, %v: %s", kind, err, m.Err(), stderr)
		}
	}
}
