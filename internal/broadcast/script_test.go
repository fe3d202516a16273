package broadcast

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzMixer plays scripts: whatever comes, in whatever order and however late, the stream is gapless and in order, and near its time.
func FuzzMixer(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 2, 20, 0, 0, 1, 0, 2, 20})
	f.Add([]byte{2, 200, 3, 0, 0, 90, 1, 90, 0, 10, 1, 10, 2, 255, 4, 0, 2, 255, 5, 0, 2, 70, 6, 3, 0, 0, 6, 40, 0, 1})
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		script := make([]byte, 200)
		for i := range script {
			script[i] = byte(rng.IntN(256)) >> (rng.IntN(2) * 4)
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 200 {
			return
		}
		var streams []*memory
		synctest.Test(t, func(t *testing.T) { streams = perform(t, script) })
		var written int64
		for _, w := range streams {
			if w.closed != 1 {
				t.Errorf("a w was closed %d times", w.closed)
			}
			_, blocks := parse(t, w.buf.Bytes())
			written += int64(len(sound(t, blocks)) / sampleSize)
			pictures(t, blocks)
		}
		if written > maxFuzzed {
			t.Errorf("%d samples were written", written)
		}
	})
}

// maxFuzzed is what a script of 200 bytes can ask for: 100 steps of half a second.
const maxFuzzed = 100 * sampleRate / 2

// perform runs a script of pairs of a command and a number.
func perform(t *testing.T, script []byte) (streams []*memory) {
	m := NewMixer(small)
	begin := func(now time.Time) {
		streams = append(streams, &memory{})
		m.Begin(streams[len(streams)-1], now)
	}
	begin(time.Now())
	before := Stats{}
	for ; len(script) > 1; script = script[2:] {
		n := int(script[1])
		now := time.Now()
		switch script[0] % 7 {
		case 0: // sound, up to 127 ms late or early
			m.Audio(now.Add(time.Duration(n-128)*ms), tone(n*100, n*9))
		case 1:
			m.Video(now.Add(time.Duration(n-128)*ms), colour(small, byte(n)))
		case 2:
			time.Sleep(time.Duration(n) * ms)
		case 3:
			m.Black()
		case 4: // what is due until then
			for end := now.Add(time.Duration(n) * ms); time.Now().Before(end); synctest.Wait() {
				time.Sleep(time.Until(m.Fill(time.Now())))
			}
		case 5:
			if n%2 == 0 {
				<-m.End()
			} else {
				m.Abort()
			}
			begin(now)
		case 6:
			synctest.Wait()
			next := m.Fill(time.Now())
			if late := time.Since(m.begin) - m.played(); !next.After(time.Now()) || late > 1100*ms+silenceAfter && time.Until(next) > fillAgain {
				t.Errorf("sound is %v behind, and Fill wants to be called in %v", late, time.Until(next))
			}
		}
		if s := m.Stats(); s.Audio < before.Audio || s.Silence < before.Silence || s.Refused > 0 || m.Backlog() > maxBacklog {
			t.Errorf("counted %+v, backlog %v", s, m.Backlog())
		} else {
			before = s
		}
	}
	<-m.End()
	return streams
}
