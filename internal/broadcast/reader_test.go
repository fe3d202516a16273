package broadcast

import (
	"bytes"
	"io"
	"testing"

	"github.com/at-wat/ebml-go"
)

// readBlock is a block as a reader of the stream finds it.
type readBlock struct {
	track uint64
	at    uint64 // ms
	data  []byte
}

// parse reads a stream with another library's eyes.
func parse(t testing.TB, stream []byte) (head file, blocks []readBlock) {
	t.Helper()
	var f struct {
		EBML    ebmlHeader
		Segment struct {
			Info    info
			Tracks  tracks
			Cluster []struct {
				Timecode    uint64
				SimpleBlock []ebml.Block
			}
		}
	}
	if err := ebml.Unmarshal(bytes.NewReader(stream), &f); err != nil && err != io.EOF {
		t.Fatalf("the stream of %d bytes is no Matroska: %v", len(stream), err)
	}
	for _, c := range f.Segment.Cluster {
		for _, b := range c.SimpleBlock {
			if !b.Keyframe || len(b.Data) != 1 || int64(b.Timecode) < -int64(c.Timecode) {
				t.Fatalf("a block of track %d at %d: key %v, %d frames", b.TrackNumber, c.Timecode, b.Keyframe, len(b.Data))
			}
			blocks = append(blocks, readBlock{b.TrackNumber, uint64(int64(c.Timecode) + int64(b.Timecode)), b.Data[0]})
		}
	}
	return file{EBML: f.EBML, Segment: segment{f.Segment.Info, f.Segment.Tracks}}, blocks
}

// sound joins the samples of a stream, and checks that each block lies where those before it end.
func sound(t testing.TB, blocks []readBlock) []byte {
	t.Helper()
	var pcm []byte
	for _, b := range blocks {
		if b.track != uint64(audioTrack) {
			continue
		}
		if want := uint64(len(pcm)) / 4 * 1000 / 48000; b.at != want || len(b.data)%4 != 0 {
			t.Fatalf("%d bytes of sound at %d ms, want them at %d ms", len(b.data), b.at, want)
		}
		pcm = append(pcm, b.data...)
	}
	return pcm
}

// pictures returns the pictures of a stream, and checks that their times increase.
func pictures(t testing.TB, blocks []readBlock) (list []readBlock) {
	t.Helper()
	for _, b := range blocks {
		if b.track != uint64(videoTrack) {
			continue
		}
		if n := len(list); n > 0 && b.at <= list[n-1].at {
			t.Fatalf("a picture at %d ms after one at %d ms", b.at, list[n-1].at)
		}
		list = append(list, b)
	}
	return list
}
