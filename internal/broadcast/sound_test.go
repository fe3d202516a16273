package broadcast

import (
	"math"
	"math/big"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// piece is what a stream holds: n samples that follow each other from a place of the tone, or silence.
type piece struct{ from, n int }

// pieces sums a stream up. from is -1 for silence.
func pieces(list []uint32) (out []piece) {
	for _, s := range list {
		from := int(s) - 1
		last := len(out) - 1
		switch {
		case last >= 0 && from < 0 && out[last].from < 0, last >= 0 && from >= 0 && out[last].from >= 0 && from == out[last].from+out[last].n:
			out[last].n++
		default:
			out = append(out, piece{from, 1})
		}
	}
	return out
}

func TestSoundLiesWhereItIsDue(t *testing.T) {
	us := func(n int) time.Duration { return time.Duration(n) * time.Microsecond }
	type chunk struct {
		due     time.Duration
		from, n int
	}
	for _, c := range []struct {
		name   string
		chunks []chunk
		want   []piece
		cut    time.Duration
	}{
		{"one after the other", []chunk{{0, 0, 960}, {20 * ms, 960, 960}, {40 * ms, 1920, 500}}, []piece{{0, 2420}}, 0},
		{"a late beginning", []chunk{{100 * ms, 0, 960}}, []piece{{-1, 4800}, {0, 960}}, 0},
		{"a gap", []chunk{{0, 0, 960}, {1020 * ms, 960, 960}}, []piece{{0, 960}, {-1, 48000}, {960, 960}}, 0},
		{"a gap that is no whole number of samples", []chunk{{0, 0, 960}, {us(30_010), 960, 960}}, []piece{{0, 960}, {-1, 480}, {960, 960}}, 0},
		{"an overlap", []chunk{{0, 0, 960}, {10 * ms, 480, 960}}, []piece{{0, 1440}}, 10 * ms},
		{"all of it is there already", []chunk{{0, 0, 960}, {5 * ms, 0, 480}, {20 * ms, 960, 960}}, []piece{{0, 1920}}, 10 * ms},
		{"before the beginning", []chunk{{-30 * ms, 0, 960}, {-10 * ms, 960, 960}, {10 * ms, 1920, 960}}, []piece{{1440, 1440}}, 30 * ms},
		{"2 ms early", []chunk{{0, 0, 960}, {18 * ms, 960, 960}, {us(40_500), 1920, 960}}, []piece{{0, 2880}}, 0},
		{"2 ms late", []chunk{{0, 0, 960}, {22 * ms, 960, 960}, {us(39_500), 1920, 960}}, []piece{{0, 2880}}, 0},
		{"more than 2 ms early", []chunk{{0, 0, 960}, {us(17_979), 863, 960}}, []piece{{0, 1823}}, us(97_000) / 48},
		{"more than 2 ms late", []chunk{{0, 0, 960}, {us(22_021), 960, 960}}, []piece{{0, 960}, {-1, 97}, {960, 960}}, 0},
		{"single samples", []chunk{{0, 0, 1}, {us(21), 1, 1}, {us(42), 2, 3}}, []piece{{0, 5}}, 0},
		{"nothing", []chunk{{0, 0, 960}, {500 * ms, 0, 0}}, []piece{{0, 960}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			blocks, m := bubble(t, small, func(m *Mixer, begin time.Time) {
				for _, k := range c.chunks {
					m.Audio(begin.Add(k.due), append(tone(k.from, k.n), 1, 2, 3)[:k.n*4+k.n%4]) // what is no whole sample is not taken
				}
			})
			got := pieces(samples(sound(t, blocks)))
			if !slices.Equal(got, c.want) {
				t.Errorf("the stream holds %v, want %v", got, c.want)
			}
			var audio, silence int64
			for _, p := range c.want {
				if p.from < 0 {
					silence += int64(p.n)
				} else {
					audio += int64(p.n)
				}
			}
			if s := m.Stats(); s.Audio != timeOf(audio) || s.Silence != timeOf(silence) || s.Cut.Round(time.Microsecond) != c.cut.Round(time.Microsecond) || s.Refused != 0 {
				t.Errorf("counted %+v, want %d and %d samples and %v cut", s, audio, silence, c.cut)
			}
		})
	}
}

func TestSilenceTakesTheRoomOfSoundThatDoesNotCome(t *testing.T) {
	bubble(t, small, func(m *Mixer, begin time.Time) {
		for _, c := range []struct {
			name       string
			at         time.Duration
			audio      bool // 20 ms at 0
			want, next time.Duration
		}{
			{"nothing is late yet", 0, false, 0, 60 * ms},
			{"late, but less than 60 ms", 59 * ms, false, 0, 60 * ms},
			{"60 ms late", 60 * ms, false, 40 * ms, 100 * ms},
			{"a frame, then 60 ms late", 80 * ms, true, 60 * ms, 120 * ms},
			{"a Fill that comes late", 333 * ms, false, 313 * ms, 373 * ms},
			{"a Fill that comes much too late", 5 * time.Second, false, time.Second, 5010 * ms},
		} {
			m.Begin(&memory{}, begin)
			if c.audio {
				m.Audio(begin, tone(0, 960))
			}
			m.Video(begin.Add(c.at), colour(small, 1)) // not for that will Fill be called
			next := m.Fill(begin.Add(c.at)).Sub(begin)
			if got := m.played(); got != c.want || next != min(c.next, c.at+m.repeat+pictureAfter) {
				t.Errorf("%s: sound up to %v, want %v; Fill again at %v, want %v", c.name, got, c.want, next, c.next)
			}
		}
	})
}

func TestSoundThatIsHandedOverALittleLateIsNotDisturbed(t *testing.T) {
	const n = 500
	blocks, m := bubble(t, small, func(m *Mixer, begin time.Time) {
		sent := 0
		play(t, m, begin, 0, n*20*ms+39*ms, func(now time.Time) time.Time {
			late := time.Duration(sent*7%40) * ms // up to 39 ms; a frame of 20 ms is then 59 ms behind
			if due := begin.Add(time.Duration(sent) * 20 * ms); sent < n && !now.Before(due.Add(late)) {
				m.Audio(due, tone(sent*960, 960))
				sent++
			}
			if sent == n {
				return time.Time{}
			}
			return now.Add(ms)
		})
	})
	if got := pieces(samples(sound(t, blocks))); len(got) > 2 || got[0] != (piece{0, n * 960}) {
		t.Errorf("the stream holds %v, want the sound as it came", got)
	}
	if s := m.Stats(); s.Cut != 0 {
		t.Errorf("%v were cut off", s.Cut)
	}
}

func TestAMachineThatSleptCatchesUpWithoutBreakingTheStream(t *testing.T) {
	blocks, m := bubble(t, small, func(m *Mixer, begin time.Time) {
		play(t, m, begin, 0, time.Second, nil)
		play(t, m, begin, time.Minute, time.Minute+3*time.Second, nil)
		if late := time.Minute + 3*time.Second - m.played(); late > 100*ms {
			t.Errorf("sound is still %v behind", late)
		}
	})
	if n := len(sound(t, blocks)) / 4; timeOf(int64(n)) != m.Stats().Silence || n < 48000*62 {
		t.Errorf("%d samples", n)
	}
	if s := m.Stats(); s.Dropped != 0 || s.Refused != 0 {
		t.Errorf("counted %+v", s)
	}
}

func TestTimesAndSamplesDoNotOverflow(t *testing.T) {
	for _, d := range []time.Duration{0, 1, -1, 10416, 10417, -10416, -10417, time.Second, 365 * 24 * time.Hour, -200 * 24 * time.Hour, math.MaxInt64, math.MinInt64} {
		exact := new(big.Rat).Mul(big.NewRat(int64(d), int64(time.Second)), big.NewRat(sampleRate, 1))
		got := samplesIn(d)
		if off := new(big.Rat).Sub(exact, big.NewRat(got, 1)); off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Errorf("%v are %d samples, want %s", d, got, exact.FloatString(2))
		}
		if d >= 0 {
			if back := timeOf(got); (back - d).Abs() > 10417 {
				t.Errorf("%d samples last %v, want %v", got, back, d)
			}
		}
	}
}

func TestADayIsGaplessAndDoesNotGrow(t *testing.T) {
	const day = 24 * time.Hour
	c := Config{Width: 2, Height: 2, FPS: 1}
	var w last
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer(c)
		begin := time.Now()
		m.Begin(&w, begin)
		second := make([]byte, 4*sampleRate)
		sent := time.Duration(0)
		play(t, m, begin, 0, day, func(now time.Time) time.Time {
			if now.Before(begin.Add(sent)) {
				return begin.Add(sent)
			}
			if sent%time.Hour < 59*time.Minute { // then it pauses
				m.Audio(begin.Add(sent), second)
				m.Video(begin.Add(sent), colour(c, byte(sent/time.Hour)))
			}
			sent += time.Second
			return begin.Add(sent)
		})
		if late := day - m.played(); late < -time.Second || late > 100*ms {
			t.Errorf("after a day the sound is %v late", late)
		}
		if s := m.Stats(); s.Audio < 24*59*time.Minute-2*time.Second || s.Audio+s.Silence != m.played() || s.Dropped > 0 || s.Pictures+s.Repeated < 80_000 {
			t.Errorf("counted %+v", s)
		}
		q := &m.conn.Load().queue
		if cap(q.list) > 1024 || q.samples != 0 || q.pictures != 0 || q.bytes != 0 || cap(m.conn.Load().scratch) > 2*smallBlock {
			t.Errorf("the queue has grown to %d, and holds %d samples and %d pictures of %d bytes", cap(q.list), q.samples, q.pictures, q.bytes)
		}
		<-m.End()
		if w.at < uint64((day-2*time.Second)/ms) || w.at > uint64(day/ms) {
			t.Errorf("the last block of the day lies at %d ms", w.at)
		}
	})
}
