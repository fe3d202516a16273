package main

import (
	"slices"
	"testing"
	"time"
)

func TestTheMiddleOfASongIsFound(t *testing.T) {
	const sec = time.Second
	for _, c := range []struct {
		name                    string
		length, limit           time.Duration
		pause, change           bool
		wantLength, pauseAt, at time.Duration
	}{
		{"nothing to do", 60 * sec, 0, false, false, 60 * sec, 0, 0},
		{"a pause", 60 * sec, 0, true, false, 60 * sec, 30 * sec, 0},
		{"a switch", 60 * sec, 0, false, true, 60 * sec, 0, 30 * sec},
		{"both", 60 * sec, 0, true, true, 60 * sec, 20 * sec, 40 * sec},
		{"a limit", 60 * sec, 20 * sec, true, false, 20 * sec, 10 * sec, 0},
		{"a limit beyond the end", 60 * sec, 90 * sec, true, false, 60 * sec, 30 * sec, 0},
		{"unknown length", 0, 0, false, true, 0, 0, middleOfUnknown},
		{"unknown length and a limit", 0, 8 * sec, false, true, 8 * sec, 0, 4 * sec},
	} {
		m := planMiddle(c.length, c.limit, c.pause, c.change)
		if m.length != c.wantLength || m.pauseAt != c.pauseAt || m.changeAt != c.at {
			t.Errorf("%s: length %v, pause at %v, switch at %v; want %v, %v, %v", c.name, m.length, m.pauseAt, m.changeAt, c.wantLength, c.pauseAt, c.at)
		}
	}
}

func TestAPauseIsMeasured(t *testing.T) {
	// 100 packets until 2 s, a pause from 1.985 s to 4.985 s, the next packet 15 ms later.
	m := pauseMoments{asked: 1985 * ms, paused: 1985 * ms, resumed: 4985 * ms, before: 2 * time.Second, after: 2 * time.Second}
	good := slices.Concat(steady(100, 0, 0), steady(50, 5*time.Second, 5*time.Second))
	want := pauseReport{Burst: 5, Restart: millis(15 * ms), Before: millis(2 * time.Second), After: millis(2 * time.Second), Heard: millis(2 * time.Second)}
	burst := slices.Clone(good)
	for i := range 8 {
		burst[100+i].at = 5*time.Second + time.Duration(i)*ms
	}
	for _, c := range []struct {
		name     string
		arrivals []arrival
		change   func(*pauseReport)
	}{
		{"good", good, func(*pauseReport) {}},
		{"a packet that was under way", change(good, 99, func(a *arrival) { a.at = m.paused + 300*ms }), func(*pauseReport) {}},
		{"a packet in the middle", change(good, 99, func(a *arrival) { a.sent = 3 * time.Second }), func(r *pauseReport) { r.During = 1 }},
		{"a burst after it", burst, func(r *pauseReport) { r.Burst = 8 }},
		{"nothing after it", good[:100], func(r *pauseReport) { r.Burst, r.Restart = 0, 0 }},
		{"a frame lost before it", good[1:], func(r *pauseReport) { r.Heard -= millis(frame) }},
	} {
		want := want
		c.change(&want)
		if got := pauseOf(c.arrivals, m); got != want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, want)
		}
	}
	if got := silenceOf(good, &m); got != 3*time.Second {
		t.Errorf("the pause is %v in the timestamps, want 3s", got)
	}
	if got := silenceOf(good, nil) + silenceOf(good[:100], &m); got != 0 {
		t.Errorf("no pause is %v in the timestamps", got)
	}
}

func TestAChangeOfTheSourceIsMeasured(t *testing.T) {
	good := steady(100, 0, 0)
	// SetStreamSources returned at 1.01 s, when 51 packets were out; the new song's position was 60 ms: three packets.
	m := changeMoments{asked: 900 * ms, done: 1009 * ms, position: 60 * ms}
	late := slices.Clone(good)
	for i := range late[48:] {
		late[48+i].sent += 50 * ms
		late[48+i].at += 50 * ms
		late[48+i].media += 30 * ms
	}
	moved := m
	moved.done += 50 * ms
	for _, c := range []struct {
		name      string
		arrivals  []arrival
		m         changeMoments
		gap, seam time.Duration
	}{
		{"no seam", good, m, 20 * ms, 0},
		{"a gap", late, moved, 70 * ms, 30 * ms},
		{"a gap elsewhere does not count", change(good, 40, func(a *arrival) { a.at += 15 * ms }), m, 20 * ms, 0},
	} {
		r, boundary := changeOf(c.arrivals, c.m, nil)
		if r.Gap.Length != millis(c.gap) || r.Seam != millis(c.seam) || boundary != 48 || r.Took != millis(c.m.done-c.m.asked) {
			t.Errorf("%s: gap %v, seam %v, boundary %d; want %v, %v, 48", c.name, r.Gap.Length, r.Seam, boundary, c.gap, c.seam)
		}
	}
	if _, boundary := changeOf(nil, m, nil); boundary != 0 {
		t.Errorf("the boundary in nothing is %d", boundary)
	}
}

func TestARecordingIsDividedWhereItWasCut(t *testing.T) {
	s := settings{song: "one", next: "two"}
	arrivals := slices.Concat(steady(100, 0, 0), steady(100, 5*time.Second, 5*time.Second))
	pause := &pauseMoments{asked: 2 * time.Second, paused: 2 * time.Second, resumed: 5 * time.Second}
	for _, c := range []struct {
		name    string
		pause   *pauseMoments
		changed bool
		want    []part
	}{
		{"whole", nil, false, []part{{"one", 0, 0, 200}}},
		{"paused", pause, false, []part{{"one", 0, 0, 100}, {"one", 2 * time.Second, 100, 200}}},
		{"changed", nil, true, []part{{"one", 0, 0, 150}, {"two", 0, 150, 200}}},
		{"both", pause, true, []part{{"one", 0, 0, 100}, {"one", 2 * time.Second, 100, 150}, {"two", 0, 150, 200}}},
	} {
		if got := partsOf(s, arrivals, c.pause, c.changed, 150); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
