package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gotgcall"
)

func TestTheDurationIsFoundInWhatFFmpegSays(t *testing.T) {
	for said, want := range map[string]time.Duration{
		"Input #0, mp3, from 'x':\n  Metadata:\n    title : Duration: 09:09:09\n  Duration: 00:01:02.53, start: 0.025057, bitrate: 128 kb/s\n": 62530 * ms,
		"  Duration: 100:00:01, start: 0":  100*time.Hour + time.Second,
		"  Duration: N/A, bitrate: N/A\n":  0,
		"x: No such file or directory":     0,
		"":                                 0,
		"  Duration: 00:61:00.00, start: ": 0,
	} {
		if got := parseDuration(said); got != want {
			t.Errorf("%q: got %v, want %v", said, got, want)
		}
	}
}

func TestTheContentsAreFoundInWhatFFmpegSays(t *testing.T) {
	const sound = "  Stream #0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, mono\n"
	const picture = "    Stream #0:1: Video: h264 (High), yuv420p, 320x180\n"
	const length = "  Duration: 00:00:10.00, start: 0.000000\n"
	for said, want := range map[string]contents{
		length + sound + picture: {10 * time.Second, true, true},
		length + sound:           {10 * time.Second, true, false},
		picture:                  {0, false, true},
		"title : Stream #0:1: Video: no\nStream mapping:\n" + sound: {0, true, false},
		"x: No such file or directory":                              {0, true, false},
	} {
		if got := parseContents(said); got != want {
			t.Errorf("%q: got %+v, want %+v", said, got, want)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	f.Add("  Duration: 00:01:02.53, start: 0.025057")
	f.Add("  Duration: N/A")
	f.Add("Duration: 999999:59:59.99999999999999999999")
	f.Fuzz(func(t *testing.T, said string) {
		if d := parseDuration(said); d < 0 {
			t.Errorf("%v", d)
		}
	})
}

func TestTheLineOfProgressFitsATerminal(t *testing.T) {
	m := moment{packets: 3000, lost: 12, kbits: 131, level: -127, drift: -12300 * time.Microsecond}
	got := progressLine(75*time.Second, 2*time.Minute+30*time.Second, m)
	if want := "1:15.0/2:30.0 [######......] -127 dBov 131 kbit/s 3000 pkt 12 lost -12.3 ms"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := progressLine(75*time.Second, 0, m); !strings.HasPrefix(got, "1:15.0 -127 dBov") {
		t.Errorf("without a length: %q", got)
	}
	m.packets = 180_000
	if got := progressLine(time.Hour, time.Hour, m); len(got) >= 80 || !strings.Contains(got, "[############]") {
		t.Errorf("%d characters: %q", len(got), got)
	}
}

func TestTheLineOfAFilmHasBothLegs(t *testing.T) {
	m := moment{packets: 3000, lost: 12, kbits: 131, level: -20, drift: -300 * time.Microsecond, film: true, picture: pictureMoment{
		packets: 4500, lost: 3, kbits: 812, frames: 30, drift: 1200 * time.Microsecond,
	}}
	got := progressLine(75*time.Second, 2*time.Minute+30*time.Second, m)
	if want := "1:15.0/2:30.0 131+812 kbit/s 3000+4500 pkt 12+3 lost 30 fps -0.3 +1.2 ms"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	m.packets, m.picture.packets = 180_000, 360_000
	if got := progressLine(time.Hour, time.Hour, m); len(got) >= 80 {
		t.Errorf("%d characters: %q", len(got), got)
	}
}

func TestALiveLineGivesWayToSteps(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out, true)
	s.live = true
	s.progress(time.Second, 0, moment{})
	s.progress(2*time.Second, 0, moment{}) // too early
	s.json("the answer", "{}")
	line := progressLine(time.Second, 0, moment{})
	blank := strings.Repeat(" ", len(line))
	if want := legend + "\n\r" + line + "\r" + blank + "\rthe answer, 2 bytes of JSON\n  {}\n"; out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestTheVerdictNamesWhatIsWrong(t *testing.T) {
	one, two := 1, 2
	good := func() *summary {
		return &summary{Packets: packets{Sent: 10, Received: 10}, End: "natural", LeftBehind: leftovers{
			Before: holdings{Goroutines: 3, Descriptors: &two, Children: &one}, After: holdings{Goroutines: 3, Descriptors: &one, Children: &one},
		}}
	}
	for _, c := range []struct {
		want string // "": good
		loss float64
		f    func(*summary)
	}{
		{"", 0, func(*summary) {}},
		{"", 0.1, func(r *summary) { r.Packets.Lost, r.Packets.LostOnPurpose = 3, 3 }},
		{"1 packet(s) lost", 0.1, func(r *summary) { r.Packets.Lost, r.Packets.LostOnPurpose = 4, 3 }},
		{"2 packet(s) lost", 0, func(r *summary) { r.Packets.Lost = 2 }},
		{"arrived twice", 0, func(r *summary) { r.Packets.Duplicates = 1 }},
		{"nothing arrived", 0, func(r *summary) { r.Packets = packets{} }},
		{"1 rule(s) broken", 0, func(r *summary) { r.Violations = []string{"burst"} }},
		{"ended with an error: boom", 0, func(r *summary) { r.End = "error: boom" }},
		{"notes are wrong", 0, func(r *summary) { r.Recording.Notes = wrongNotes + "A4" }},
		{"", 0, func(r *summary) { r.Pause = &pauseReport{Before: 5, After: 5, Heard: 5 + maxPositionError} }},
		{"during the pause", 0, func(r *summary) { r.Pause = &pauseReport{During: 1} }},
		{"position moved", 0, func(r *summary) { r.Pause = &pauseReport{After: millis(ms)} }},
		{"from what was heard", 0, func(r *summary) { r.Pause = &pauseReport{Heard: 2 * maxPositionError} }},
		{"", 0, func(r *summary) {
			r.Packets, r.Picture = packets{}, &pictureReport{Frames: frameCounts{Sent: 1, Complete: 1}}
		}},
		{"", 0, func(r *summary) { r.Picture = &pictureReport{Frames: frameCounts{Sent: 9, Complete: 8}} }},
		{"2 frame(s) incomplete", 0, func(r *summary) { r.Picture = &pictureReport{Frames: frameCounts{Sent: 9, Complete: 7}} }},
		{"", 0.1, func(r *summary) {
			r.Picture = &pictureReport{Packets: picturePackets{Lost: 2, LostOnPurpose: 2, Duplicates: 5}, Frames: frameCounts{Sent: 9, Complete: 7}}
		}},
		{"1 packet(s) of the picture lost", 0.1, func(r *summary) { r.Picture = &pictureReport{Packets: picturePackets{Lost: 3, LostOnPurpose: 2}} }},
		{"picture arrived twice", 0, func(r *summary) { r.Picture = &pictureReport{Packets: picturePackets{Duplicates: 1}} }},
		{"left behind", 0, func(r *summary) { r.LeftBehind.After.Goroutines++ }},
		{"left behind", 0, func(r *summary) { r.LeftBehind.After.Children = &two }},
		{"", 0, func(r *summary) { r.LeftBehind.Before.Descriptors, r.LeftBehind.Before.Children = nil, nil }},
	} {
		r := good()
		c.f(r)
		r.judge(c.loss)
		if got := verdict(r.Failures); (c.want == "") != (got == "good") || !strings.Contains(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestWhatTheMachineMayHaveDoneIsARemarkOnly(t *testing.T) {
	r := &summary{
		RTP: distribution{P99: millis(30 * ms)}, Ticker: distribution{P99: millis(21 * ms)}, Drift: drift{Min: millis(-6 * ms)},
		Change: &changeReport{Gap: gap{Length: millis(41 * ms)}}, Pause: &pauseReport{Burst: 7},
		Recording: recording{Expected: 60, Difference: millis(-41 * ms)}, Packets: packets{Received: 1},
		Picture: &pictureReport{
			Drift: drift{Max: millis(11 * ms)}, InFilm: true, Frames: frameCounts{Sent: 9, Complete: 9, LeftOut: 1},
			Flashes: &flashReport{Min: millis(-50 * ms), SourceMin: millis(-1 * ms), SourceMax: millis(-1 * ms)},
		},
	}
	if got := r.remarks(); len(got) != 8 {
		t.Errorf("remarks %q, want eight", got)
	}
	if r.judge(0); len(r.Failures) > 0 {
		t.Errorf("failures %q, want none", r.Failures)
	}
	if got := (&summary{Picture: &pictureReport{InFilm: true}}).remarks(); len(got) != 1 {
		t.Errorf("without the picture of the film: remarks %q, want one", got)
	}
	if got := (&summary{Picture: &pictureReport{Flashes: &flashReport{}}}).remarks(); len(got) > 0 {
		t.Errorf("remarks without a reason: %q", got)
	}
}

func TestExitCodesTellWhatTheUserCanMend(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{fmt.Errorf("source: %w", gotgcall.ErrFile), exitUnusable},
		{fmt.Errorf("x: %w", errRecording), exitUnusable},
		{gotgcall.ErrFFmpegSpawn, exitUnusable},
		{gotgcall.ErrConnectionTimeout, exitBad},
		{context.Canceled, exitBad},
		{errors.New("other"), exitBad},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: exit code %d, want %d", c.err, got, c.want)
		}
	}
}
