package demux

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"gotgcall/internal/demux/oggtest"
	wt "gotgcall/internal/demux/webmtest"
	"gotgcall/models"
)

// countedReads is a file that counts what is read of it.
type countedReads struct {
	io.ReaderAt
	reads, bytes int
}

func (c *countedReads) ReadAt(b []byte, offset int64) (int, error) {
	c.reads++
	c.bytes += len(b)
	return c.ReaderAt.ReadAt(b, offset)
}

// sought are the packets from a moment on, found by a search.
func sought(t *testing.T, place Place, data []byte, moment int64) []Frame {
	t.Helper()
	frames, err := readDemuxer(t, NewSection(place.Open(bytes.NewReader(data[place.Offset:])), place.Origin, moment, 0))
	if err != io.EOF {
		t.Fatalf("from %d: %v", moment, err)
	}
	return frames
}

// sameFrom fails unless the frames are those of the whole that have not ended at a moment.
func sameFrom(t *testing.T, whole, got []Frame, moment int64) {
	t.Helper()
	n := slices.IndexFunc(whole, func(f Frame) bool { return f.PTS+f.Duration-whole[0].PTS > moment })
	if n < 0 {
		n = len(whole)
	}
	if !slices.EqualFunc(whole[n:], got, func(a, b Frame) bool { return a.PTS == b.PTS && bytes.Equal(a.Data, b.Data) }) {
		t.Fatalf("from %d: %d packets, want %d, or others", moment, len(got), len(whole)-n)
	}
}

func TestASearchInOggFindsThePacketOfEachMoment(t *testing.T) {
	for name, c := range map[string]struct {
		stream  oggtest.Stream
		packets []oggtest.Packet
	}{
		"a page each":            {oggtest.Stream{}, uneven(3000)},
		"pages of 1 s":           {oggtest.Stream{PerPage: 50}, uneven(3000)},
		"packets over pages":     {oggtest.Stream{PerPage: 20, MaxBody: 1020}, oggtest.Packets(2000, 960, 700)},
		"a beginning of 400 KiB": {oggtest.Stream{TagBytes: 400 << 10}, oggtest.Packets(1000, 960, 300)},
		"a beginning of 5 MiB":   {oggtest.Stream{TagBytes: 5 << 20}, uneven(2000)},
		"a beginning elsewhere":  {oggtest.Stream{Start: 12345678}, uneven(2000)},
		"a few":                  {oggtest.Stream{}, uneven(3)},
	} {
		t.Run(name, func(t *testing.T) {
			data := oggtest.Join(c.stream.Pages(c.packets))
			whole, _, _ := readAll(t, bytes.NewReader(data))
			length := end(whole) - whole[0].PTS
			for _, moment := range []int64{0, 1, 959, 960, 961, 48000, length / 3, length / 2, length - 961, length - 1, length, 2 * length, 1 << 50} {
				file := &countedReads{ReaderAt: bytes.NewReader(data)}
				place, err := SeekOgg(file, int64(len(data)), moment)
				if err != nil {
					t.Fatal(err)
				}
				sameFrom(t, whole, sought(t, place, data, moment), moment)
				if file.reads > 20 {
					t.Errorf("%d reads of %d bytes in all to find %d in %d bytes", file.reads, file.bytes, moment, len(data))
				}
				if length > moment && moment > 48000 && c.stream.TagBytes == 0 && whole[0].PTS == 0 && len(data) > 4*seekChunk && place.Offset == 0 && moment > length/2 {
					t.Errorf("the place of %d of %d is the beginning", moment, length)
				}
			}
		})
	}
}

func TestASearchForTheBeginningOfOggIsTheWholeFile(t *testing.T) {
	for name, stream := range map[string]oggtest.Stream{"from 0": {}, "from elsewhere": {Start: 12345678}} {
		data := oggtest.Join(stream.Pages(uneven(3000))) // so much that a page behind the header might be taken for it
		place, err := SeekOgg(bytes.NewReader(data), int64(len(data)), 0)
		if err != nil || place.Offset != 0 {
			t.Errorf("%s: byte %d, %v", name, place.Offset, err)
		}
	}
}

func TestPositionsThatAreNotWrittenEndNoFileOfOgg(t *testing.T) {
	for name, without := range map[string]func(page, pages int) bool{
		"on no page":       func(int, int) bool { return true },
		"on the last page": func(page, pages int) bool { return page == pages-1 },
	} {
		for _, n := range []int{100, 3000} {
			t.Run(fmt.Sprint(name, " of ", n), func(t *testing.T) {
				pages := oggtest.Stream{}.Pages(uneven(n))
				for i := range pages {
					if without(i, len(pages)) {
						pages[i].Granule = 0
					}
				}
				data := oggtest.Join(pages)
				whole, _, _ := readAll(t, bytes.NewReader(data))
				for _, moment := range []int64{0, 960, end(whole) / 2, end(whole) - 48000} {
					place, err := SeekOgg(bytes.NewReader(data), int64(len(data)), moment)
					if err != nil {
						t.Fatal(err)
					}
					sameFrom(t, whole, sought(t, place, data, moment), moment)
				}
			})
		}
	}
}

func TestASearchInDamagedOggEndsAndFindsWhatIsThere(t *testing.T) {
	packets := uneven(3000)
	data := oggtest.Join(oggtest.Stream{PerPage: 5}.Pages(packets))
	for i := len(data) / 4; i < len(data)/4+len(data)/10; i += 50 {
		data[i] ^= 1
	}
	whole, _, _ := readAll(t, bytes.NewReader(data))
	for at := range 20 {
		moment := int64(at) * end(whole) / 20
		place, err := SeekOgg(bytes.NewReader(data), int64(len(data)), moment)
		if err != nil {
			t.Fatal(err)
		}
		frames := sought(t, place, data, moment)
		last, want := frames[len(frames)-1], whole[len(whole)-1]
		if !bytes.Equal(last.Data, want.Data) || last.PTS != want.PTS {
			t.Errorf("from %d: the last packet is at %d, want %d", moment, last.PTS, want.PTS)
		}
		if first := frames[0]; first.PTS > moment && !slices.ContainsFunc(whole, func(f Frame) bool { return f.PTS == first.PTS }) {
			t.Errorf("from %d: begins at %d", moment, first.PTS)
		}
	}
}

func TestOggOfSeveralStreamsIsNotSearched(t *testing.T) {
	for serial := range uint32(2) { // of the same serial number it should not be, but is
		chain := oggtest.Join(oggtest.Stream{Serial: 1}.Pages(uneven(50)), oggtest.Stream{Serial: serial}.Pages(uneven(50)))
		if _, err := SeekOgg(bytes.NewReader(chain), int64(len(chain)), 0); !errors.Is(err, models.ErrFormat) {
			t.Errorf("a chain: %v", err)
		}
	}
	failing := errors.New("broken")
	if _, err := SeekOgg(brokenFile{failing}, 1<<20, 0); !errors.Is(err, failing) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

type brokenFile struct{ err error }

func (b brokenFile) ReadAt([]byte, int64) (int, error) { return 0, b.err }

func TestASearchInWebMFindsThePacketOfEachMoment(t *testing.T) {
	packets := uneven(6000)
	clusters := clustersOf(packets, 50)
	live := append(wt.Header(), wt.Unknown(wt.Segment, wt.OpusTracks(), slices.Concat(clusters[:30]...), wt.Unknown(wt.Cluster, clusters[30][12:]),
		slices.Concat(clusters[31:]...))...)
	for name, c := range map[string]struct {
		data   []byte
		walk   bool
		behind bool // it is found, not only reached
	}{
		"by the index":                  {wt.Indexed(clusters, 1000, 0), false, true},
		"by a wrong index":              {wt.Indexed(clusters, 1000, 7), false, false},
		"by an index with wrong times":  {wt.Indexed(clusters, 500, 0), true, true},
		"by walking":                    {wt.File(clusters...), true, true},
		"without walking":               {wt.File(clusters...), false, false},
		"by walking in a live one":      {live, true, true},
		"by walking in a truncated one": {wt.File(clusters...)[:len(wt.File(clusters...))-5], true, true},
	} {
		t.Run(name, func(t *testing.T) {
			whole, _, _ := readWebM(t, bytes.NewReader(c.data))
			length := end(whole)
			for _, moment := range []int64{0, 1, 960, 48000 * 5, length / 3, length / 2, length - 5000, length - 960, length, 2 * length} {
				file := &countedReads{ReaderAt: bytes.NewReader(c.data)}
				place, err := SeekWebM(file, int64(len(c.data)), moment, c.walk)
				if err != nil {
					t.Fatal(err)
				}
				got, _ := readDemuxer(t, NewSection(place.Open(bytes.NewReader(c.data[place.Offset:])), place.Origin, moment, 0))
				sameFrom(t, whole, got, moment)
				if !c.walk && file.reads > 6 {
					t.Errorf("%d reads", file.reads)
				}
				if begins := place.Offset < 1000; begins != (moment < 3*48000 || !c.behind) {
					t.Errorf("the place of %d is byte %d", moment, place.Offset)
				}
			}
		})
	}
}

func TestASearchInAFilmFindsSoundThatStandsBeforeThePictureOfItsTime(t *testing.T) {
	packets := uneven(100)
	cluster := func(at uint64, packets []oggtest.Packet, first int) []byte {
		body := [][]byte{wt.Uint(wt.Timestamp, at)}
		for i, p := range packets {
			body = append(body, wt.Element(wt.SimpleBlock, wt.BlockBody(1, int16(20*(first+i)-int(at)), 0, p.Data)))
		}
		return wt.Element(wt.Cluster, body...)
	}
	data := wt.Indexed([][]byte{cluster(0, packets[:60], 0), cluster(1000, packets[60:], 60)}, 1000, 0)
	whole, _, _ := readWebM(t, bytes.NewReader(data))
	for _, moment := range []int64{48000, 52800, 57600, 60000} {
		place, err := SeekWebM(bytes.NewReader(data), int64(len(data)), moment, false)
		if err != nil {
			t.Fatal(err)
		}
		sameFrom(t, whole, sought(t, place, data, moment), moment)
	}
}

func TestALargePictureBeforeTheSoundOfWebMTakesAFewReads(t *testing.T) {
	data := append(wt.Header(), wt.Element(wt.Segment, wt.Scale(1_000_000), wt.OpusTracks(), wt.Element(wt.Void, make([]byte, 5<<20)),
		slices.Concat(clustersOf(uneven(500), 50)...))...)
	whole, _, _ := readWebM(t, bytes.NewReader(data))
	file := &countedReads{ReaderAt: bytes.NewReader(data)}
	place, err := SeekWebM(file, int64(len(data)), 48000, false)
	if err != nil || file.reads > 12 {
		t.Fatalf("%d reads, %v", file.reads, err)
	}
	sameFrom(t, whole, sought(t, place, data, 48000), 48000)
}

func TestASectionEndsWithItsLastPacket(t *testing.T) {
	data := oggtest.Join(oggtest.Stream{Start: 96000}.Pages(oggtest.Packets(50, 960, 30)))
	for to, want := range map[int64]int{0: 50, 1: 1, 960: 1, 961: 2, 48000: 50, 9600: 10} {
		s := NewSection(NewOgg(bytes.NewReader(data)), FromFirst, 0, to)
		if frames, err := readDemuxer(t, s); err != io.EOF || len(frames) != want {
			t.Errorf("to %d: %d packets, want %d; %v", to, len(frames), want, err)
		}
		if s.Origin() != 96000 || s.ClockRate() != 48000 {
			t.Errorf("origin %d, clock %d", s.Origin(), s.ClockRate())
		}
	}
}

func TestTheBeginningOfAFileSaysWhatItIs(t *testing.T) {
	ogg := oggtest.Join(oggtest.Stream{}.Pages(uneven(3)))
	webm := wt.File(clustersOf(uneven(3), 3)...)
	gain := bytes.Clone(webm)
	copy(gain[bytes.Index(gain, opusHead)+16:], []byte{0, 0xff})
	for name, c := range map[string]struct {
		data []byte
		want Format
		head OpusHead
	}{
		"Ogg":  {ogg, FormatOgg, OpusHead{2, 312, 0}},
		"mono": {oggtest.Join(oggtest.Stream{Channels: 1}.Pages(uneven(3))), FormatOgg, OpusHead{1, 312, 0}},
		"WebM": {webm, FormatWebM, OpusHead{2, 312, 0}},
		"gain": {gain, FormatWebM, OpusHead{2, 312, -256}},
	} {
		known := 0
		for n := range len(c.data) + 1 {
			format, head, err := Inspect(c.data[:n])
			switch {
			case err == nil && format == c.want && head == c.head:
				known++
			case known > 0 || !errors.Is(err, io.ErrUnexpectedEOF):
				t.Fatalf("%s, %d bytes: %v, %+v, %v", name, n, format, head, err)
			}
		}
		if known == 0 {
			t.Errorf("%s is never known", name)
		}
	}
	a, b := oggtest.Stream{Serial: 1}.Pages(uneven(2)), oggtest.Stream{Serial: 2}.Pages(uneven(2))
	for name, data := range map[string][]byte{
		"two streams":        oggtest.Join(a[:1], b[:1], a[1:], b[1:]),
		"a text":             []byte("#EXTM3U and so on"),
		"the middle of Ogg":  oggtest.Join(a[1:]),
		"six channels":       oggtest.Join(oggtest.Stream{Channels: 6}.Pages(uneven(2))),
		"damaged Ogg":        append(oggtest.Join(a[:1]), bytes.Repeat([]byte("x"), 100)...),
		"WebM without Opus":  append(wt.Header(), wt.Element(wt.Segment, wt.Element(wt.Tracks, wt.Track("A_AAC", nil)))...),
		"WebM of two halves": append(wt.Header(), wt.Header()...),
	} {
		if format, _, err := Inspect(data); !errors.Is(err, models.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) || format != FormatUnknown {
			t.Errorf("%s: %v, %v", name, format, err)
		}
	}
}

func ExampleSection() {
	data := oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(100, 960, 30)))
	place, _ := SeekOgg(bytes.NewReader(data), int64(len(data)), 48000)
	f, _ := NewSection(place.Open(bytes.NewReader(data[place.Offset:])), place.Origin, 48000, 0).Next()
	fmt.Println(f.PTS)
	// Output: 48000
}
