package score

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// decode returns a recording as one channel at 48 kHz.
func decode(t *testing.T, input io.Reader, name string) []int16 {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatalf("%v: make test installs it", err)
	}
	cmd := exec.CommandContext(t.Context(), path, "-nostdin", "-v", "error", "-i", name, "-f", "s16le", "-ac", "1", "-ar", "48000", "-")
	cmd.Stdin = input
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("ffmpeg: %v: %s", err, &stderr)
	}
	pcm := make([]int16, len(out)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(out[2*i:]))
	}
	return pcm
}

func TestTheFilesInTestdataAreThePiece(t *testing.T) {
	for name, length := range map[string]time.Duration{
		"song.mp3":    20 * time.Second,
		"song.ogg":    5 * time.Second,
		"pages1s.ogg": 5 * time.Second,
	} {
		pcm := decode(t, nil, filepath.Join("..", "..", "testdata", name))
		if d := Diff(Notes(0, length), Detect(pcm, Rate), tolerance); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if extra := time.Duration(len(pcm))*time.Second/Rate - length; extra.Abs() > 60*time.Millisecond {
			t.Errorf("%s is %v longer than %v", name, extra, length)
		}
	}
}

func TestWriteWAVWritesWhatOthersRead(t *testing.T) {
	const samples = 3*Rate/2 + 7
	var wav bytes.Buffer
	if err := WriteWAV(&wav, samples); err != nil {
		t.Fatal(err)
	}
	if wav.Len() != wavHeader+samples*2*Channels {
		t.Errorf("%d bytes", wav.Len())
	}
	body := wav.Bytes()[wavHeader:]
	for i, v := range Samples(0, samples) {
		if got := int16(binary.LittleEndian.Uint16(body[2*i:])); got != v {
			t.Fatalf("value %d is %d, want %d", i, got, v)
		}
	}
	if pcm := decode(t, &wav, "pipe:0"); len(pcm) != samples {
		t.Errorf("ffmpeg reads %d samples, want %d", len(pcm), samples)
	}
}

// fullDisk fails after n bytes.
type fullDisk struct{ n int }

var errFull = errors.New("no space left")

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteWAVReportsAFailingWriter(t *testing.T) {
	for _, n := range []int{0, 100, wavHeader + Rate*4 + 1} {
		if err := WriteWAV(&fullDisk{n}, 3*Rate); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}
