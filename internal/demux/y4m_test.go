package demux

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"gotgcall/models"
)

// y4mOf returns a stream of pictures of so many bytes, and what they hold.
func y4mOf(header, params string, pictures, size int) (stream, content []byte) {
	content = pattern(pictures * size)
	stream = []byte(header + "\n")
	for p := range slices.Chunk(content, size) {
		stream = append(stream, "FRAME"+params+"\n"...)
		stream = append(stream, p...)
	}
	return stream, content
}

func TestY4MGivesEveryPicture(t *testing.T) {
	for _, c := range []struct {
		header, params string
		width, height  int
	}{
		{"YUV4MPEG2 W64 H48 F30:1 Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=LIMITED", "", 64, 48},
		{"YUV4MPEG2 W2 H2 F25:1", "", 2, 2},
		{"YUV4MPEG2 H2 F25:1  W4096 ", " Ip", 4096, 2},
		{"YUV4MPEG2 W6 H10 F1:1 C420 It A0:0 Zx", " I" + strings.Repeat("x", 1000), 6, 10},
		{"YUV4MPEG2 W320 H240 F60:1 C420mpeg2", " ", 320, 240}, // more than the first chunk of memory
		{"YUV4MPEG2 W2 H2 F240:1 C420paldv X" + strings.Repeat("x", 989), "", 2, 2},
	} {
		size := c.width * c.height * 3 / 2
		stream, want := y4mOf(c.header, c.params, 5, size)
		for name, r := range readers(stream) {
			v := NewY4M(r)
			list, err := frames(t, v)
			if err != io.EOF || !bytes.Equal(content(list), want) || len(list) != 5 {
				t.Fatalf("%.40s, %s: %d pictures of %d bytes and %v", c.header, name, len(list), len(content(list)), err)
			}
			if v.Width() != c.width || v.Height() != c.height {
				t.Errorf("%.40s, %s: %dx%d", c.header, name, v.Width(), v.Height())
			}
			for i, f := range list {
				if !f.Key || len(f.Data) != size || cap(f.Data) > size+1024 {
					t.Errorf("%.40s, %s: picture %d: key %v, %d bytes in %d", c.header, name, i, f.Key, len(f.Data), cap(f.Data))
				}
			}
		}
	}
}

func TestY4MTimeIsExactAtEveryRate(t *testing.T) {
	for _, c := range []struct{ num, den int64 }{
		{30, 1}, {25, 1}, {30000, 1001}, {24000, 1001}, {60000, 1001}, {240, 1}, {1, 1}, {1, 5}, {7, 3}, {2997, 100}, {4294967295, 17895698},
	} {
		stream, _ := y4mOf(fmt.Sprintf("YUV4MPEG2 W2 H2 F%d:%d", c.num, c.den), "", 5000, 6)
		list, err := frames(t, NewY4M(bytes.NewReader(stream)))
		if err != io.EOF || len(list) != 5000 {
			t.Fatalf("%d/%d: %d pictures and %v", c.num, c.den, len(list), err)
		}
		place := func(n int) int64 { // in exact arithmetic, halves rounded up
			x := big.NewInt(int64(n) * 2 * 90000)
			x.Mul(x, big.NewInt(c.den)).Add(x, big.NewInt(c.num))
			return x.Div(x, big.NewInt(2*c.num)).Int64()
		}
		for n, f := range list {
			if f.PTS != place(n) || f.Duration != place(n+1)-place(n) {
				t.Fatalf("%d/%d: picture %d has PTS %d and duration %d, want %d and %d", c.num, c.den, n, f.PTS, f.Duration, place(n),
					place(n+1)-place(n))
			}
		}
	}
}

func TestY4MTimeBeyond198YearsIsRefused(t *testing.T) {
	stream, _ := y4mOf("YUV4MPEG2 W2 H2 F1:4294967295", "", 3, 6)
	list, err := frames(t, NewY4M(bytes.NewReader(stream)))
	if len(list) != 1 || !errors.Is(err, models.ErrFormat) || !strings.Contains(err.Error(), "picture 2") {
		t.Errorf("%d pictures of 136 years each, and %v", len(list), err)
	}
}

func TestY4MRefusesOtherPicturesAndOtherData(t *testing.T) {
	good := "YUV4MPEG2 W4 H4 F25:1"
	for _, c := range []refusal{
		{"no data", nil, "found no data", false},
		{"short text", []byte("hi"), `"hi"`, false},
		{"a line of text", []byte("hello\n"), `"hello"`, false},
		{"text without lines", make([]byte, 5000), `\x00`, false},
		{"another signature", []byte("YUV4MPEG3 W4 H4 F25:1\n"), "YUV4MPEG3", false},
		{"cut in the signature", []byte("YUV4"), "inside its header", true},
		{"cut in the header", []byte(good), "inside its header", true},
		{"a header of 1025 bytes", []byte(good + " X" + strings.Repeat("x", 1024-len(good)-2) + "\n"), "more than 1024 bytes", false},
		{"an endless header", []byte(good + " X" + strings.Repeat("x", 5000)), "more than 1024 bytes", false},
		{"no width", []byte("YUV4MPEG2 H4 F25:1\n"), "W, H and F among them", false},
		{"no height", []byte("YUV4MPEG2 W4 F25:1\n"), "W, H and F among them", false},
		{"no rate", []byte("YUV4MPEG2 W4 H4\n"), "W, H and F among them", false},
		{"an odd width", []byte("YUV4MPEG2 W5 H4 F25:1\n"), `"W5", expected an even number of 2 to 4096`, false},
		{"an odd height", []byte("YUV4MPEG2 W4 H3 F25:1\n"), `"H3"`, false},
		{"width 0", []byte("YUV4MPEG2 W0 H4 F25:1\n"), `"W0"`, false},
		{"width 4098", []byte("YUV4MPEG2 W4098 H4 F25:1\n"), `"W4098"`, false},
		{"a height beyond all numbers", []byte("YUV4MPEG2 W4 H99999999999999999999 F25:1\n"), `"H9999`, false},
		{"a negative height", []byte("YUV4MPEG2 W4 H-4 F25:1\n"), `"H-4"`, false},
		{"rate 0", []byte("YUV4MPEG2 W4 H4 F0:1\n"), `"F0:1"`, false},
		{"a rate over 0", []byte("YUV4MPEG2 W4 H4 F25:0\n"), `"F25:0"`, false},
		{"a rate without its half", []byte("YUV4MPEG2 W4 H4 F25\n"), `"F25"`, false},
		{"241 pictures per second", []byte("YUV4MPEG2 W4 H4 F241:1\n"), `"F241:1"`, false},
		{"a little more than 240", []byte("YUV4MPEG2 W4 H4 F240001:1000\n"), `"F240001:1000"`, false},
		{"4:2:2", []byte(good + " C422\n"), `"422", expected 4:2:0 of 8 bits`, false},
		{"10 bits", []byte(good + " C420p10\n"), `"420p10"`, false},
		{"grey", []byte(good + " Cmono\n"), `"mono"`, false},
		{"no picture", []byte(good + "\nframe\n"), `expected picture 1 of the Y4M data, which begins with "FRAME"; found "frame"`, false},
		{"FRAMES", []byte(good + "\nFRAMES\n"), `found "FRAMES"`, false},
		{"half a word", []byte(good + "\nFRA\n"), `found "FRA"`, false},
		{"an empty line", []byte(good + "\n\n"), `found ""`, false},
		{"an endless line", []byte(good + "\nFRAME " + strings.Repeat("x", 5000)), `found "FRAME xxx`, false},
		{"another word at the end", []byte(good + "\nEND"), `found "END"`, false},
	} {
		t.Run(c.name, func(t *testing.T) { checkRefusal(t, c, NewY4M(bytes.NewReader(c.data))) })
	}
}

func TestY4MEndInTheMiddleIsUnexpectedEOF(t *testing.T) {
	cause := errors.New("the disk is on fire")
	const head, picture = len("YUV4MPEG2 W4 H4 F25:1\n"), len("FRAME\n") + 24
	stream, _ := y4mOf("YUV4MPEG2 W4 H4 F25:1", "", 3, 24)
	for cut := head; cut <= len(stream); cut++ {
		list, err := frames(t, NewY4M(bytes.NewReader(stream[:cut])))
		if want := (cut - head) / picture; len(list) != want {
			t.Fatalf("cut at %d: %d pictures, want %d", cut, len(list), want)
		}
		if (cut-head)%picture == 0 && err != io.EOF || (cut-head)%picture != 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		failed, err := frames(t, NewY4M(io.MultiReader(bytes.NewReader(stream[:cut]), iotest.ErrReader(cause))))
		if err != cause || len(failed) != len(list) {
			t.Fatalf("failing at %d: %d pictures and %v, want %d and the cause", cut, len(failed), err, len(list))
		}
	}
	if _, err := frames(t, NewY4M(bytes.NewReader(stream[:len(stream)-1]))); !strings.Contains(err.Error(), "in the middle of a picture, at 80ms") {
		t.Errorf("the error %q does not say where", err)
	}
}

func TestY4MMemoryFollowsWhatWasReadNotWhatTheSizeClaims(t *testing.T) {
	const size = 4096 * 4096 * 3 / 2
	stream, want := y4mOf("YUV4MPEG2 W4096 H4096 F25:1", "", 1, size)
	for _, c := range []struct {
		cut   int
		limit uint64
	}{{1 << 6, 128 << 10}, {1 << 15, 256 << 10}, {1 << 20, 6 << 20}, {len(stream), 34 << 20}} {
		var list []Frame
		v := NewY4M(bytes.NewReader(stream[:c.cut]))
		n := allocated(func() { list, _ = frames(t, v) })
		if n > c.limit {
			t.Errorf("%d bytes of input: %d bytes allocated, want at most %d", c.cut, n, c.limit)
		}
		if c.cut == len(stream) && !bytes.Equal(content(list), want) {
			t.Error("other bytes than were written")
		}
	}
}

func TestY4MPicturesBelongToTheReceiver(t *testing.T) {
	stream, want := y4mOf("YUV4MPEG2 W64 H48 F25:1", "", 5, 4608)
	v := NewY4M(bytes.NewReader(stream))
	for i := range 5 {
		f, err := v.Next()
		if err != nil || !bytes.Equal(f.Data, want[i*4608:][:4608]) {
			t.Fatalf("picture %d was changed by writing to those before it, or %v", i, err)
		}
		clear(f.Data[:cap(f.Data)])
	}
}

func TestY4MClockRateIsThatOfVideo(t *testing.T) {
	if rate := NewY4M(nil).ClockRate(); rate != 90000 {
		t.Errorf("clock rate %d, want 90000", rate)
	}
}

func TestY4MOfFFmpegHasEveryPicture(t *testing.T) {
	for _, format := range []string{"yuv420p", "yuvj420p"} {
		input := []string{"-f", "lavfi", "-i", "testsrc=s=322x180:r=30000/1001:d=1", "-strict", "-1", "-pix_fmt", format, "-f"}
		y4m, raw := runFFmpeg(t, append(input, "yuv4mpegpipe", "-")...), runFFmpeg(t, append(input, "rawvideo", "-")...)
		v := NewY4M(bytes.NewReader(y4m))
		list, err := frames(t, v)
		if err != io.EOF || len(list) != 30 || !bytes.Equal(content(list), raw) || v.Width() != 322 || v.Height() != 180 || list[10].PTS != 30030 {
			t.Errorf("%s: %d pictures of %d bytes, %dx%d, and %v", format, len(list), len(content(list)), v.Width(), v.Height(), err)
		}
	}
}

// FuzzY4M checks what holds for every input, memory included.
func FuzzY4M(f *testing.F) {
	for _, header := range []string{"YUV4MPEG2 W4 H2 F30000:1001 Ip A1:1 C420jpeg", "YUV4MPEG2 W2 H2 F1:4294967295", "YUV4MPEG2 W4096 H4096 F240:1",
		"YUV4MPEG2 W2 H2 F25 C444"} {
		stream, _ := y4mOf(header, " Ip", 4, 12)
		f.Add(stream)
	}
	f.Add([]byte("YUV4MPEG2 "))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		end := int64(0)
		for i, f := range checkFuzzed(t, data, func(r io.Reader) Demuxer { return NewY4M(r) }) {
			if f.PTS != end || f.Duration < 374 || !f.Key || len(f.Data) < 6 || len(f.Data)%3 != 0 {
				t.Fatalf("picture %d of %d bytes has PTS %d, want %d, and duration %d", i, len(f.Data), f.PTS, end, f.Duration)
			}
			end = f.PTS + f.Duration
		}
	})
}

// BenchmarkY4M reads pictures of 1280x720; one operation is one picture.
func BenchmarkY4M(b *testing.B) {
	const size = 1280 * 720 * 3 / 2
	data, _ := y4mOf("YUV4MPEG2 W1280 H720 F30:1", "", 10, size)
	r := bytes.NewReader(data)
	v := NewY4M(r)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Next(); err != nil {
			r.Reset(data)
			v = NewY4M(r)
		}
	}
}
