package demux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// wavFmt returns a format chunk with its header.
func wavFmt(kind, channels uint16, rate uint32, bits uint16) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("fmt "), 16)
	b = le.AppendUint16(b, kind)
	b = le.AppendUint16(b, channels)
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate*uint32(channels)*uint32(bits)/8)
	b = le.AppendUint16(b, channels*bits/8)
	return le.AppendUint16(b, bits)
}

// chunk returns a chunk with its header and, at an odd size, the byte that fills it up.
func chunk(name string, body []byte) []byte {
	b := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body))), body...)
	return append(b, make([]byte, len(body)%2)...)
}

// extensible returns a format chunk of WAVE_FORMAT_EXTENSIBLE.
func extensible(kind string) []byte {
	b := wavFmt(0xfffe, 2, 48000, 16)[8:]
	b = append(b, 22, 0, 16, 0, 3, 0, 0, 0)
	return chunk("fmt ", append(b, kind...))
}

// wavOf joins chunks and the beginning of the data chunk.
func wavOf(size uint32, chunks ...[]byte) []byte {
	b := append([]byte("RIFF\xff\xff\xff\xffWAVE"), slices.Concat(chunks...)...)
	return binary.LittleEndian.AppendUint32(append(b, "data"...), size)
}

var goodFmt = wavFmt(1, 2, 48000, 16)

// wavOpenings are all ways to begin 10,000 bytes of samples.
var wavOpenings = map[string][]byte{
	"of unknown length":              wavOf(1<<32-1, goodFmt),
	"of length 0":                    wavOf(0, goodFmt),
	"of a known length":              wavOf(10_000, goodFmt),
	"of a length that is a lie":      wavOf(10_000_000, goodFmt),
	"with tags":                      wavOf(1<<32-1, goodFmt, chunk("LIST", make([]byte, 26))),
	"with tags before the format":    wavOf(1<<32-1, chunk("LIST", make([]byte, 9000)), goodFmt),
	"with tags of an odd size":       wavOf(1<<32-1, chunk("LIST", make([]byte, 27)), goodFmt, chunk("id3 ", []byte("x"))),
	"with an empty chunk":            wavOf(1<<32-1, chunk("fact", nil), goodFmt),
	"in the extensible format":       wavOf(1<<32-1, extensible(string(wavPCMKind))),
	"with a format that has 18":      wavOf(1<<32-1, chunk("fmt ", append(goodFmt[8:24:24], 0, 0))),
	"with a format that has 10,000":  wavOf(1<<32-1, chunk("fmt ", append(goodFmt[8:24:24], make([]byte, 9984)...))),
	"with tags of nearly the limit":  wavOf(1<<32-1, goodFmt, chunk("LIST", make([]byte, maxWAVHeader-8-24))),
	"with a known length, then tags": wavOf(10_000, goodFmt),
}

func TestWAVGivesEverySampleInFramesOf20ms(t *testing.T) {
	samples := pattern(10_000)
	for opening, data := range wavOpenings {
		data = slices.Concat(data, samples)
		if strings.HasSuffix(opening, ", then tags") {
			data = append(data, chunk("LIST", make([]byte, 50))...)
		}
		for name, r := range readers(data) {
			if name == "byte by byte" && len(data) > 1<<20 {
				continue // slow
			}
			list, err := frames(t, NewWAV(r))
			want := io.EOF
			if opening == "of a length that is a lie" {
				want = io.ErrUnexpectedEOF
			}
			if !errors.Is(err, want) || !bytes.Equal(content(list), samples) || len(list) != 3 {
				t.Fatalf("%s, %s: %d frames of %d bytes and %v", opening, name, len(list), len(content(list)), err)
			}
			for i, f := range list {
				if f.PTS != int64(i)*960 || f.Duration != min(960, 2500-f.PTS) || !f.Key {
					t.Errorf("%s, %s: frame %d has PTS %d, duration %d, key %v", opening, name, i, f.PTS, f.Duration, f.Key)
				}
			}
		}
	}
}

func TestWAVRefusesOtherSamplesAndOtherData(t *testing.T) {
	const live = 1<<32 - 1
	for _, c := range []refusal{
		{"no data", nil, "found no data", false},
		{"short text", []byte("hi"), `"hi"`, false},
		{"HTML", []byte("<!DOCTYPE html><html>"), `"<!DOCTYPE ht"`, false},
		{"AVI", []byte("RIFF\x00\x00\x00\x00AVI LIST"), `AVI "`, false},
		{"cut in the signature", []byte("RI"), "inside its header", true},
		{"cut in a chunk's header", wavOf(live, goodFmt)[:12+24+5], "inside its header", true},
		{"cut in the format", wavOf(live, goodFmt)[:30], "inside its header", true},
		{"cut in tags", wavOf(live, goodFmt, chunk("LIST", make([]byte, 90)))[:60], "inside its header", true},
		{"no samples", wavOf(live, goodFmt)[:36], "inside its header", true},
		{"samples without a format", wavOf(live), "before it says which format", false},
		{"a format of 4 bytes", wavOf(live, chunk("fmt ", []byte{1, 0, 2, 0})), "has 4 bytes, expected 16", false},
		{"44.1 kHz", wavOf(live, wavFmt(1, 2, 44100, 16)), "44100 Hz, expected PCM of 16 bits, 48000 Hz, 2 channels", false},
		{"mono", wavOf(live, wavFmt(1, 1, 48000, 16)), "1 channel(s), expected", false},
		{"24 bits", wavOf(live, wavFmt(1, 2, 48000, 24)), "24 bits", false},
		{"float", wavOf(live, wavFmt(3, 2, 48000, 32)), "0x0003", false},
		{"an unlikely block", wavOf(live, slices.Concat(goodFmt[:20], []byte{8}, goodFmt[21:])), "8 bytes", false},
		{"extensible float", wavOf(live, extensible("\x03"+string(wavPCMKind[1:]))), "0xfffe", false},
		{"extensible without its kind", wavOf(live, wavFmt(0xfffe, 2, 48000, 16)), "0xfffe", false},
		{"endless tags", append(wavOf(live, goodFmt)[:36], "LIST\xff\xff\xff\xff"...), "no samples within", false},
		{"many tags", wavOf(live, bytes.Repeat(chunk("LIST", make([]byte, 1<<20)), 17), goodFmt), "no samples within", false},
	} {
		t.Run(c.name, func(t *testing.T) { checkRefusal(t, c, NewWAV(bytes.NewReader(c.data))) })
	}
}

func TestWAVEndInTheMiddleIsUnexpectedEOF(t *testing.T) {
	for _, c := range []struct {
		name string
		size uint32
		data int
		want error
	}{
		{"no sample of unknown length", 1<<32 - 1, 0, io.EOF},
		{"whole samples of unknown length", 1<<32 - 1, 4000, io.EOF},
		{"half a sample of unknown length", 1<<32 - 1, 4002, io.ErrUnexpectedEOF},
		{"all of a known length", 4000, 4000, io.EOF},
		{"less than a known length", 4000, 3996, io.ErrUnexpectedEOF},
		{"nothing of a known length", 4000, 0, io.ErrUnexpectedEOF},
		{"a known length that ends in a sample", 4002, 4002, io.ErrUnexpectedEOF},
	} {
		list, err := frames(t, NewWAV(bytes.NewReader(append(wavOf(c.size, goodFmt), pattern(c.data)...))))
		if !errors.Is(err, c.want) || c.want == io.EOF && err != io.EOF {
			t.Errorf("%s ends with %v, want %v", c.name, err, c.want)
		}
		if got, want := content(list), pattern(c.data&^3); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, want %d", c.name, len(got), len(want))
		}
	}
}

func TestWAVReaderErrorsPassThroughAfterWholeSamples(t *testing.T) {
	cause := errors.New("the disk is on fire")
	head := wavOf(1<<32-1, goodFmt)
	data := append(head, pattern(10_000)...)
	for cut, want := range map[int]int{0: 0, 3: 0, 20: 0, 40: 0, len(head): 0, len(head) + 5: 4, len(head) + 4000: 4000, len(data): 10_000} {
		list, err := frames(t, NewWAV(io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(cause))))
		if err != cause || len(content(list)) != want {
			t.Errorf("cut at %d: %d bytes and %v, want %d and the cause", cut, len(content(list)), err, want)
		}
	}
}

func TestWAVFramesBelongToTheReceiver(t *testing.T) {
	v := NewWAV(bytes.NewReader(append(wavOf(1<<32-1, goodFmt), pattern(20_000)...)))
	for i := 0; ; i++ {
		f, err := v.Next()
		if err != nil {
			break
		}
		if want := pattern(20_000)[i*3840:][:len(f.Data)]; !bytes.Equal(f.Data, want) {
			t.Fatalf("frame %d was changed by writing to those before it", i)
		}
		clear(f.Data[:cap(f.Data)])
	}
}

func TestWAVClockRateIsItsSamples(t *testing.T) {
	if rate := NewWAV(nil).ClockRate(); rate != 48000 {
		t.Errorf("clock rate %d, want 48000", rate)
	}
}

func TestWAVOfFFmpegHasEverySample(t *testing.T) {
	wav := runFFmpeg(t, "-f", "lavfi", "-i", "sine=r=44100:d=1.23", "-ar", "48000", "-ac", "2", "-c:a", "pcm_s16le", "-f", "wav", "-")
	raw := runFFmpeg(t, "-f", "lavfi", "-i", "sine=r=44100:d=1.23", "-ar", "48000", "-ac", "2", "-c:a", "pcm_s16le", "-f", "s16le", "-")
	list, err := frames(t, NewWAV(bytes.NewReader(wav)))
	if err != io.EOF || !bytes.Equal(content(list), raw) || len(raw) < 48000*4 {
		t.Errorf("%d bytes of samples and %v, want %d", len(content(list)), err, len(raw))
	}
}

// runFFmpeg returns what ffmpeg writes to its standard output.
func runFFmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatalf("%v: make test installs it", err)
	}
	cmd := exec.CommandContext(t.Context(), ffmpeg, append([]string{"-nostdin", "-v", "error"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, &stderr)
	}
	return out
}

// FuzzWAV checks what holds for every input, memory included.
func FuzzWAV(f *testing.F) {
	for name, data := range wavOpenings {
		if len(data) < 1<<16 && !strings.Contains(name, "10,000") {
			f.Add(append(slices.Clone(data), pattern(50)...))
		}
	}
	f.Add(wavOf(8, wavFmt(1, 1, 44100, 8)))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVELIST\xff\xff\xff\xff"))
	f.Add([]byte("<html><body>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		list := checkFuzzed(t, data, func(r io.Reader) Demuxer { return NewWAV(r) })
		pts := int64(0)
		for i, f := range list {
			if f.PTS != pts || f.Duration*4 != int64(len(f.Data)) || f.Duration < 1 || f.Duration > 960 || f.Duration < 960 && i < len(list)-1 {
				t.Fatalf("frame %d of %d has PTS %d, want %d, and duration %d", i, len(list), f.PTS, pts, f.Duration)
			}
			pts += f.Duration
		}
	})
}

// checkFuzzed checks what holds for every input of a demuxer of raw media, and returns its frames.
func checkFuzzed(t *testing.T, data []byte, open func(io.Reader) Demuxer) []Frame {
	t.Helper()
	var list []Frame
	var err error
	most := uint64(1<<20 + 16*len(data)) // the frames, the list of them, and one chunk that is not filled
	if n := allocated(func() { list, err = frames(t, open(bytes.NewReader(data))) }); n > most {
		t.Errorf("%d bytes allocated for an input of %d", n, len(data))
	}
	if len(content(list)) > len(data) {
		t.Fatalf("%d bytes of frames from %d bytes", len(content(list)), len(data))
	}
	again, errAgain := frames(t, open(iotest.OneByteReader(bytes.NewReader(data))))
	same := slices.EqualFunc(list, again, func(a, b Frame) bool {
		return bytes.Equal(a.Data, b.Data) && a.PTS == b.PTS && a.Duration == b.Duration && a.Key == b.Key
	})
	if !same || err.Error() != errAgain.Error() {
		t.Errorf("byte by byte: %d frames and %q, at once %d and %q", len(again), errAgain, len(list), err)
	}
	cause := io.ErrClosedPipe
	crashed, errCrash := frames(t, open(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(cause))))
	if len(crashed) != len(list) || errCrash == io.EOF && err != io.EOF {
		t.Errorf("a failing reader ends with %v after %d frames, want %d", errCrash, len(crashed), len(list))
	}
	return list
}
