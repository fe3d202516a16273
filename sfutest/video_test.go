package sfutest

import (
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestKeyFramesAreRecorded(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		if keys, s := e.KeyFrames(), e.VideoStats(); keys != nil || s != (VideoStats{}) {
			t.Errorf("before the video: %v, %+v", keys, s)
		}
		start := time.Now()
		for i := range 61 {
			sleepUntil(start.Add(time.Duration(i) * time.Second / 30))
			p.sendFrame(20, func(packet *rtp.Packet) {
				if i == 30 && packet.SequenceNumber%5 == 0 {
					time.Sleep(3 * time.Millisecond) // four groups
				}
			})
		}
		settle()
		keys := e.KeyFrames()
		if len(keys) != 3 {
			t.Fatalf("%d key frames: %+v", len(keys), keys)
		}
		k := keys[1]
		if k.Timestamp-keys[0].Timestamp != 90000 || k.Arrival.Sub(keys[0].Arrival).Round(10*time.Millisecond) != time.Second || k.Packets != 20 ||
			k.Bytes != 20*104 || !k.Complete || k.Burst > 5 || k.Spread.Round(time.Millisecond) < 9*time.Millisecond {
			t.Errorf("the one that is spread: %+v", k)
		}
		if keys[0].Burst != 20 || keys[0].Spread != 0 {
			t.Errorf("the one that is not: %+v", keys[0])
		}
		want := VideoStats{
			Frames: 61, Complete: 61, KeyFrames: 3, LargestBurst: 20, KeyRequests: 1, KeyAnswers: 1, KeyWaitLast: time.Second, KeyWaitMax: time.Second,
		}
		s := e.VideoStats()
		s.KeyWaitLast, s.KeyWaitMax = s.KeyWaitLast.Round(time.Millisecond), s.KeyWaitMax.Round(time.Millisecond)
		if s != want {
			t.Errorf("%+v, expected %+v", s, want)
		}
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}

// burstOf runs 40 frames of 80 packets through the checks. Each is sent from its time on in ten groups 2.5 ms apart, as shift says later,
// and everything of a frame arrives at once.
func burstOf(t *testing.T, shift func(frame int, due time.Duration) time.Duration) []Violation {
	t.Helper()
	cfg, err := newConfig(nil)
	must(t, err)
	var l ledger
	v := newPictures(cfg, &l, &stallMeter{})
	start := time.Unix(1000, 0)
	for i := range 40 {
		base := time.Duration(i) * time.Second / 30
		for j := range 80 {
			sent := shift(i, base+time.Duration(j/8)*2500*time.Microsecond)
			arrival := start.Add(base + 30*time.Millisecond)
			v.next(&Packet{
				Seq: uint16(80*i + j), Timestamp: uint32(3000 * i), Marker: j == 79, Arrival: arrival, read: arrival, Size: 104,
				Payload: vp8Payload(j == 0, i%30 == 0, i), Extensions: Extensions{IDs: 1 << 2, AbsSendTime: uint32(ticks(sent, absSendRate)) & 0xffffff},
			}, gap{})
		}
	}
	return l.list()
}

func TestBurstsAreJudgedByTheSendersClockAndWhatItHadToCatchUpWith(t *testing.T) {
	onTime := func(_ int, due time.Duration) time.Duration { return due }
	frame := func(i int) time.Duration { return time.Duration(i) * time.Second / 30 }
	for name, c := range map[string]struct {
		shift func(int, time.Duration) time.Duration
		burst bool
	}{
		"packets that pile up in the socket": {onTime, false},
		"frames sent at once":                {func(i int, _ time.Duration) time.Duration { return frame(i) }, true},
		"frames sent at once, and late by turns": {
			func(i int, _ time.Duration) time.Duration { return frame(i) + time.Duration(i%2)*4*time.Millisecond }, true,
		},
		"a sender that wakes up 15 ms late for a frame": {
			func(i int, due time.Duration) time.Duration {
				if i == 20 {
					return max(due, frame(20)+15*time.Millisecond)
				}
				return due
			}, false,
		},
		"a sender that wakes up 12 ms late in the middle of a frame": {
			func(i int, due time.Duration) time.Duration {
				if from := frame(20) + 5*time.Millisecond; due > from && due < from+12*time.Millisecond {
					return from + 12*time.Millisecond
				}
				return due
			}, false,
		},
	} {
		if got := burstOf(t, c.shift); (len(got) == 1 && got[0].Kind == ViolationFrameBurst) != c.burst || len(got) > 1 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAPauseIsNotCountedAsAWaitForAKeyFrame(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.film(31, nil)
		time.Sleep(20 * time.Millisecond)
		must(t, e.SendFIR())
		p.film(14, nil)
		time.Sleep(10 * time.Minute)
		p.video.stamp += 600 * 90000
		must(t, e.SendPLI())
		p.film(30, nil)
		settle()
		if s := e.VideoStats(); s.KeyRequests != 3 || s.KeyAnswers != 2 || s.KeyWaitLast.Round(time.Millisecond) != 1967*time.Millisecond || s.KeyWaitMax != s.KeyWaitLast {
			t.Errorf("%+v", s)
		}
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}

func TestFramesOfWhichNothingArrivedAreCounted(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{noRTX: true})
		for i := range 300 {
			if i%10 == 0 {
				p.sendReport(p.video, p.videoSSRC(), nil)
			}
			p.sendFrame(1, nil)
			time.Sleep(time.Second / 30)
		}
		time.Sleep(3 * time.Second)
		frames, incomplete := e.Frames()
		complete, sent := e.FramesWithin(time.Second)
		s := e.VideoStats()
		if s.Complete != int64(complete) || complete != len(frames) || incomplete != 0 || complete > 290 {
			t.Errorf("of single packets %d frames, %d incomplete, %d complete, %+v", len(frames), incomplete, complete, s)
		}
		if sent > 300 || sent < 295 || s.Frames != int64(sent) {
			t.Errorf("%d frames, %d incomplete, %d complete of %d sent, %+v", len(frames), incomplete, complete, sent, s)
		}
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	}, WithLoss(0.1))
}

func TestFramesThatCameTogetherTooLateDoNotCount(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.film(300, nil)
		time.Sleep(3 * time.Second)
		all, sent := e.FramesWithin(500 * time.Millisecond)
		fast, _ := e.FramesWithin(50 * time.Millisecond) // an answer takes 80 ms
		none, _ := e.FramesWithin(-1)
		if all != 300 || sent != 300 || fast > 250 || fast < 180 || none != 0 {
			t.Errorf("%d, %d and %d of %d", all, fast, none, sent)
		}
	}, WithPretendedLoss(0.1), WithDelay(40*time.Millisecond))
}

func TestAnswersToNACKsAreTimed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.film(300, nil)
		time.Sleep(3 * time.Second)
		s := e.RetransmissionStats()
		if s.Asked < 60 || s.Answered != s.Asked || s.Once != s.Asked || s.P50 != 80*time.Millisecond || s.Max != 80*time.Millisecond {
			t.Errorf("%+v", s)
		}
	}, WithPretendedLoss(0.1), WithDelay(40*time.Millisecond))
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{noRTX: true})
		p.film(300, nil)
		time.Sleep(3 * time.Second)
		if s := e.RetransmissionStats(); s.Asked < 60 || s != (RetransmissionStats{Asked: s.Asked}) {
			t.Errorf("without an answer: %+v", s)
		}
	}, WithPretendedLoss(0.1))
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.film(300, nil)
		time.Sleep(3 * time.Second)
		s := e.RetransmissionStats()
		if s.Once*10 > s.Answered*9 || s.Once*10 < s.Answered*6 || s.P50 >= 100*time.Millisecond || s.Max < 100*time.Millisecond {
			t.Errorf("some of them lost on their way: %+v", s)
		}
	}, WithPretendedLoss(0.1), WithLoss(0.1))
}

func TestAskedPacketsDoNotGrow(t *testing.T) {
	a := newAskedPackets()
	now := time.Unix(0, 0)
	for i := range 3 * maxAsked {
		a.ask(videoPacket{1, uint16(i)}, now)
		a.ask(videoPacket{1, uint16(i)}, now)
	}
	if len(a.requests) != maxAsked || a.stats.Asked != 3*maxAsked {
		t.Errorf("%d remembered, %+v", len(a.requests), a.stats)
	}
	last := videoPacket{1, 3*maxAsked - 1}
	if a.answer(videoPacket{1, 5}, now) || !a.answer(last, now) || !a.answer(last, now) || a.stats.Once != 0 || a.stats.Answered != 1 {
		t.Errorf("%+v", a.stats)
	}
}

func TestPaddingThatTheServerLostIsNotMissed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.play(3000, nil)
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	}, WithDrop(func(d Direction, b []byte) bool { return d == ToServer && isRTP(b[0]) && b[0]&0x20 != 0 && !isRTCP(b) }))
}

func TestASilentVideoIsMissedOnlyWhileThereIsSound(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.noPadding = true
		for range 3 {
			p.play(140, func(i int, packet *rtp.Packet) { packet.Marker = i == 0 })
			time.Sleep(10 * time.Second)
			p.audio.stamp += 10 * 48000
		}
		if v := e.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}
