package demux

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"gotgcall/internal/demux/oggtest"
	wt "gotgcall/internal/demux/webmtest"
	"gotgcall/models"
)

// readWebM reads every frame and returns them with the error that ended the stream.
func readWebM(t testing.TB, r io.Reader) ([]Frame, *WebM, error) {
	t.Helper()
	w := NewWebM(r)
	frames, err := readDemuxer(t, w)
	return frames, w, err
}

// readDemuxer reads a demuxer to its end.
func readDemuxer(t testing.TB, d Demuxer) (list []Frame, err error) {
	t.Helper()
	for {
		f, err := d.Next()
		if err != nil {
			if _, again := d.Next(); again != err {
				t.Errorf("after the error %v, Next returns %v", err, again)
			}
			return list, err
		}
		list = append(list, f)
	}
}

func dataOf(packets []oggtest.Packet) (list [][]byte) {
	for _, p := range packets {
		list = append(list, p.Data)
	}
	return list
}

// clustersOf are clusters of so many packets each, all of the same duration.
func clustersOf(packets []oggtest.Packet, each int) [][]byte {
	return wt.Clusters(dataOf(packets), packets[0].Ticks, each)
}

// uneven are packets of different sizes.
func uneven(n int) []oggtest.Packet {
	list := make([]oggtest.Packet, n)
	for i := range list {
		list[i] = oggtest.Opus(960, 10+i*53%700, byte(i))
	}
	return list
}

// webmFiles are whole files with the packets in them. They are seeds of the fuzz target as well.
func webmFiles() map[string]struct {
	data    []byte
	packets []oggtest.Packet
} {
	type file = struct {
		data    []byte
		packets []oggtest.Packet
	}
	long, odd, same := oggtest.Packets(40, 960, 60), uneven(12), oggtest.Packets(12, 960, 60)
	live := append(wt.Header(), wt.Unknown(wt.Segment, wt.Scale(1_000_000), wt.OpusTracks(),
		wt.Unknown(wt.Cluster, clustersOf(long[:20], 20)[0][12:]), clustersOf(long, 20)[1])...)
	group := wt.Element(wt.Cluster, wt.Uint(wt.Timestamp, 0), wt.Element(wt.BlockGroup, wt.Element(wt.Block, wt.BlockBody(1, 0, 0, long[0].Data)),
		wt.Uint(wt.Discard, 13_000_000)), wt.Element(wt.BlockGroup, wt.Uint(0x9b, 20), wt.Element(wt.Block, wt.BlockBody(1, 20, 0, long[1].Data))))
	film := wt.Element(wt.Cluster, wt.Element(wt.CRC32, []byte{1, 2, 3, 4}), wt.Uint(wt.Timestamp, 0), wt.Element(wt.SimpleBlock, wt.BlockBody(2, 0, 0, make([]byte, 9000))),
		wt.Element(wt.SimpleBlock, wt.BlockBody(1, 0, 0, long[0].Data)), wt.Element(wt.Void, make([]byte, 5000)),
		wt.Element(wt.SimpleBlock, wt.BlockBody(1, 20, 0, long[1].Data)))
	laced := func(how byte, packets []oggtest.Packet) file {
		return file{wt.File(wt.Element(wt.Cluster, wt.Uint(wt.Timestamp, 0), wt.Element(wt.SimpleBlock, wt.BlockBody(1, 0, how, dataOf(packets)...)))), packets}
	}
	return map[string]file{
		"simple blocks":           {wt.File(clustersOf(long, 7)...), long},
		"2.5 ms":                  {wt.File(clustersOf(oggtest.Packets(100, 120, 20), 33)...), oggtest.Packets(100, 120, 20)},
		"60 ms":                   {wt.File(clustersOf(oggtest.Packets(10, 2880, 200), 3)...), oggtest.Packets(10, 2880, 200)},
		"live":                    {live, long},
		"groups with discard":     {wt.File(group), long[:2]},
		"a picture between":       {wt.File(film), long[:2]},
		"Xiph lacing":             laced(wt.Xiph, odd),
		"EBML lacing":             laced(wt.EBMLLacing, odd),
		"fixed lacing":            laced(wt.Fixed, same),
		"lacing of one":           laced(wt.Xiph, same[:1]),
		"another file behind":     {append(append(wt.Header(), wt.Unknown(wt.Segment, wt.OpusTracks(), clustersOf(long, 40)[0])...), wt.File(clustersOf(same, 3)...)...), long},
		"information at its end":  {append(wt.Header(), wt.Element(wt.Segment, wt.OpusTracks(), wt.Scale(1_000_000), clustersOf(long, 40)[0])...), long},
		"the largest single ones": {wt.File(clustersOf(oggtest.Packets(5, 960, 1276), 2)...), oggtest.Packets(5, 960, 1276)},
	}
}

func TestWebMGivesEveryPacketAsItIs(t *testing.T) {
	for name, c := range webmFiles() {
		for how, r := range map[string]io.Reader{"": bytes.NewReader(c.data), ", byte by byte": iotest.OneByteReader(bytes.NewReader(c.data))} {
			t.Run(name+how, func(t *testing.T) {
				frames, w, err := readWebM(t, r)
				if err != io.EOF || w.Damage() != 0 {
					t.Errorf("the end is %v, damage %d", err, w.Damage())
				}
				sameAudio(t, frames, c.packets, 0)
			})
		}
	}
}

func TestWebMHasGapsWhereItsTimestampsHaveThem(t *testing.T) {
	p := oggtest.Packets(4, 960, 30)
	cluster := func(at uint64, relative int16, p oggtest.Packet) []byte {
		return wt.Element(wt.Cluster, wt.Uint(wt.Timestamp, at), wt.Element(wt.SimpleBlock, wt.BlockBody(1, relative, 0, p.Data)))
	}
	for name, c := range map[string]struct {
		data []byte
		want []int64 // ms
	}{
		"rounded times":         {wt.File(cluster(0, 0, p[0]), cluster(20, 3, p[1]), cluster(50, -14, p[2])), []int64{0, 20, 40}},
		"a gap":                 {wt.File(cluster(0, 0, p[0]), cluster(500, 20, p[1]), cluster(520, 20, p[2])), []int64{0, 520, 540}},
		"a late beginning":      {wt.File(cluster(7000, 0, p[0]), cluster(7020, 0, p[1])), []int64{7000, 7020}},
		"back in time":          {wt.File(cluster(1000, 0, p[0]), cluster(100, 0, p[1]), cluster(1200, 0, p[2])), []int64{1000, 1020, 1200}},
		"a time beyond all":     {wt.File(cluster(0, 0, p[0]), cluster(1<<60, 0, p[1]), cluster(40, 0, p[2])), []int64{0, 20, 40}},
		"below the beginning":   {wt.File(cluster(0, -500, p[0]), cluster(20, 0, p[1])), []int64{0, 20}},
		"another unit":          {append(wt.Header(), wt.Element(wt.Segment, wt.Scale(10_000_000), wt.OpusTracks(), cluster(100, 0, p[0]), cluster(130, 0, p[1]))...), []int64{1000, 1300}},
		"no time, so durations": {wt.File(wt.Element(wt.Cluster, wt.Element(wt.SimpleBlock, wt.BlockBody(1, 900, 0, p[0].Data))), cluster(20, 0, p[1])), []int64{0, 20}},
	} {
		frames, _, err := readWebM(t, bytes.NewReader(c.data))
		var got []int64
		for _, f := range frames {
			got = append(got, f.PTS/48)
		}
		if err != io.EOF || !slices.Equal(got, c.want) {
			t.Errorf("%s: frames at %v ms, want %v; then %v", name, got, c.want, err)
		}
	}
}

func TestDamagedWebMCostsWhatIsDamaged(t *testing.T) {
	p := oggtest.Packets(30, 960, 60)
	clusters := clustersOf(p, 10)
	garbage := bytes.Repeat([]byte{0, 7, 0xff}, 900)
	bad := wt.Element(wt.SimpleBlock, wt.BlockBody(1, 0, 0, []byte{0xff, 0x3f}))
	for name, c := range map[string]struct {
		data []byte
		lost int
	}{
		"garbage between clusters":       {append(wt.Header(), wt.Unknown(wt.Segment, wt.OpusTracks(), clusters[0], garbage, clusters[1], clusters[2])...), 0},
		"a block beyond its cluster":     {wt.File(clusters[0], wt.Element(wt.Cluster, wt.Uint(wt.Timestamp, 200), wt.Sized(wt.SimpleBlock, 1<<20)), clusters[2]), 10},
		"a packet that no decoder takes": {wt.File(clusters[0], wt.Element(wt.Cluster, wt.Uint(wt.Timestamp, 200), bad), clusters[2]), 10},
		"sizes that do not add up": {wt.File(clusters[0], wt.Element(wt.Cluster, wt.Element(wt.SimpleBlock, []byte{0x81, 0, 0, 0x82, 9, 255, 255, 255}),
			wt.Element(wt.SimpleBlock, []byte{0x81, 0, 0, 0x84, 1, 0xf8, 0xf8, 0xf8}), wt.Element(wt.SimpleBlock, []byte{0x81, 0, 0, 0x86, 5, 0}),
			wt.Element(wt.SimpleBlock, []byte{0x81, 0}), wt.Element(wt.SimpleBlock, []byte{0x81, 0, 0, 0x86})), clusters[2]), 10},
		"a block of 2 MiB": {wt.File(clusters[0], wt.Element(wt.Cluster, wt.Element(wt.SimpleBlock, wt.BlockBody(1, 0, 0, make([]byte, 2<<20)))), clusters[2]), 10},
	} {
		frames, w, err := readWebM(t, bytes.NewReader(c.data))
		if err != io.EOF || w.Damage() == 0 || len(p)-len(frames) != c.lost {
			t.Errorf("%s: %d of %d packets, damage %d, then %v", name, len(frames), len(p), w.Damage(), err)
		}
		if end(frames) != total(p) {
			t.Errorf("%s: the sound ends at %d, want %d", name, end(frames), total(p))
		}
	}
}

func TestTruncatedWebMEndsInTheMiddle(t *testing.T) {
	p := oggtest.Packets(20, 960, 60)
	data := wt.File(clustersOf(p, 5)...)
	header := len(wt.File())
	for n := range len(data) {
		frames, w, err := readWebM(t, bytes.NewReader(data[:n]))
		switch {
		case !errors.Is(err, io.ErrUnexpectedEOF) && n > 0 || err == nil:
			t.Fatalf("%d of %d bytes: %v", n, len(data), err)
		case errors.Is(err, models.ErrFormat) != (n < header+12):
			t.Fatalf("%d of %d bytes, %d of headers: %v", n, len(data), header, err)
		case w.Damage() != 0:
			t.Fatalf("%d bytes: damage", n)
		}
		sameAudio(t, frames, p[:len(frames)], 0)
	}
}

func TestWhatIsNoWebMWithOpusIsRefused(t *testing.T) {
	head := oggtest.Head(2, 0)
	file := func(tracks ...[]byte) []byte {
		return append(wt.Header(), wt.Element(wt.Segment, slices.Concat(tracks...), clustersOf(oggtest.Packets(3, 960, 20), 3)[0])...)
	}
	for want, data := range map[string][]byte{
		"no data":             nil,
		"begins with":         []byte("<html>no media here, none at all</html>"),
		"of the type \"doc\"": wt.Element(wt.EBML, wt.Element(0x4282, []byte("doc"))),
		"before it says":      file(),
		"has no sound":        file(wt.Element(wt.Tracks, wt.Element(wt.TrackEntry, wt.Uint(0xd7, 1), wt.Uint(0x83, 1)))),
		"A_VORBIS":            file(wt.Element(wt.Tracks, wt.Track("A_VORBIS", nil), wt.Track("A_OPUS", head))),
		"compressed":          file(wt.Element(wt.Tracks, wt.Track("A_OPUS", head, wt.Element(wt.Encodings)))),
		"6 channels":          file(wt.Element(wt.Tracks, wt.Track("A_OPUS", oggtest.Head(6, 1)))),
		"begins with \"\"":    file(wt.Element(wt.Tracks, wt.Track("A_OPUS", nil))),
		"has 2097152 bytes":   append(wt.Header(), wt.Element(wt.Segment, wt.Element(wt.Tracks, make([]byte, 2<<20)))...),
		"information":         append(wt.Header(), wt.Element(wt.Segment, wt.Scale(0))...),
		"not well-formed":     append(wt.Header(), wt.Unknown(wt.Info, nil)...),
	} {
		frames, _, err := readWebM(t, bytes.NewReader(data))
		if !errors.Is(err, models.ErrFormat) || !strings.Contains(err.Error(), want) || len(frames) != 0 {
			t.Errorf("%d frames and %v, want %q", len(frames), err, want)
		}
	}
}

func TestWebMWithoutEndAndWithoutPacketsIsGivenUp(t *testing.T) {
	begin := append(wt.Header(), wt.Unknown(wt.Segment, wt.OpusTracks(), wt.Unknown(wt.Cluster))...)
	for name, part := range map[string][]byte{"of Void": wt.Element(wt.Void, make([]byte, 60_000)), "of garbage": make([]byte, 60_000)} {
		w := NewWebM(io.MultiReader(bytes.NewReader(begin), &repeated{part: part}))
		if _, err := w.Next(); !errors.Is(err, models.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(w.in.buf); n > 1<<16 {
			t.Errorf("%s: a window of %d bytes", name, n)
		}
	}
}

// repeated gives the same bytes again and again.
type repeated struct {
	part []byte
	at   int
}

func (e *repeated) Read(b []byte) (int, error) {
	n := copy(b, e.part[e.at:])
	e.at = (e.at + n) % len(e.part)
	return n, nil
}
