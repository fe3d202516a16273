package sfutest

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestInjectedFaultsAreNoViolations has a good client behind a bad network made by the server.
func TestInjectedFaultsAreNoViolations(t *testing.T) {
	for name, c := range map[string]struct {
		opts []Option
		fine func(s StreamStats) bool
	}{
		"10 % loss":                  {[]Option{WithLoss(0.1)}, func(s StreamStats) bool { return s.Lost > 50 && s.Lost < 150 && s.Injected >= s.Lost }},
		"30 % loss":                  {[]Option{WithLoss(0.3), WithSeed(3), WithJoinTimeout(5 * time.Minute)}, func(s StreamStats) bool { return s.Lost > 200 && s.Lost < 400 }},
		"300 ms":                     {[]Option{WithDelay(300 * time.Millisecond)}, func(s StreamStats) bool { return s.Packets == 1000 }},
		"800 ms":                     {[]Option{WithDelay(800 * time.Millisecond)}, func(s StreamStats) bool { return s.Packets == 1000 }},
		"reordering":                 {[]Option{WithReorder(0.1, 70*time.Millisecond)}, func(s StreamStats) bool { return s.Packets == 1000 && s.Jitter > 0 }},
		"late by seconds":            {[]Option{WithReorder(0.01, 3*time.Second)}, func(s StreamStats) bool { return s.Packets == 1000 }},
		"half of it late by seconds": {[]Option{WithReorder(0.5, 4*time.Second)}, func(s StreamStats) bool { return s.Packets == 1000 }},
		"repetition":                 {[]Option{WithDuplicate(0.1)}, func(s StreamStats) bool { return s.Packets == 1000 && s.Duplicates > 50 }},
		"all of it": {
			[]Option{WithLoss(0.05), WithDelay(100 * time.Millisecond), WithReorder(0.1, 50*time.Millisecond), WithDuplicate(0.05)},
			func(s StreamStats) bool { return s.Lost > 20 && s.Duplicates > 20 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				p.readers.Go(func() { p.film(600, nil) })
				p.play(1000, nil)
				time.Sleep(10 * time.Second)
				if v := w.server.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
				s := e.Stats(e.AudioSSRC())
				if sent := s.LastSeq - s.FirstSeq + 1; s.Packets+s.Lost != sent || sent < 990 || !c.fine(s) {
					t.Errorf("%d sent, %+v", sent, s)
				}
			}, c.opts...)
		})
	}
}

func TestTheSameSeedLosesTheSamePackets(t *testing.T) {
	run := func(seed uint64) (lost [2][]int) {
		n := 0
		i := newImpairment(networkConfig{loss: 0.2}, seed, func(path, []byte, moment) {},
			func(path, []byte, time.Time) { lost[0] = append(lost[0], n) })
		for n = range 200 {
			i.in(path{}, nil, time.Time{})
			if copies, _ := i.fate(ToClient); copies == 0 {
				lost[1] = append(lost[1], n)
			}
		}
		return lost
	}
	a, b, other := run(1), run(1), run(2)
	if len(a[0]) < 20 || len(a[1]) < 20 || !equal(a, b) || equal(a, other) {
		t.Errorf("seed 1 lost %v and %v, seed 2 %v", a, b, other)
	}
}

func TestDropFunctionSeesEverythingInBothDirections(t *testing.T) {
	var seen [2]atomic.Int64
	var dark atomic.Bool
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.play(50, nil)
		settle()
		if seen[ToServer].Load() < 50 || seen[ToClient].Load() < 5 {
			t.Errorf("%d to the server, %d to the client", seen[ToServer].Load(), seen[ToClient].Load())
		}
		dark.Store(true)
		p.play(50, nil)
		settle()
		reports := p.count("RR")
		dark.Store(false)
		p.play(50, nil)
		settle()
		if s := e.Stats(e.AudioSSRC()); s.Packets != 100 || s.Lost != 50 || s.Injected != 50 {
			t.Errorf("%+v", s)
		}
		if p.count("RR") == reports {
			t.Error("no report after the darkness")
		}
		if v := w.server.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	}, WithTolerances(Tolerances{ClockLine: time.Second}), WithDrop(func(d Direction, _ []byte) bool { // its media stands still in pauses
		seen[d].Add(1)
		return dark.Load()
	}))
}

// TestForeignLossIsAViolationUnlessTolerated has a network between client and server that the server knows nothing of.
func TestForeignLossIsAViolationUnlessTolerated(t *testing.T) {
	for _, tolerated := range []bool{false, true} {
		inFakeTime(t, func(t *testing.T, w *world) {
			p, e := w.join(1, peerOptions{})
			p.play(50, nil)
			p.audio.seq += 3
			p.audio.stamp += 3 * 960
			p.transportSeq.Add(3)
			p.play(50, nil)
			time.Sleep(time.Second)
			s := e.Stats(e.AudioSSRC())
			if v := e.Violations(); s.Lost != 3 || s.Injected != 0 || tolerated != (len(v) == 0) {
				t.Errorf("tolerated %v: %+v, %v", tolerated, s, v)
			}
		}, WithTolerances(Tolerances{Loss: tolerated}))
	}
}

func TestALongInterruptionOfAFilmIsLossWhereLossIsTolerated(t *testing.T) {
	const missing = 20 * 200 // 20 s of 200 packets a second, which is beyond a jump
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.play(50, nil)
		p.audio.seq += missing
		p.audio.stamp += missing * 960
		p.transportSeq.Add(missing)
		time.Sleep(missing * 20 * time.Millisecond)
		p.play(50, nil)
		time.Sleep(time.Second)
		s := e.Stats(e.AudioSSRC())
		if v := e.Violations(); s.Lost != missing || s.LastSeq-s.FirstSeq+1 != s.Packets+missing || len(v) > 0 {
			t.Errorf("%+v, %v", s, v)
		}
	}, WithTolerances(Tolerances{Loss: true}))
}

func equal(a, b [2][]int) bool {
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return false
		}
		for j := range a[i] {
			if a[i][j] != b[i][j] {
				return false
			}
		}
	}
	return true
}
