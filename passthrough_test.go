package gotgcall_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/demux"
)

func TestAnOpusFileArrivesByteForByteWithoutFFmpeg(t *testing.T) {
	if !apart(t) {
		return
	}
	var log lockedBuffer
	s := newStudio(t, gotgcall.WithoutFFmpeg(), gotgcall.WithFFmpegPath("none"), gotgcall.WithDebugLogs(), gotgcall.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.ogg")))
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("testdata/song.ogg")
	must(t, err)
	want := packets(t, demux.NewOgg(bytes.NewReader(file)))
	var ogg bytes.Buffer
	must(t, ep.WriteOgg(&ogg))
	got := packets(t, demux.NewOgg(&ogg))
	if len(got) != len(want) {
		t.Fatalf("%d packets arrived of %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i].Data, want[i].Data) || got[i].PTS != want[i].PTS-want[0].PTS+got[0].PTS {
			t.Fatalf("packet %d arrived as another one, or at another time", i)
		}
	}
	if !strings.Contains(log.String(), "the source is sent as it is") {
		t.Error("the log does not tell that the source is sent as it is")
	}
	is(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")), gotgcall.ErrFFmpegSpawn)
	is(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughRequired}),
		gotgcall.ErrPassthrough)
}

func TestAnOpusFileIsSoughtInWithoutFFmpeg(t *testing.T) {
	s := newStudio(t, gotgcall.WithoutFFmpeg(), gotgcall.WithFFmpegPath("none"))
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.ogg")))
	must(t, s.client.SeekBy(1, 4000))
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	position, err := s.client.Time(1)
	must(t, err)
	if at := time.Duration(position) * time.Millisecond; (at - 5*time.Second).Abs() > 40*time.Millisecond {
		t.Errorf("the position at the end is %v of 5 s", at)
	}
	if n := ep.Stats(ep.AudioSSRC()).Packets; n < 50 || n > 150 {
		t.Errorf("%d packets of the last second arrived", n)
	}
}

// packets reads all frames.
func packets(t *testing.T, d demux.Demuxer) (list []demux.Frame) {
	t.Helper()
	for {
		f, err := d.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		must(t, err)
		list = append(list, f)
	}
}
