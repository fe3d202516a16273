package demux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gotgcall/internal/demux/ivftest"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/models"
)

func TestIVFRefusesWhatIsNotVP8InIVF(t *testing.T) {
	frames := ivftest.Frames(3, 1, 50)
	whole := ivftest.Stream{HeaderSize: 40}.Bytes(frames)
	// with returns the stream with 32 bits of its header changed.
	with := func(at int, value uint32) []byte {
		b := ivftest.Stream{}.Bytes(frames)
		binary.LittleEndian.PutUint32(b[at:], value)
		return b
	}
	const size64x48 = 48<<16 | 64
	inter := ivftest.Stream{}.Bytes([]ivftest.Frame{{PTS: 0, Data: ivftest.Inter(50, 1)}, {PTS: 1, Data: ivftest.Inter(50, 2)}})
	for _, c := range []struct {
		name string
		data []byte
		text string // part of the error
		eof  bool   // it is io.ErrUnexpectedEOF as well
	}{
		{"no data", nil, "found no data", false},
		{"HTML", []byte("<!DOCTYPE html><html><body>Not found</body></html>"), `"<!DOCTYPE html><"`, false},
		{"short text", []byte("hi"), `"hi"`, false},
		{"PNG", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10"), "PNG", false},
		{"Ogg", oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(3, 960, 30))), `found data that begins with "OggS`, false},
		{"a lot of zeros", make([]byte, 1<<20), `\x00`, false},
		{"cut in the signature", whole[:2], "inside its header", true},
		{"cut in the header", whole[:31], "inside its header", true},
		{"cut in the rest of a long header", whole[:39], "inside its header", true},
		{"version 1", ivftest.Stream{Version: 1}.Bytes(frames), "version 1", false},
		{"a header of 31 bytes", with(4, 31<<16), "31 bytes", false},
		{"a header of no bytes", with(4, 0), "0 bytes", false},
		{"AV1", ivftest.Stream{FourCC: "AV01"}.Bytes(frames), `"AV01", expected "VP80": encode with -c:v libvpx`, false},
		{"VP9", ivftest.Stream{FourCC: "VP90"}.Bytes(frames), `"VP90"`, false},
		{"a codec that is no text", with(8, 0xff00_0102), `"\x02\x01\x00\xff"`, false},
		{"width 0", with(12, 48<<16), "0x48", false},
		{"height 0", with(12, 64), "64x0", false},
		{"width 16384", with(12, size64x48&^0xffff|16384), "16384x48", false},
		{"height 65535", with(12, 0xffff0040), "64x65535", false},
		{"a time base over 0", with(16, 0), "time base 1/0 s", false},
		{"a time base of 0", with(20, 0), "time base 0/30 s", false},
		{"no key frame", inter, "none of the 2 frames", false},
		{"a frame of 3 GiB", slices.Concat(whole[:40], []byte{0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0}), "3221225472 bytes, expected at most 4194304", false},
		{"a frame one byte too large", slices.Concat(whole[:40], []byte{1, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0}), "4194305 bytes", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames, err := readIVF(t, bytes.NewReader(c.data))
			if len(frames) != 0 || !errors.Is(err, models.ErrFormat) || err == io.EOF {
				t.Fatalf("%d frames and error %v, want ErrFormat", len(frames), err)
			}
			if !strings.Contains(err.Error(), c.text) {
				t.Errorf("the error %q does not say %q", err, c.text)
			}
			if errors.Is(err, io.ErrUnexpectedEOF) != c.eof {
				t.Errorf("the error %q is io.ErrUnexpectedEOF: %v, want %v", err, !c.eof, c.eof)
			}
		})
	}
}

func TestIVFTheLargestPictureIsAccepted(t *testing.T) {
	for _, s := range []ivftest.Stream{{Width: 1, Height: 1}, {Width: 16383, Height: 16383}} {
		if frames, err := readIVF(t, bytes.NewReader(s.Bytes(ivftest.Frames(2, 1, 20)))); len(frames) != 2 || err != io.EOF {
			t.Errorf("%dx%d: %d frames and %v", s.Width, s.Height, len(frames), err)
		}
	}
}

func TestIVFEndInTheMiddleIsUnexpectedEOF(t *testing.T) {
	list := ivftest.Frames(5, 1, 40)
	data := ivftest.Stream{}.Bytes(list)
	for cut := 32; cut <= len(data); cut++ {
		frames, err := readIVF(t, bytes.NewReader(data[:cut]))
		want := (cut - 32) / 52
		if (cut-32)%52 == 0 { // between frames
			if err != io.EOF {
				t.Fatalf("cut at %d, between frames: %v, want io.EOF", cut, err)
			}
		} else if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, models.ErrFormat) {
			t.Fatalf("cut at %d: %v, want io.ErrUnexpectedEOF", cut, err)
		}
		if len(frames) != want {
			t.Fatalf("cut at %d: %d frames, want %d", cut, len(frames), want)
		}
	}
	for cut, where := range map[int]string{len(data) - 1: "in the middle of a frame, at 133ms", 32 + 20: "in the middle of a frame, at 0s",
		len(data) - 41: "in the middle of a frame's header, at 133ms"} {
		if _, err := readIVF(t, bytes.NewReader(data[:cut])); !strings.Contains(err.Error(), where) {
			t.Errorf("the error %q does not say %q", err, where)
		}
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestIVFMemoryFollowsWhatWasReadNotWhatSizesClaim(t *testing.T) {
	claim := func(size uint32, body []byte) []byte {
		h := binary.LittleEndian.AppendUint32(ivftest.Stream{}.Header(), size)
		return append(append(h, make([]byte, 8)...), body...)
	}
	large := ivftest.Key(MaxFrame, 7)
	for name, c := range map[string]struct {
		data  []byte
		want  int // frames
		limit uint64
	}{
		"44 bytes that announce 3 GiB":             {claim(3<<30, nil), 0, 128 << 10},
		"44 bytes that announce 4 GiB":             {claim(1<<32-1, nil), 0, 128 << 10},
		"44 bytes that announce as much as may be": {claim(MaxFrame, nil), 0, 128 << 10},
		"64 KiB of it":                             {claim(MaxFrame, large[:firstChunk]), 0, 1 << 20},
		"all but a byte of it":                     {claim(MaxFrame, large[:MaxFrame-1]), 0, 5 << 20},
		"all of it":                                {claim(MaxFrame, large), 1, 5 << 20},
		"a header of 65,535 bytes":                 {ivftest.Stream{HeaderSize: 65535}.Header()[:40], 0, 64 << 10},
	} {
		var frames []Frame
		n := allocated(func() { frames, _ = readIVF(t, bytes.NewReader(c.data)) })
		if n > c.limit || len(frames) != c.want {
			t.Errorf("%s: %d frames and %d bytes allocated, want %d and at most %d", name, len(frames), n, c.want, c.limit)
		}
		if c.want == 1 && !bytes.Equal(frames[0].Data, large) {
			t.Errorf("%s: other bytes than were written", name)
		}
	}
}

func TestIVFSmallFramesHaveNoMoreMemoryThanBytes(t *testing.T) {
	frames, _ := readIVF(t, bytes.NewReader(ivftest.Stream{}.Bytes(ivftest.Frames(10, 1, 700))))
	for i, f := range frames {
		if cap(f.Data) > len(f.Data)+64 {
			t.Errorf("frame %d of %d bytes holds %d", i, len(f.Data), cap(f.Data))
		}
	}
}

func TestIVFGivesUpOnEndlessInputWithoutFrames(t *testing.T) {
	const limit = 1 << 20 // instead of maxBetweenFrames, to be quick
	some := ivftest.Stream{}.Bytes(ivftest.Frames(3, 1, 50))
	for name, c := range map[string]struct {
		opening, data []byte
		want          int
	}{
		"empty frames":           {some, make([]byte, 12), 3},
		"empty frames only":      {ivftest.Stream{}.Header(), make([]byte, 12), 0},
		"frames without a key":   {ivftest.Stream{}.Header(), ivftest.Frame{Data: ivftest.Inter(5000, 1)}.Bytes(), 0},
		"frames of two bytes":    {some, ivftest.Frame{Data: []byte{1, 2}}.Bytes(), 3},
		"key frames of no codec": {some, ivftest.Frame{Data: make([]byte, 100)}.Bytes(), 3},
	} {
		e := &endless{data: c.data}
		v := NewIVF(io.MultiReader(bytes.NewReader(c.opening), e))
		if v.tooLong != maxBetweenFrames {
			t.Fatalf("%d bytes may be passed over, want %d", v.tooLong, maxBetweenFrames)
		}
		v.tooLong = limit
		frames, err := drain(t, v)
		if len(frames) != c.want || !errors.Is(err, models.ErrFormat) {
			t.Errorf("%s: %d frames and %v, want %d and ErrFormat", name, len(frames), err, c.want)
		}
		if e.read > 2*limit {
			t.Errorf("%s: %d bytes read", name, e.read)
		}
	}
}

func TestIVFWhatIsPassedOverCountsFromTheLastFrame(t *testing.T) {
	empty := ivftest.Frame{}.Bytes()
	data := ivftest.Stream{}.Header()
	for _, f := range ivftest.Frames(100, 1, 20) {
		data = append(append(data, f.Bytes()...), bytes.Repeat(empty, 10)...)
	}
	v := NewIVF(bytes.NewReader(data))
	v.tooLong = 10 * int64(len(empty))
	if frames, err := drain(t, v); len(frames) != 100 || err != io.EOF {
		t.Errorf("%d frames and %v, want 100 and io.EOF", len(frames), err)
	}
}
