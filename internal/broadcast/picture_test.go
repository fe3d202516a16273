package broadcast

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestARegularSourceIsNotDisturbed(t *testing.T) {
	for _, c := range []struct {
		name     string
		fps      int // of the mixer
		interval time.Duration
		late     []time.Duration
	}{
		{"60 per second", 60, time.Second / 60, []time.Duration{0}},
		{"30 per second", 30, time.Second / 30, []time.Duration{0}},
		{"30 per second, handed over late", 30, time.Second / 30, []time.Duration{0, 30 * ms, 10 * ms, 25 * ms}},
		{"15 for 30", 30, time.Second / 15, []time.Duration{0, 30 * ms, 5 * ms}},
		{"10 for 30", 30, time.Second / 10, []time.Duration{0, 20 * ms, 5 * ms}},
		{"10 for 10", 10, time.Second / 10, []time.Duration{0, 50 * ms, 25 * ms}},
		{"5 for 5", 5, time.Second / 5, []time.Duration{0, 50 * ms}},
		{"one for one", 1, time.Second, []time.Duration{0, 50 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := Config{Width: 2, Height: 2, FPS: c.fps}
			const n = 100
			blocks, m := bubble(t, config, func(m *Mixer, begin time.Time) {
				sent := 0
				play(t, m, begin, 0, n*c.interval, func(now time.Time) time.Time {
					due := begin.Add(time.Duration(sent) * c.interval)
					if when := due.Add(c.late[sent%len(c.late)]); sent == n || now.Before(when) {
						return when
					}
					m.Video(due, colour(config, byte(sent)))
					sent++
					return begin.Add(time.Duration(sent)*c.interval + c.late[sent%len(c.late)])
				})
			})
			list := pictures(t, blocks)
			for i, p := range list {
				if want := (time.Duration(i)*c.interval + ms/2) / ms; p.at != uint64(want) || p.data[0] != byte(i) || len(p.data) != 6 {
					t.Fatalf("picture %d lies at %d ms and is %v, want it at %d ms", i, p.at, p.data, want)
				}
			}
			if s := m.Stats(); s.Repeated != 0 || s.Dropped != 0 || int(s.Pictures) != len(list) || len(list) < n-1 {
				t.Errorf("%d pictures, counted %+v", len(list), s)
			}
		})
	}
}

func TestAStandingPictureIsRepeated(t *testing.T) {
	for fps, want := range map[int]int{0: 10, 1: 10, 5: 50, 15: 150, 30: 150, 60: 150} {
		c := Config{Width: 2, Height: 2, FPS: fps}
		blocks, m := bubble(t, c, func(m *Mixer, begin time.Time) {
			m.Video(begin, colour(c, 7))
			play(t, m, begin, 0, 10*time.Second, nil)
		})
		list := pictures(t, blocks)
		if s := m.Stats(); s.Pictures != 1 || int(s.Repeated) != len(list)-1 || s.Dropped != 0 {
			t.Errorf("FPS %d: counted %+v", fps, s)
		}
		if len(list) < want-1 || len(list) > want+1 {
			t.Errorf("FPS %d: %d pictures in 10 s, want %d", fps, len(list), want)
		}
		for i, p := range list {
			if p.data[0] != 7 || i > 0 && p.at > list[i-1].at+uint64(m.repeat/ms)+1 {
				t.Fatalf("FPS %d: picture %d is %v, at %d ms after %d ms", fps, i, p.data, p.at, list[i-1].at)
			}
		}
	}
}

func TestWhatIsSeenIsTheLastPictureOrBlack(t *testing.T) {
	black := []byte{16, 16, 16, 16, 128, 128}
	blocks, _ := bubble(t, small, func(m *Mixer, begin time.Time) {
		play(t, m, begin, 0, time.Second, nil)
		m.Video(begin.Add(time.Second), colour(small, 1))
		play(t, m, begin, time.Second, 2*time.Second, nil)
		m.Black()
		play(t, m, begin, 2*time.Second, 3*time.Second, nil)
		m.Video(begin.Add(3*time.Second), colour(small, 2))
		play(t, m, begin, 3*time.Second, 4*time.Second, nil)
	})
	list := pictures(t, blocks)
	if len(list) == 0 || list[0].at != 0 {
		t.Fatalf("%d pictures, want one at once", len(list))
	}
	var seen [][]byte
	var when []uint64
	for _, p := range list {
		if n := len(seen); n == 0 || !bytes.Equal(seen[n-1], p.data) {
			seen, when = append(seen, p.data), append(when, p.at)
		}
	}
	if want := [][]byte{black, colour(small, 1), black, colour(small, 2)}; !slices.EqualFunc(seen, want, bytes.Equal) {
		t.Errorf("%v were to be seen, want %v", seen, want)
	}
	for i, at := range when {
		if at < uint64(i)*1000-uint64(min(i, 1)*70) || at > uint64(i)*1000+130 {
			t.Errorf("picture %d of %d begins at %d ms", i, len(when), at)
		}
	}
}

func TestAPictureThatIsNotLaterThanTheLastIsDroppedAndStandsAllTheSame(t *testing.T) {
	blocks, m := bubble(t, small, func(m *Mixer, begin time.Time) {
		for i, due := range []time.Duration{-10 * ms, 100 * ms, 100 * ms, 50 * ms, 100*ms + 499*time.Microsecond, 101 * ms} {
			m.Video(begin.Add(due), colour(small, byte(i)))
		}
		m.Video(begin.Add(110*ms), make([]byte, 5)) // of another size
		m.Video(begin.Add(111*ms), nil)
		m.Video(begin.Add(60*ms), colour(small, 9))
		synctest.Wait()
		m.Fill(begin.Add(time.Second))
	})
	list := pictures(t, blocks)
	if len(list) != 3 || list[0].data[0] != 1 || list[0].at != 100 || list[1].data[0] != 5 || list[1].at != 101 || list[2].data[0] != 9 || list[2].at != 940 {
		t.Errorf("the stream has %v", list)
	}
	if s := m.Stats(); s.Pictures != 2 || s.Dropped != 7 || s.Repeated != 1 {
		t.Errorf("counted %+v", s)
	}
}

// seen is a w that keeps where the memory of large pieces lies.
type seen struct {
	last
	places []*byte
}

func (s *seen) Write(p []byte) (int, error) {
	if len(p) > smallBlock {
		s.places = append(s.places, &p[0])
	}
	return s.last.Write(p)
}

func TestAPictureIsNeverCopied(t *testing.T) {
	c := Config{Width: 1280, Height: 720, FPS: 30}
	picture := colour(c, 1)
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer(c)
		begin := time.Now()
		w := &seen{}
		m.Begin(w, begin)
		m.Video(begin, picture)
		play(t, m, begin, 0, 10*time.Second, nil)
		m.Black()
		play(t, m, begin, 10*time.Second, 11*time.Second, nil)
		<-m.End()
		if len(w.places) < 160 || slices.ContainsFunc(w.places[:150], func(p *byte) bool { return p != &picture[0] }) {
			t.Errorf("%d pictures, some of them in other memory", len(w.places))
		}
		if slices.ContainsFunc(w.places[155:], func(p *byte) bool { return p != &m.black[0] }) {
			t.Error("black was copied")
		}
	})
}

func TestBlocksOfAQueueLeaveInTheOrderOfTheirTimes(t *testing.T) {
	var w *gate
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer(small)
		w = newGate()
		begin := time.Now()
		m.Begin(w, begin)
		for i := range 15 {
			m.Video(begin.Add(time.Duration(i)*33*ms), colour(small, byte(i)))
		}
		for i := range 20 {
			m.Audio(begin.Add(time.Duration(i)*20*ms), tone(i*960, 960))
		}
		m.Fill(begin.Add(580 * ms)) // silence from 400 ms on, among the pictures up to 462 ms
		close(w.opened)
		<-m.End()
	})
	_, blocks := parse(t, w.buf.Bytes())
	if !slices.IsSortedFunc(blocks, func(a, b readBlock) int { return int(a.at) - int(b.at) }) || len(blocks) < 15+20+8 {
		t.Errorf("%d blocks, not in the order of their times", len(blocks))
	}
	sound(t, blocks)
	for i, p := range pictures(t, blocks)[:15] {
		if p.data[0] != byte(i) {
			t.Errorf("picture %d is %v", i, p.data)
		}
	}
}

func TestPicturesBeginAgainWithoutALongStep(t *testing.T) {
	for _, pause := range []time.Duration{90 * ms, 200 * ms, 215 * ms, 230 * ms, 245 * ms, 260 * ms, time.Second} {
		blocks, _ := bubble(t, Config{Width: 2, Height: 2, FPS: 30}, func(m *Mixer, begin time.Time) {
			m.Video(begin, colour(small, 1))
			play(t, m, begin, 0, pause, nil)
			m.Video(begin.Add(pause), colour(small, 2))
			play(t, m, begin, pause, pause+500*ms, nil)
		})
		list := pictures(t, blocks)
		for i, p := range list[1:] {
			if step := p.at - list[i].at; step > 100 {
				t.Errorf("after a pause of %v: a step of %d ms to %d ms", pause, step, p.at)
			}
		}
	}
}
