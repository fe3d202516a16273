package demux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"gotgcall/models"
)

// mp4Box is a box with a payload that is made of parts.
func mp4Box(kind string, parts ...[]byte) []byte {
	payload := slices.Concat(parts...)
	return slices.Concat(be32(8+len(payload)), []byte(kind), payload)
}

// be32 are big-endian numbers of 32 bits.
func be32(numbers ...int) (b []byte) {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, uint32(n)) //nolint:gosec // small ones
	}
	return b
}

// mp4Song are the fields of a small MP4 file that a test may change.
type mp4Song struct {
	handler, entry string
	entries        int
	channels       byte
	family, gain   byte
	scale          int
	edits          []int // segment durations and media times, in turns
	version        int   // of mvhd
	editsLast      bool  // behind the description of the media
}

func newMP4Song() mp4Song {
	return mp4Song{handler: "soun", entry: "Opus", entries: 1, channels: 2, scale: 48000, edits: []int{4000, 312}}
}

// track is its sound track, of four seconds.
func (s mp4Song) track() []byte {
	dops := mp4Box("dOps", []byte{0, s.channels, 312 >> 8, 312 & 0xff}, be32(48000), []byte{0xff, s.gain, s.family})
	if s.gain == 0 {
		dops[8+8] = 0
	}
	entry := mp4Box(s.entry, make([]byte, 28), mp4Box("btrt", be32(0, 0, 0)), dops)
	var edits []byte
	if s.edits != nil {
		list := be32(0, len(s.edits)/2)
		for e := range slices.Chunk(s.edits, 2) {
			list = append(list, be32(e[0], e[1], 1<<16)...)
		}
		edits = mp4Box("edts", mp4Box("elst", list))
	}
	media := mp4Box("mdia",
		mp4Box("mdhd", be32(0, 0, 0, s.scale, 4*s.scale+312, 0)),
		mp4Box("hdlr", be32(0, 0), []byte(s.handler), make([]byte, 13)),
		mp4Box("minf", mp4Box("smhd", be32(0, 0)), mp4Box("stbl", mp4Box("stsd", be32(0, s.entries), entry))))
	if s.editsLast {
		edits, media = media, edits
	}
	return mp4Box("trak", mp4Box("tkhd", make([]byte, 84)), edits, media)
}

func (s mp4Song) file() []byte {
	film := newMP4Song()
	film.handler, film.entry = "vide", "avc1"
	return slices.Concat(mp4Box("ftyp", []byte("isom"), be32(512)),
		be32(1), []byte("free"), be32(0, 16), // with a size of 64 bits
		mp4Box("moov", mp4Box("mvhd", be32(s.version<<24, 0, 0, 1000, 4000), make([]byte, 80)), film.track(), s.track()),
		be32(0), []byte("mdat"), make([]byte, 1000)) // to the end of the file
}

func TestOpusInMP4IsFound(t *testing.T) {
	for name, change := range map[string]func(*mp4Song){
		"stereo":      func(*mp4Song) {},
		"mono":        func(s *mp4Song) { s.channels = 1 },
		"with a gain": func(s *mp4Song) { s.gain = 0x80 },
		"fragmented":  func(s *mp4Song) { s.edits = []int{0, 312} },
		"unedited":    func(s *mp4Song) { s.edits = nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := newMP4Song()
			change(&s)
			file := s.file()
			head, err := InspectMP4(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			want := OpusHead{Channels: int(s.channels), PreSkip: 312}
			if s.gain != 0 {
				want.Gain = -256 + int(s.gain)
			}
			if head != want {
				t.Errorf("the head is %+v, expected %+v", head, want)
			}
		})
	}
}

func TestMP4WhosePacketsAreNotWhatItPlaysIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*mp4Song)
		says   string
	}{
		"AAC":                       {func(s *mp4Song) { s.entry = "mp4a" }, `"mp4a"`},
		"two descriptions":          {func(s *mp4Song) { s.entries = 2 }, "2 descriptions"},
		"six channels":              {func(s *mp4Song) { s.channels = 6 }, "6 channels"},
		"another mapping":           {func(s *mp4Song) { s.family = 1 }, "family 1"},
		"no sound":                  {func(s *mp4Song) { s.handler = "text" }, "no description of its sound"},
		"its beginning is cut off":  {func(s *mp4Song) { s.edits = []int{3000, 48000} }, "edit list"},
		"its end is cut off":        {func(s *mp4Song) { s.edits = []int{3000, 312} }, "edit list"},
		"a piece is cut out":        {func(s *mp4Song) { s.edits = []int{1000, 312, 1000, 96000} }, "edit list"},
		"another clock":             {func(s *mp4Song) { s.scale = 44100 }, "edit list"},
		"a version with long times": {func(s *mp4Song) { s.version = 1 }, "version 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newMP4Song()
			c.change(&s)
			file := s.file()
			_, err := InspectMP4(bytes.NewReader(file), int64(len(file)))
			if !errors.Is(err, models.ErrFormat) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, expected ErrFormat with %q", err, c.says)
			}
		})
	}
}

func TestABrokenMP4IsRefusedAndABeginningAsksForMore(t *testing.T) {
	file := newMP4Song().file()
	size := int64(len(file))
	described := bytes.Index(file, []byte("mdat"))
	for n := 8; n < described-4; n += 7 {
		if _, err := InspectMP4(bytes.NewReader(file[:n]), size); !errors.Is(err, io.EOF) || !errors.Is(err, models.ErrFormat) {
			t.Fatalf("of %d bytes: %v, expected ErrFormat and io.EOF", n, err)
		}
		if _, err := InspectMP4(bytes.NewReader(file[:n]), int64(n)); !errors.Is(err, models.ErrFormat) {
			t.Fatalf("cut off after %d bytes: %v, expected ErrFormat", n, err)
		}
	}
	last := newMP4Song()
	last.editsLast = true
	file = last.file()
	edits := bytes.LastIndex(file, []byte("edts")) - 4
	for n := edits; n < edits+32; n++ { // where the beginning ends before its edits, nobody knows whether there are any
		if _, err := InspectMP4(bytes.NewReader(file[:n]), int64(len(file))); !errors.Is(err, io.EOF) {
			t.Fatalf("of %d bytes, without the edits: %v, expected io.EOF", n, err)
		}
	}
	many := slices.Concat(mp4Box("ftyp"), bytes.Repeat(mp4Box("free"), 1<<20))
	if _, err := InspectMP4(bytes.NewReader(many), int64(len(many))); err == nil || !strings.Contains(err.Error(), "more than 1000 boxes") {
		t.Errorf("a million boxes: %v", err)
	}
}

// FuzzInspectMP4 checks that all bytes have an end, and that what is accepted is within its range.
func FuzzInspectMP4(f *testing.F) {
	f.Add(newMP4Song().file())
	long := newMP4Song()
	long.version = 1
	f.Add(long.file())
	f.Add(mp4Box("ftyp"))
	f.Add(slices.Concat(mp4Box("ftyp"), be32(1), []byte("moov"), be32(-1, -1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		head, err := InspectMP4(bytes.NewReader(data), int64(len(data)))
		if err != nil && !errors.Is(err, models.ErrFormat) {
			t.Fatalf("%v, expected ErrFormat", err)
		}
		if err == nil && (head.Channels < 1 || head.Channels > 2) {
			t.Fatalf("%+v", head)
		}
	})
}
