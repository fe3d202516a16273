package broadcast

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errClosed = errors.New("the other end is gone")

var small = Config{Width: 2, Height: 2, FPS: 30}

// memory is a w that keeps everything.
type memory struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	closed int
}

func (m *memory) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.buf.Write(p)
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed++
	return nil
}

// gate is a memory that takes nothing before it is opened. Closing it ends a Write, as with a pipe.
type gate struct {
	memory
	opened, shut chan struct{}
}

func newGate() *gate { return &gate{opened: make(chan struct{}), shut: make(chan struct{})} }

func (g *gate) Write(p []byte) (int, error) {
	select {
	case <-g.opened:
		return g.memory.Write(p)
	case <-g.shut:
		return 0, errClosed
	}
}

func (g *gate) Close() error {
	close(g.shut) // twice would panic
	return g.memory.Close()
}

// bubble runs a test of a mixer in fake time; it fails when a goroutine is left. The mixer's w is closed and parsed at the end.
func bubble(t *testing.T, c Config, f func(m *Mixer, begin time.Time)) (blocks []readBlock, m *Mixer) {
	t.Helper()
	var w memory
	synctest.Test(t, func(t *testing.T) {
		m = NewMixer(c)
		begin := time.Now()
		m.Begin(&w, begin)
		f(m, begin)
		<-m.End()
	})
	if err := m.Err(); err != nil || w.closed != 1 {
		t.Errorf("the stream ended with %v, and w was closed %d times", err, w.closed)
	}
	if left := m.Backlog(); left != 0 {
		t.Errorf("%v still wait after the end", left)
	}
	_, blocks = parse(t, w.buf.Bytes())
	return blocks, m
}

// play calls Fill whenever it wants to be called, until so long after begin, and lets the writer keep up. before runs before each Fill, and may name
// an earlier time at which it wants to run; the zero time when not.
func play(t *testing.T, m *Mixer, begin time.Time, from, until time.Duration, before func(now time.Time) time.Time) {
	t.Helper()
	end := begin.Add(until)
	for now := begin.Add(from); now.Before(end); {
		var own time.Time
		if before != nil {
			own = before(now)
		}
		next := m.Fill(now)
		if !next.After(now) {
			t.Fatalf("at %v Fill wants to be called at %v", now.Sub(begin), next.Sub(begin))
		}
		if !own.IsZero() && own.Before(next) {
			next = own
		}
		synctest.Wait()
		now = next
	}
}

// tone returns n samples that tell their place: sample i of a stream holds i+1, in both channels.
func tone(from, n int) []byte {
	var b []byte
	for i := range n {
		b = binary.LittleEndian.AppendUint32(b, uint32(from+i+1))
	}
	return b
}

// colour returns a picture.
func colour(c Config, value byte) []byte { return bytes.Repeat([]byte{value}, c.size()) }

// samples returns a stream's samples; silence is 0.
func samples(pcm []byte) (list []uint32) {
	for ; len(pcm) > 0; pcm = pcm[4:] {
		list = append(list, binary.LittleEndian.Uint32(pcm))
	}
	return list
}

const ms = time.Millisecond

// last is a w that keeps the time of the last block only.
type last struct{ at uint64 }

func (l *last) Write(p []byte) (int, error) {
	if len(p) > 22 && bytes.HasPrefix(p, []byte{0x1f, 0x43, 0xb6, 0x75}) {
		l.at = binary.BigEndian.Uint64(p[14:])
	}
	return len(p), nil
}

func (l *last) Close() error { return nil }
