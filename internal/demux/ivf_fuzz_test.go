package demux

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"gotgcall/internal/demux/ivftest"
)

// FuzzIVF checks what holds for every input, memory included.
func FuzzIVF(f *testing.F) {
	for _, c := range rates {
		f.Add(ivftest.Stream{Num: c.num, Den: c.den}.Bytes(ivftest.Frames(4, c.step, 12)))
	}
	key, next := ivftest.Key(12, 1), ivftest.Inter(12, 2)
	uneven := []ivftest.Frame{
		{PTS: 9, Data: next}, {PTS: 10, Data: key}, {PTS: 11}, {PTS: 12, Data: ivftest.Hidden(9, 3)}, {PTS: 12, Data: next}, {PTS: 1, Data: next},
		{PTS: 1, Data: next}, {PTS: 1 << 40, Data: key[:9]}, {PTS: 1 << 41, Data: key}, {PTS: 1<<64 - 1, Data: next},
	}
	f.Add(ivftest.Stream{Num: 1, Den: 1000, HeaderSize: 36}.Bytes(uneven))
	f.Add(ivftest.Stream{FourCC: "AV01"}.Bytes(uneven))
	f.Add(append(ivftest.Stream{}.Header(), 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0))
	f.Add(append(ivftest.Stream{}.Header(), 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	f.Add(ivftest.Stream{}.Bytes(uneven)[:60])
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		var frames []Frame
		var err error
		most := uint64(1<<20 + 16*len(data)) // the frames, the list of them, and one chunk that is not filled
		if n := allocated(func() { frames, err = readIVF(t, bytes.NewReader(data)) }); n > most {
			t.Errorf("%d bytes allocated for an input of %d", n, len(data))
		}
		checkVideo(t, frames, len(data))
		again, errAgain := readIVF(t, iotest.OneByteReader(bytes.NewReader(data)))
		same := slices.EqualFunc(frames, again, func(a, b Frame) bool {
			return bytes.Equal(a.Data, b.Data) && a.PTS == b.PTS && a.Duration == b.Duration && a.Key == b.Key
		})
		if !same || err.Error() != errAgain.Error() {
			t.Errorf("byte by byte: %d frames and %q, at once %d and %q", len(again), errAgain, len(frames), err)
		}
		cause := io.ErrClosedPipe
		crashed, errCrash := readIVF(t, io.MultiReader(bytes.NewReader(data), iotest.ErrReader(cause)))
		if errCrash == io.EOF || len(crashed) != len(frames) {
			t.Errorf("a failing reader ends with %v after %d frames, want %d", errCrash, len(crashed), len(frames))
		}
	})
}

// checkVideo checks what holds for every input of n bytes.
func checkVideo(t *testing.T, frames []Frame, n int) {
	t.Helper()
	pts, total := int64(-1), 0
	for i, f := range frames {
		total += ivfFrameHeader + len(f.Data)
		if f.PTS <= pts || f.PTS > maxPTS || f.Duration <= 0 || f.Duration > maxPTS {
			t.Fatalf("frame %d has PTS %d and duration %d after PTS %d", i, f.PTS, f.Duration, pts)
		}
		if len(f.Data) < vp8Tag || f.Key != isVP8Key(f.Data) || i == 0 && !f.Key {
			t.Fatalf("frame %d of %d bytes: key %v", i, len(f.Data), f.Key)
		}
		pts = f.PTS
	}
	if total > n {
		t.Fatalf("%d bytes of frames from %d bytes", total, n)
	}
}
