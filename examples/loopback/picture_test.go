package main

import (
	"slices"
	"testing"
	"time"

	"gotgcall/sfutest"
)

// film returns the packets of n frames, three each, at 25 a second from a moment on; every tenth is a key frame. Its sequence numbers wrap.
func film(n int, at time.Duration) []piece {
	var list []piece
	for i := range 3 * n {
		id := i / 3
		moment := at + time.Duration(id)*40*ms
		list = append(list, piece{
			arrival: arrival{sent: moment, at: moment, media: moment - at, size: 1000, seq: uint16(65530 + i), marker: i%3 == 2},
			id:      id, begins: i%3 == 0, key: i%30 == 0,
		})
	}
	return list
}

func TestFramesArePutTogether(t *testing.T) {
	whole := film(20, 0)
	late := slices.Concat(slices.Delete(slices.Clone(whole), 7, 8), []piece{whole[7], whole[7]}) // sent again, twice
	for name, c := range map[string]struct {
		pieces         []piece
		sent, complete int
	}{
		"in order":             {whole, 20, 20},
		"one packet late":      {late, 20, 20},
		"a beginning is lost":  {slices.Delete(slices.Clone(whole), 6, 7), 20, 19},
		"a middle is lost":     {slices.Delete(slices.Clone(whole), 7, 8), 20, 19},
		"an end is lost":       {slices.Delete(slices.Clone(whole), 8, 9), 20, 19},
		"a whole one is lost":  {slices.Delete(slices.Clone(whole), 6, 9), 20, 19},
		"two halves are lost":  {slices.Delete(slices.Clone(whole), 7, 10), 20, 18},
		"the first ones alone": {whole[:4], 2, 1},
	} {
		got := countFrames(framesOf(c.pieces), nil, 0)
		if got.Sent != c.sent || got.Complete != c.complete || got.LeftOut != 0 {
			t.Errorf("%s: %+v, want %d sent and %d complete", name, got, c.sent, c.complete)
		}
	}
	if got := countFrames(framesOf(whole), nil, 0); got.Rate != 25 || got.Interval != millis(40*ms) || got.Percent != 100 {
		t.Errorf("%+v, want 25 a second", got)
	}
	if got, want := keyIntervalOf(framesOf(whole)), (keyInterval{2, millis(400 * ms), millis(400 * ms)}); got != want {
		t.Errorf("key frames %+v, want %+v", got, want)
	}
	if got := framesOf(nil); len(got) != 0 {
		t.Errorf("frames of nothing: %v", got)
	}
}

func TestFramesThatWereNeverSentAreHolesInTheTimestamps(t *testing.T) {
	// Half a second is missing between the tenth frame and the next one.
	list := film(20, 0)
	for i := 30; i < len(list); i++ {
		list[i].at += 500 * ms
		list[i].sent += 500 * ms
		list[i].media += 500 * ms
	}
	sound := slices.Concat(steady(20, 0, 0), steady(20, 900*ms, 900*ms))
	for i := range sound {
		sound[i].seq = uint16(65530 + i)
	}
	pause := &pauseMoments{asked: 370 * ms, paused: 371 * ms, resumed: 850 * ms}
	if got := standstillOf(sound, nil); got != 500*ms {
		t.Errorf("the sound stood still for %v, want 500 ms", got)
	}
	if got := standstillOf(slices.Delete(slices.Clone(sound), 5, 9), pause); got != 0 {
		t.Errorf("the sound stood still for %v but for lost packets and the pause, want 0", got)
	}
	for name, c := range map[string]struct {
		pause      *pauseMoments
		standstill time.Duration
		want       int
	}{
		"dropped":                  {nil, 0, 13}, // 12.5
		"the sound stood still":    {nil, 500 * ms, 0},
		"paused":                   {pause, 0, 0},
		"a pause at another place": {&pauseMoments{asked: 2 * time.Second, resumed: 3 * time.Second}, 0, 13},
	} {
		if got := countFrames(framesOf(list), c.pause, c.standstill); got.LeftOut != c.want || got.Complete != 20 {
			t.Errorf("%s: %+v, want %d left out", name, got, c.want)
		}
	}
}

func TestNumbersOfPicturesGoOnWhereTheIDsWrap(t *testing.T) {
	var ids pictureIDs
	for _, step := range []struct {
		id   uint16
		want int
	}{{0x7ffe, 0}, {0x7fff, 1}, {0, 2}, {2, 4}, {0x7fff, 1}, {3, 5}} {
		if got := ids.extend(step.id); got != step.want {
			t.Errorf("id %#x: got %d, want %d", step.id, got, step.want)
		}
	}
	clock := rtpClock{rate: pictureClockRate}
	for _, step := range []struct {
		stamp uint32
		want  time.Duration
	}{{1<<32 - 90000, 0}, {0, time.Second}, {45000, 1500 * ms}, {0, time.Second}, {90000, 2 * time.Second}} {
		if got := clock.media(step.stamp); got != step.want {
			t.Errorf("timestamp %d: got %v, want %v", step.stamp, got, step.want)
		}
	}
}

func TestPacketsOfVP8AreRead(t *testing.T) {
	var ids pictureIDs
	for name, c := range map[string]struct {
		payload     []byte
		begins, key bool
	}{
		"the first of a key frame":      {[]byte{0x90, 0x80, 0x81, 2, 0x10, 0, 0}, true, true},
		"the first of another frame":    {[]byte{0x90, 0x80, 0x81, 2, 0x11, 0, 0}, true, false},
		"the second of a key frame":     {[]byte{0x80, 0x80, 0x81, 2, 0x10, 0, 0}, false, false},
		"what ends within its own head": {[]byte{0x90, 0x80}, false, false},
	} {
		got := pieceOf(&sfutest.Packet{Payload: c.payload, Retransmitted: true}, arrival{}, &ids)
		if got.begins != c.begins || got.key != c.key || !got.again {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSenderReportsSayHowMuchLaterThePictureIs(t *testing.T) {
	began := time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC)
	// The picture is sent 100 ms after the sound, and by its reports it belongs 30 ms after it, later 70 ms. Its timestamps wrap.
	report := func(sinceFirst, off time.Duration, first uint32, rate int64) sfutest.SenderReport {
		return sfutest.SenderReport{
			Arrival: began.Add(sinceFirst + 200*ms), NTP: began.Add(sinceFirst + off + 50*time.Hour),
			Timestamp: first + uint32(int64(sinceFirst/ms)*rate/1000),
		}
	}
	e := &evidence{
		began: began, arrivals: steady(2, 100*ms, 0), stamps: stamps{sound: 7, picture: 1<<32 - 5},
		picture: pictureEvidence{
			pieces: film(2, 200*ms),
			soundReports: []sfutest.SenderReport{
				report(0, 0, 7, clockRate), report(20*time.Hour, 0, 7, clockRate), report(40*time.Hour, 0, 7, clockRate),
			},
			reports: []sfutest.SenderReport{
				report(-10*ms, 30*ms, 1<<32-5, pictureClockRate), // before any of the sound
				report(0, 30*ms, 1<<32-5, pictureClockRate), report(20*time.Hour, 30*ms, 1<<32-5, pictureClockRate),
				report(40*time.Hour, 70*ms, 1<<32-5, pictureClockRate),
			},
		},
	}
	got := reportOffsetOf(e, 0)
	want := reportOffset{Count: 3, First: millis(30 * ms), Last: millis(70 * ms), Min: millis(30 * ms), Max: millis(70 * ms)}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := reportOffsetOf(e, -40*ms); got.First != millis(-10*ms) {
		t.Errorf("with a frame before the first packet that came: %+v", got)
	}
}

func TestThePictureOfTheLastSecondIsSummedUp(t *testing.T) {
	list := film(100, 0)
	var starts []arrival
	for _, p := range list {
		if p.begins {
			starts = append(starts, p.arrival)
		}
	}
	for i := 60; i < len(starts); i++ {
		starts[i].at += 5 * ms
	}
	var m pictureMoment
	m.takeLastSecond(list, starts, 3966*ms)
	if want := (pictureMoment{kbits: 600, frames: 25, drift: -5 * ms}); m != want {
		t.Errorf("got %+v, want %+v", m, want)
	}
	m = pictureMoment{}
	if m.takeLastSecond(nil, nil, time.Second); m != (pictureMoment{}) {
		t.Errorf("without a picture: %+v", m)
	}
}

func TestPiecesDuringAPauseAreCounted(t *testing.T) {
	list := film(3, 0)
	pause := pauseMoments{asked: 30 * ms, paused: 35 * ms, resumed: 75 * ms}
	if got := piecesDuring(list, pause); got != 3 {
		t.Errorf("%d packets, want those of the second frame", got)
	}
	list[3].again = true
	if got := piecesDuring(list, pause); got != 2 {
		t.Errorf("%d packets, want two: the other one was asked for", got)
	}
}
