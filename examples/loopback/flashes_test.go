package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gotgcall/internal/lipsync"
)

var clip = filepath.Join("..", "..", "testdata", "flashbeep.mp4")

func TestTheBrightnessIsFoundInWhatFFmpegPrints(t *testing.T) {
	const said = "lavfi.signalstats.YAVG=3\nframe:0    pts:0       pts_time:0\nlavfi.signalstats.YAVG=16\n" +
		"frame:1    pts:3000    pts_time:0.0333333\nlavfi.signalstats.YAVG=235.5\nframe:2 pts:x\n"
	got := parseBrightness(said)
	want := []lipsync.Luma{{At: 0, Mean: 16}, {At: 33333300 * time.Nanosecond, Mean: 235.5}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func FuzzParseBrightness(f *testing.F) {
	f.Add("frame:0    pts:0       pts_time:0\nlavfi.signalstats.YAVG=16\n")
	f.Add("lavfi.signalstats.YAVG=nan\nframe:9 pts:9 pts_time:1e300\n")
	f.Fuzz(func(_ *testing.T, said string) { parseBrightness(said) })
}

func TestFlashesAreComparedWithTheFilms(t *testing.T) {
	seconds := func(off time.Duration, n int) (list []time.Duration) {
		for i := range n {
			list = append(list, time.Duration(i+1)*time.Second+off)
		}
		return list
	}
	film := flashTimes{seconds(20*ms, 5), seconds(0, 5)}
	got := compareFlashes(film, flashTimes{append(seconds(70*ms, 3), seconds(10*ms, 4)[3]), seconds(0, 5)})
	want := flashReport{
		Pairs: 4, Alone: 1, First: millis(70 * ms), Last: millis(10 * ms), Min: millis(10 * ms), Max: millis(70 * ms),
		SourceMin: millis(20 * ms), SourceMax: millis(20 * ms),
	}
	if *got != want || got.beyond() != millis(50*ms) {
		t.Errorf("got %+v with %v beyond, want %+v with 50 ms", *got, got.beyond(), want)
	}
	if got := compareFlashes(film, film).beyond(); got != 0 {
		t.Errorf("the film differs from itself by %v", got)
	}
	if got := compareFlashes(film, flashTimes{nil, seconds(0, 2)}); got.Pairs != 0 || got.Alone != 2 || got.Note == "" {
		t.Errorf("without flashes: %+v", *got)
	}
}

func TestTheClipIsToldFromSongs(t *testing.T) {
	for name, want := range map[string]bool{clip: true, makeSong(t, 4): false, "": false, "https://example.org/flashbeep.mp4": false, "none.mp4": false} {
		if got := isFlashAndBeep(t.Context(), name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestAFilmIsPlayedAndMeasured(t *testing.T) {
	makeSong(t, 1) // for what it says when there is no ffmpeg
	dir := t.TempDir()
	var out, steps bytes.Buffer
	args := []string{"-film", "-json", "-seconds", "4", "-o", filepath.Join(dir, "got.ogg"), clip}
	if code := demo(t.Context(), args, &out, &steps); code != exitGood {
		t.Fatalf("exit code %d\n%s\n%s", code, out.String(), steps.String())
	}
	var got struct {
		Violations []string `json:"violations"`
		Picture    struct {
			Packets struct{ Received, Lost int }
			Frames  struct{ Sent, Complete int }
			Reports struct{ Count int } `json:"after_sound_by_sender_reports"`
			File    string
			Flashes *struct {
				Pairs int
				Note  string
				Film  float64 `json:"film_max_ms"`
			} `json:"flash_after_beep"`
		}
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	p := got.Picture
	if len(got.Violations) > 0 || p.Packets.Received == 0 || p.Frames.Complete == 0 || p.Frames.Sent-p.Frames.Complete > 1 || p.Reports.Count == 0 {
		t.Errorf("not what a film gives: %+v", got)
	}
	if p.Flashes == nil || p.Flashes.Film > 5 {
		t.Errorf("flashes and beeps were not measured: %+v", p.Flashes)
	}
	if info, err := os.Stat(p.File); err != nil || info.Size() < 100 || p.File != filepath.Join(dir, "got.ivf") {
		t.Errorf("the picture's file is %q, %v", p.File, err)
	}
}
