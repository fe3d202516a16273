package gotgcall_test

import (
	"testing"
	"time"

	"gotgcall"
)

func TestThePositionIsMediaTimeWhateverTheSpeed(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), gotgcall.EncodeOptions{Start: 10 * time.Second, End: 14 * time.Second, Speed: 2}))
	at, err := s.client.Time(1)
	must(t, err)
	if at < 10_000 || at > 12_000 {
		t.Errorf("it begins at %d ms", at)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	if at, err = s.client.Time(1); err != nil || at < 13_900 || at > 14_100 {
		t.Errorf("it ends at %d ms, %v", at, err)
	}
	stats, err := s.client.Stats(1)
	must(t, err)
	if n := stats.Audio.Frames; n < 95 || n > 105 {
		t.Errorf("%d frames of 20 ms were sent of 4 s at twice the speed", n)
	}
}
