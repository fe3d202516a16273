package broadcast

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/leak"
)

func TestAHungConnectionIsSeenAndBounded(t *testing.T) {
	c := Config{Width: 640, Height: 360, FPS: 30}
	synctest.Test(t, func(t *testing.T) {
		w := newGate()
		m := NewMixer(c)
		begin := time.Now()
		m.Begin(w, begin)
		audio := func(i int) { m.Audio(begin.Add(time.Duration(i)*20*ms), tone(i*960, 960)) }
		for i := range 500 { // 10 s
			audio(i)
			m.Video(begin.Add(time.Duration(i)*20*ms), colour(c, byte(i)))
			synctest.Wait()
			if got, want := m.Backlog(), time.Duration(i+1)*20*ms; got != want {
				t.Fatalf("backlog %v, want %v", got, want)
			}
		}
		s := m.Stats()
		if s.Refused != 0 || s.Audio != 10*time.Second || s.Pictures != 26 || s.Dropped != 474 {
			t.Errorf("after 10 s: %+v", s)
		}
		audio(500)
		audio(501)
		if s := m.Stats(); s.Refused != 40*ms || s.Audio != 10*time.Second || m.Backlog() != 10*time.Second {
			t.Errorf("after more: %+v, backlog %v", s, m.Backlog())
		}
		close(w.opened) // too late
		synctest.Wait()
		now := begin.Add(12 * time.Second)
		if next := m.Fill(now); !next.After(now) || m.Backlog() != 10*time.Second {
			t.Errorf("the backlog is %v, Fill wants to be called at %v", m.Backlog(), next.Sub(now))
		}
		audio(600)
		m.Video(now, colour(c, 1))
		<-m.End()
		if s := m.Stats(); s.Refused != 60*ms || s.Silence != 0 || s.Dropped != 475 {
			t.Errorf("in the end: %+v", s)
		}
		_, blocks := parse(t, w.buf.Bytes())
		if n := len(sound(t, blocks)) / 4; n != 480_000 || len(pictures(t, blocks)) != 26 {
			t.Errorf("%d samples and %d pictures were written", n, len(pictures(t, blocks)))
		}
		m.Begin(&memory{}, now)
		m.Audio(now, tone(0, 960))
		synctest.Wait()
		if m.Backlog() != 0 || m.Stats().Refused != 60*ms {
			t.Errorf("a new connection has the backlog %v", m.Backlog())
		}
		<-m.End()
	})
}

func TestFillAloneShowsAHungConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer(small)
		begin := time.Now()
		m.Begin(newGate(), begin)
		play(t, m, begin, 0, 12*time.Second, nil)
		if m.Backlog() < 10*time.Second || m.Stats().Silence > 10100*ms {
			t.Errorf("backlog %v, %+v", m.Backlog(), m.Stats())
		}
		m.Abort()
		<-m.End()
	})
}

func TestWaitingPicturesAreBoundedBySizeAndOneMayAlwaysWait(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   uint64
	}{{Config{Width: 4096, Height: 4096, FPS: 30}, 1}, {Config{Width: 2048, Height: 2048, FPS: 30}, 4}, {Config{Width: 640, Height: 360, FPS: 30}, 10}} {
		synctest.Test(t, func(t *testing.T) {
			m := NewMixer(c.config)
			begin := time.Now()
			m.Begin(newGate(), begin)
			picture := colour(c.config, 1)
			for i := range 10 {
				m.Video(begin.Add(time.Duration(i)*33*ms), picture)
			}
			if s := m.Stats(); s.Pictures != c.want || s.Dropped != 10-c.want {
				t.Errorf("%v: %+v, want %d to wait", c.config, s, c.want)
			}
			m.Abort()
			<-m.End()
			if s := m.Stats(); s.Dropped < 9 || m.Backlog() != 0 {
				t.Errorf("%v: after Abort %+v, backlog %v", c.config, s, m.Backlog())
			}
		})
	}
}

func TestEndWritesWhatWaitsAndAbortDoesNot(t *testing.T) {
	for _, abort := range []string{"never", "at once", "after End"} {
		synctest.Test(t, func(t *testing.T) {
			w := newGate()
			m := NewMixer(small)
			begin := time.Now()
			m.Begin(w, begin)
			m.Audio(begin, tone(0, 48000))
			m.Video(begin, colour(small, 1))
			if abort == "at once" {
				m.Abort()
			}
			drained := m.End()
			synctest.Wait()
			select {
			case <-drained:
				if abort != "at once" {
					t.Errorf("abort %s: drained before anything was taken", abort)
				}
			default:
			}
			switch abort {
			case "never":
				close(w.opened)
			case "after End":
				m.Abort()
			}
			<-drained
			want := 0
			if abort == "never" {
				want = 48000 * 4
			}
			if _, blocks := parse(t, w.buf.Bytes()); len(sound(t, blocks)) != want || w.closed != 1 || m.Err() != nil {
				t.Errorf("abort %s: %d bytes of sound, want %d; closed %d times, %v", abort, len(sound(t, blocks)), want, w.closed, m.Err())
			}
			m.Abort()
			<-m.End()
		})
	}
}

// failing is a w that fails after so many bytes, or when it is closed.
type failing struct {
	memory
	after int
	cause error
	close error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.buf.Len()+len(p) > f.after {
		return 0, f.cause
	}
	return f.memory.Write(p)
}

func (f *failing) Close() error {
	f.memory.Close()
	return f.close
}

func TestAWriterThatFailsIsClosedAndItsErrorKept(t *testing.T) {
	c := Config{Width: 160, Height: 90, FPS: 30}
	head, err := header(c)
	if err != nil {
		t.Fatal(err)
	}
	for after, what := range map[int]string{0: "the header", len(head): "a block's header", len(head) + 40: "a picture", 100_000: "later"} {
		synctest.Test(t, func(t *testing.T) {
			w := &failing{after: after, cause: errClosed}
			m := NewMixer(c)
			begin := time.Now()
			m.Begin(w, begin)
			sent := 0
			play(t, m, begin, 0, 20*time.Second, func(now time.Time) time.Time {
				m.Audio(begin.Add(time.Duration(sent)*20*ms), tone(0, 960))
				sent++
				return begin.Add(time.Duration(sent) * 20 * ms)
			})
			if err := m.Err(); !errors.Is(err, errClosed) || !strings.Contains(err.Error(), "writing") {
				t.Errorf("%s: the error is %v", what, err)
			}
			if w.closed != 1 || m.Backlog() != 0 || m.Stats().Refused < 15*time.Second {
				t.Errorf("%s: closed %d times, backlog %v, %+v", what, w.closed, m.Backlog(), m.Stats())
			}
			m.Abort()
			<-m.End()
			if w.closed != 1 || !errors.Is(m.Err(), errClosed) {
				t.Errorf("%s: after Abort closed %d times, %v", what, w.closed, m.Err())
			}
			m.Begin(&memory{}, begin)
			if m.Err() != nil {
				t.Errorf("%s: a new connection has the error %v", what, m.Err())
			}
			<-m.End()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer(c)
		m.Begin(&failing{after: 1 << 20, close: errClosed}, time.Now())
		<-m.End()
		if err := m.Err(); !errors.Is(err, errClosed) || !strings.Contains(err.Error(), "closing") {
			t.Errorf("closing failed, and the error is %v", err)
		}
	})
}

func TestEveryConnectionIsAStreamOfItsOwn(t *testing.T) {
	var first, second, third memory
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer(small)
		begin := time.Now()
		m.Video(begin, colour(small, 5)) // before any connection
		m.Audio(begin, tone(0, 960))
		m.Begin(&first, begin.Add(time.Second))
		play(t, m, begin, time.Second, 2*time.Second, nil)
		drained := m.End()
		m.Begin(&second, begin.Add(time.Hour))
		<-drained
		play(t, m, begin, time.Hour, time.Hour+time.Second, nil)
		m.Begin(&third, begin.Add(2*time.Hour)) // without End
		synctest.Wait()
		if second.closed != 1 || third.closed != 0 {
			t.Errorf("the second was closed %d times, the third %d times", second.closed, third.closed)
		}
		play(t, m, begin, 2*time.Hour, 2*time.Hour+time.Second, nil)
		<-m.End()
	})
	for i, w := range []*memory{&first, &second, &third} {
		head, blocks := parse(t, w.buf.Bytes())
		list := pictures(t, blocks)
		if len(list) < 13 || list[0].at != 0 || list[0].data[0] != 5 || len(head.Segment.Tracks.TrackEntry) != 2 {
			t.Errorf("stream %d has %d pictures", i, len(list))
		}
		if n := len(sound(t, blocks)) / 4; n < 48000-2880 || n > 48000 || len(pieces(samples(sound(t, blocks)))) != 1 {
			t.Errorf("stream %d has %d samples", i, n)
		}
	}
}

func TestWithoutAConnectionEverythingIsAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMixer(small)
		use := func(when string) {
			t.Helper()
			now := time.Now()
			m.Audio(now, tone(0, 960))
			m.Video(now, colour(small, 1))
			m.Black()
			if next := m.Fill(now); !next.IsZero() || m.Backlog() != 0 || m.Err() != nil {
				t.Errorf("%s: Fill wants to be called at %v, backlog %v, error %v", when, next, m.Backlog(), m.Err())
			}
			m.Abort()
			<-m.End()
			<-m.End()
		}
		use("never begun")
		w := &memory{}
		m.Begin(w, time.Now())
		<-m.End()
		use("ended")
		m.Begin(&memory{}, time.Now())
		m.Abort()
		use("aborted")
		if s := m.Stats(); s != (Stats{}) {
			t.Errorf("counted %+v", s)
		}
		if _, blocks := parse(t, w.buf.Bytes()); len(blocks) != 0 || w.closed != 1 {
			t.Errorf("%d blocks after the end, closed %d times", len(blocks), w.closed)
		}
	})
}

func TestAbortEndsAWriteIntoAPipeThatNobodyReads(t *testing.T) {
	leak.Check(t)
	c := Config{Width: 640, Height: 360, FPS: 30}
	for name, open := range map[string]func() (io.ReadCloser, io.WriteCloser, error){
		"os.Pipe": func() (io.ReadCloser, io.WriteCloser, error) { return os.Pipe() },
		"io.Pipe": func() (io.ReadCloser, io.WriteCloser, error) { r, w := io.Pipe(); return r, w, nil },
	} {
		r, w, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		m := NewMixer(c)
		begin := time.Now()
		m.Begin(w, begin)
		m.Video(begin, colour(c, 1)) // more than a pipe holds
		head, _ := header(c)
		if _, err := io.ReadFull(r, make([]byte, len(head)+35)); err != nil { // then the writer is at the picture
			t.Fatal(err)
		}
		m.Abort()
		select {
		case <-m.End():
		case <-time.After(20 * time.Second):
			t.Errorf("%s: the goroutine is still there 20 s after Abort", name)
		}
		if err := m.Err(); err != nil {
			t.Errorf("%s: Abort is taken for the error %v", name, err)
		}
	}
}

// slowToClose is a w whose Close waits.
type slowToClose struct {
	memory
	release chan struct{}
}

func (s *slowToClose) Close() error {
	<-s.release
	return s.memory.Close()
}

func TestACloseThatWaitsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowToClose{release: make(chan struct{})}
		m := NewMixer(small)
		m.Begin(w, time.Now())
		m.Abort() // returns, or the test hangs
		drained := m.End()
		synctest.Wait()
		select {
		case <-drained:
			t.Error("drained while Close still waits")
		default:
		}
		close(w.release)
		<-drained
	})
}

// slowToWrite is a w whose Write goes on for a while after Close.
type slowToWrite struct {
	memory
	release chan struct{}
}

func (s *slowToWrite) Write(p []byte) (int, error) {
	<-s.release
	return 0, errClosed
}

func TestDrainedMeansThatNothingIsWrittenAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowToWrite{release: make(chan struct{})}
		m := NewMixer(small)
		m.Begin(w, time.Now())
		m.Abort()
		drained := m.End()
		synctest.Wait()
		select {
		case <-drained:
			t.Error("drained while Write goes on")
		default:
		}
		close(w.release)
		<-drained
		if err := m.Err(); err != nil {
			t.Errorf("Abort is taken for the error %v", err)
		}
	})
}

func TestNumbersMayBeAskedFromAnywhere(t *testing.T) {
	leak.Check(t)
	m := NewMixer(small)
	quit := make(chan struct{})
	var askers sync.WaitGroup
	for range 3 {
		askers.Go(func() {
			for {
				select {
				case <-quit:
					return
				default:
					if m.Backlog() < 0 || m.Stats().Audio < 0 || m.Err() != nil {
						t.Error("impossible numbers")
						return
					}
				}
			}
		})
	}
	for range 5 {
		begin := time.Now()
		var w memory
		m.Begin(&w, begin)
		for i := range 100 {
			m.Audio(begin.Add(time.Duration(i)*20*ms), tone(i*960, 960))
			m.Video(begin.Add(time.Duration(i)*20*ms), colour(small, byte(i)))
			m.Fill(begin.Add(time.Duration(i) * 20 * ms))
		}
		<-m.End()
		_, blocks := parse(t, w.buf.Bytes())
		if got := pieces(samples(sound(t, blocks))); len(got) != 1 || got[0] != (piece{0, 96000}) {
			t.Errorf("the stream holds %v", got)
		}
	}
	close(quit)
	askers.Wait()
}

func TestTheHeaderTellsWhatFollows(t *testing.T) {
	data, err := header(Config{Width: 1280, Height: 720})
	if err != nil {
		t.Fatal(err)
	}
	b := block{track: videoTrack, at: 1<<40 + 5, data: []byte("picture")}
	stream := append(b.appendHeader(bytes.Clone(data)), b.data...)
	head, blocks := parse(t, stream)
	if len(blocks) != 1 || blocks[0].at != b.at || blocks[0].track != 2 || string(blocks[0].data) != "picture" {
		t.Errorf("the block reads as %+v", blocks)
	}
	tracks := head.Segment.Tracks.TrackEntry
	if head.EBML.EBMLDocType != "matroska" || head.Segment.Info.TimecodeScale != 1_000_000 || len(tracks) != 2 {
		t.Fatalf("the header is %+v", head)
	}
	a, v := tracks[0], tracks[1]
	if a.CodecID != "A_PCM/INT/LIT" || a.TrackType != 2 || *a.Audio != (audioTrackEntry{48000, 2, 16}) {
		t.Errorf("sound is %+v, %+v", a, a.Audio)
	}
	if v.CodecID != "V_UNCOMPRESSED" || v.TrackType != 1 || v.Video.PixelWidth != 1280 || v.Video.PixelHeight != 720 || string(v.Video.ColourSpace) != "I420" {
		t.Errorf("the picture is %+v, %+v", v, v.Video)
	}
}
