package demux

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"gotgcall/internal/demux/ivftest"
)

// readIVF reads every frame and returns them with the error that ended the stream.
func readIVF(t testing.TB, r io.Reader) ([]Frame, error) {
	t.Helper()
	return drain(t, NewIVF(r))
}

// drain reads every frame of a demuxer and returns them with the error that ended the stream.
func drain(t testing.TB, v *IVF) (list []Frame, err error) {
	t.Helper()
	for {
		f, err := v.Next()
		if err != nil {
			if again, errAgain := v.Next(); errAgain != err || again.Data != nil {
				t.Errorf("after the error %v, Next returns %d bytes and %v", err, len(again.Data), errAgain)
			}
			return list, err
		}
		list = append(list, f)
	}
}

// nearest is the PTS of a timestamp in exact arithmetic, halves rounded up.
func nearest(stamp uint64, num, den uint32) *big.Int {
	n := new(big.Int).SetUint64(stamp)
	n.Mul(n, big.NewInt(int64(num)*vp8Rate))
	n.Add(n, big.NewInt(int64(den/2)))
	return n.Div(n, big.NewInt(int64(den)))
}

// rates are time bases and steps between frames. They are seeds of the fuzz target as well.
var rates = []struct {
	name     string
	num, den uint32
	step     uint64
	first    int64 // duration of the first frame
}{
	{"15 fps", 1, 15, 1, 6000},
	{"23.976 fps", 1001, 24000, 1, 3754},
	{"25 fps", 1, 25, 1, 3600},
	{"29.97 fps", 1001, 30000, 1, 3003},
	{"59.94 fps", 1001, 60000, 1, 1502},
	{"120 fps", 1, 120, 1, 750},
	{"1 fps", 1, 1, 1, 90000},
	{"a picture in 5 s", 5, 1, 1, 3000},
	{"29.97 fps counted in 1/30000 s", 1, 30000, 1001, 3000},
	{"ticks of 90 kHz", 1, 90000, 3003, 3000},
	{"milliseconds", 1, 1000, 40, 3000},
	{"nanoseconds", 1, 1_000_000_000, 16_683_333, 3000},
	{"a time base that is not reduced", 4_000_000_000, 4_000_000_000 / 25 * 25, 1, 90000},
}

func TestIVFDeliversEveryFrameAtTheContainersTime(t *testing.T) {
	for _, c := range rates {
		frames := ivftest.Frames(40, c.step, 200)
		data := ivftest.Stream{Num: c.num, Den: c.den}.Bytes(frames)
		for name, r := range map[string]io.Reader{
			"at once":         bytes.NewReader(data),
			"half by half":    iotest.HalfReader(bytes.NewReader(data)),
			"EOF with data":   iotest.DataErrReader(bytes.NewReader(data)),
			"byte by byte":    iotest.OneByteReader(bytes.NewReader(data)),
			"with idle reads": &idleReader{r: bytes.NewReader(data)},
		} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				got, err := readIVF(t, r)
				if err != io.EOF || len(got) != len(frames) {
					t.Fatalf("%d frames and %v, want %d and io.EOF", len(got), err, len(frames))
				}
				for i, f := range got {
					if want := nearest(frames[i].PTS, c.num, c.den).Int64(); f.PTS != want {
						t.Errorf("frame %d has PTS %d, want %d", i, f.PTS, want)
					}
					if !bytes.Equal(f.Data, frames[i].Data) || f.Key != (i%30 == 0) {
						t.Errorf("frame %d has other bytes, or key %v is wrong", i, f.Key)
					}
				}
				checkDurations(t, got, c.first)
			})
		}
	}
}

// checkDurations checks frames at a constant rate: durations that fit their intervals to a tick, and the first one as given.
func checkDurations(t *testing.T, frames []Frame, first int64) {
	t.Helper()
	if frames[0].Duration != first {
		t.Errorf("the first frame lasts %d ticks, want %d", frames[0].Duration, first)
	}
	for i, f := range frames[1:] {
		if step := f.PTS - frames[i].PTS; f.Duration < step-1 || f.Duration > step {
			t.Errorf("frame %d lasts %d ticks and comes %d after the one before", i+1, f.Duration, step)
		}
	}
}

func TestIVFAnHourIsExactToTheTick(t *testing.T) {
	for _, c := range []struct {
		name     string
		num, den uint32
		frames   int
		want     int64 // PTS of the frame that an hour or a little less has before it
	}{
		{"29.97 fps", 1001, 30000, 107_892, 107_892 * 3003},
		{"59.94 fps", 1001, 60000, 215_784, 215_784 / 2 * 3003},
		{"23.976 fps", 1001, 24000, 86_312, 86_312 / 4 * 15015},
	} {
		list := ivftest.Frames(c.frames+1, 1, 10)
		frames, err := readIVF(t, bytes.NewReader(ivftest.Stream{Num: c.num, Den: c.den}.Bytes(list)))
		if err != io.EOF || len(frames) != len(list) {
			t.Fatalf("%s: %d frames and %v", c.name, len(frames), err)
		}
		if last := frames[c.frames]; last.PTS != c.want {
			t.Errorf("%s: after an hour the PTS is %d, want %d", c.name, last.PTS, c.want)
		}
	}
}

func TestIVFTimeIsExactForEveryTimestampAndTimeBase(t *testing.T) {
	limit := big.NewInt(maxPTS)
	check := func(stamp uint64, num, den uint32) {
		c := newIVFClock(num, den)
		got, ok := c.ticks(stamp)
		want := nearest(stamp, num, den)
		if fits := want.Cmp(limit) <= 0; ok != fits || ok && got != want.Int64() {
			t.Errorf("timestamp %d times %d/%d s is %d, %v, want %s, %v", stamp, num, den, got, ok, want, fits)
		}
	}
	stamps := []uint64{0, 1, 2, 1<<31 - 1, 1 << 32, 1<<49 - 1, 1 << 49, 1<<49 + 1, 1<<63 - 1, 1 << 63, 1<<64 - 2, 1<<64 - 1}
	bases := []uint32{1, 2, 3, 30, 1001, 30000, 89999, 90000, 90001, 1<<31 - 1, 1 << 31, 1<<32 - 1}
	for _, stamp := range stamps {
		for _, num := range bases {
			for _, den := range bases {
				check(stamp, num, den)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		check(rng.Uint64()>>rng.IntN(64), rng.Uint32()>>rng.IntN(32)|1, rng.Uint32()>>rng.IntN(32)|1)
	}
}

func TestIVFFramesBelongToTheReceiver(t *testing.T) {
	frames := ivftest.Frames(20, 1, 700)
	v := NewIVF(bytes.NewReader(ivftest.Stream{}.Bytes(frames)))
	var list []Frame
	for {
		f, err := v.Next()
		if err != nil {
			break
		}
		for _, old := range list {
			clear(old.Data[:cap(old.Data)])
		}
		if !bytes.Equal(f.Data, frames[len(list)].Data) {
			t.Fatalf("frame %d was changed by writing to those before it", len(list))
		}
		list = append(list, f)
	}
	if len(list) != len(frames) {
		t.Errorf("%d frames, want %d", len(list), len(frames))
	}
}

func TestIVFALongHeaderIsPassedOver(t *testing.T) {
	frames := ivftest.Frames(3, 1, 50)
	for _, size := range []uint16{32, 33, 48, 4096, 4097, 65535} {
		data := ivftest.Stream{HeaderSize: size}.Bytes(frames)
		got, err := readIVF(t, bytes.NewReader(data))
		if err != io.EOF || len(got) != 3 || !bytes.Equal(got[0].Data, frames[0].Data) {
			t.Errorf("a header of %d bytes: %d frames and %v", size, len(got), err)
		}
	}
}

func TestIVFReaderErrorsPassThroughAfterWholeFrames(t *testing.T) {
	cause := errors.New("the disk is on fire")
	data := ivftest.Stream{HeaderSize: 40}.Bytes(ivftest.Frames(5, 1, 50))
	for cut, want := range map[int]int{0: 0, 3: 0, 32: 0, 39: 0, 40: 0, 45: 0, 60: 0, len(data) - 1: 4, len(data): 5} {
		r := io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(cause))
		frames, err := readIVF(t, r)
		if err != cause || len(frames) != want {
			t.Errorf("cut at %d: %d frames and error %v, want %d and the cause", cut, len(frames), err, want)
		}
	}
}

func TestIVFClockRateIsThatOfRTP(t *testing.T) {
	if rate := NewIVF(nil).ClockRate(); rate != 90000 {
		t.Errorf("clock rate %d, want 90000", rate)
	}
}
