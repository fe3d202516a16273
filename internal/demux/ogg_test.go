package demux

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"gotgcall/internal/demux/oggtest"
)

// readAll reads every frame and returns them with the error that ended the stream.
func readAll(t testing.TB, r io.Reader) ([]Frame, *Ogg, error) {
	t.Helper()
	o := NewOgg(r)
	var list []Frame
	for {
		f, err := o.Next()
		if err != nil {
			if _, again := o.Next(); again != err {
				t.Errorf("after the error %v, Next returns %v", err, again)
			}
			return list, o, err
		}
		list = append(list, f)
	}
}

// end returns where the last frame ends.
func end(list []Frame) int64 {
	if len(list) == 0 {
		return 0
	}
	last := list[len(list)-1]
	return last.PTS + last.Duration
}

// total returns the sum of the durations.
func total(packets []oggtest.Packet) (sum int64) {
	for _, p := range packets {
		sum += p.Ticks
	}
	return sum
}

// sameAudio checks that the frames are exactly the packets, without gap.
func sameAudio(t *testing.T, frames []Frame, packets []oggtest.Packet, start int64) {
	t.Helper()
	if len(frames) != len(packets) {
		t.Fatalf("%d frames, want %d", len(frames), len(packets))
	}
	pts := start
	for i, f := range frames {
		if !bytes.Equal(f.Data, packets[i].Data) {
			t.Fatalf("frame %d has other bytes than packet %d", i, i)
		}
		if f.PTS != pts || f.Duration != packets[i].Ticks || !f.Key {
			t.Fatalf("frame %d has PTS %d, duration %d, key %v; want %d, %d, true", i, f.PTS, f.Duration, f.Key, pts, packets[i].Ticks)
		}
		pts += f.Duration
	}
}

// wholeStreams are streams without damage. They are seeds of the fuzz target as well.
var wholeStreams = []struct {
	name    string
	stream  oggtest.Stream
	packets []oggtest.Packet
}{
	{"20 ms frames, a page each", oggtest.Stream{}, oggtest.Packets(20, 960, 80)},
	{"60 ms frames", oggtest.Stream{}, oggtest.Packets(10, 2880, 80)},
	{"120 ms frames", oggtest.Stream{}, oggtest.Packets(10, 5760, 81)},
	{"2.5 ms frames, 8 on a page", oggtest.Stream{PerPage: 8}, oggtest.Packets(64, 120, 20)},
	{"pages of 1 s", oggtest.Stream{PerPage: 50}, oggtest.Packets(120, 960, 90)},
	{"a page of 255 packets", oggtest.Stream{PerPage: 255}, oggtest.Packets(300, 960, 9)},
	{"frames of changing duration", oggtest.Stream{PerPage: 3}, []oggtest.Packet{
		oggtest.Opus(960, 50, 1), oggtest.Opus(120, 50, 2), oggtest.Opus(5760, 51, 3), oggtest.Opus(2880, 50, 4), oggtest.Opus(240, 50, 5),
	}},
	{"packets over two and more pages", oggtest.Stream{MaxBody: 510, PerPage: 100}, oggtest.Packets(12, 960, 1200)},
	{"packets whose size is a multiple of 255", oggtest.Stream{MaxBody: 255}, oggtest.Packets(8, 960, 510)},
	{"100 kB of comments", oggtest.Stream{TagBytes: 100_000}, oggtest.Packets(5, 960, 30)},
	{"5 MB of comments", oggtest.Stream{TagBytes: 5_000_000}, oggtest.Packets(5, 960, 30)},
	{"comments of 255 bytes", oggtest.Stream{TagBytes: 255}, oggtest.Packets(5, 960, 30)},
	{"mono", oggtest.Stream{Channels: 1}, oggtest.Packets(5, 960, 30)},
	{"no EOS flag", oggtest.Stream{NoEOS: true}, oggtest.Packets(5, 960, 30)},
	{"late start", oggtest.Stream{Start: 4800}, oggtest.Packets(5, 960, 30)},
	{"headers and no audio", oggtest.Stream{}, nil},
}

func TestOggDeliversEveryPacketOfAWholeStream(t *testing.T) {
	for _, c := range wholeStreams {
		data := oggtest.Join(c.stream.Pages(c.packets))
		for name, r := range map[string]io.Reader{
			"at once":         bytes.NewReader(data),
			"half by half":    iotest.HalfReader(bytes.NewReader(data)),
			"EOF with data":   iotest.DataErrReader(bytes.NewReader(data)),
			"byte by byte":    iotest.OneByteReader(bytes.NewReader(data[:min(len(data), 20_000)])),
			"with idle reads": &idleReader{r: bytes.NewReader(data)},
		} {
			if name == "byte by byte" && len(data) > 20_000 {
				continue
			}
			t.Run(c.name+", "+name, func(t *testing.T) {
				frames, o, err := readAll(t, r)
				if err != io.EOF {
					t.Errorf("the end is %v, want io.EOF", err)
				}
				if o.Damage() != 0 {
					t.Errorf("damage %d in a whole stream", o.Damage())
				}
				sameAudio(t, frames, c.packets, c.stream.Start)
				if size := len(o.pages.in.buf) + cap(o.packets.part) + cap(o.packets.whole); size > 4*maxOpusPacket {
					t.Errorf("%d bytes of buffers", size)
				}
			})
		}
	}
}

// idleReader returns 0, nil before each read.
type idleReader struct {
	r    io.Reader
	turn int
}

func (r *idleReader) Read(p []byte) (int, error) {
	if r.turn++; r.turn%20 != 0 {
		return 0, nil
	}
	return r.r.Read(p)
}

func TestOggFramesBelongToTheReceiver(t *testing.T) {
	packets := oggtest.Packets(6, 960, 600)
	o := NewOgg(bytes.NewReader(oggtest.Join(oggtest.Stream{MaxBody: 510, PerPage: 9}.Pages(packets))))
	var list []Frame
	for {
		f, err := o.Next()
		if err != nil {
			break
		}
		for _, old := range list {
			clear(old.Data[:cap(old.Data)])
		}
		if !bytes.Equal(f.Data, packets[len(list)].Data) {
			t.Fatalf("frame %d was changed by writing to those before it", len(list))
		}
		list = append(list, f)
	}
	if len(list) != len(packets) {
		t.Errorf("%d frames, want %d", len(list), len(packets))
	}
}

func TestOggChainedStreamsPlayOneAfterTheOther(t *testing.T) {
	a, b := oggtest.Packets(10, 960, 50), oggtest.Packets(7, 2880, 60)
	for name, second := range map[string]oggtest.Stream{
		"another serial":        {Serial: 2, TagBytes: 2000, MaxBody: 510},
		"the same serial":       {Serial: 1},
		"a position of its own": {Serial: 2, Start: 48000},
	} {
		for _, noEOS := range []bool{false, true} {
			first := oggtest.Stream{Serial: 1, NoEOS: noEOS}
			frames, o, err := readAll(t, bytes.NewReader(oggtest.Join(first.Pages(a), second.Pages(b))))
			if err != io.EOF || o.Damage() != 0 {
				t.Errorf("%s: end %v, damage %d", name, err, o.Damage())
			}
			sameAudio(t, frames, slices.Concat(a, b), 0)
		}
	}
}

func TestOggIgnoresOtherStreamsOfTheFile(t *testing.T) {
	opus := oggtest.Packets(10, 960, 50)
	ours := oggtest.Stream{Serial: 7}.Pages(opus)
	video := []oggtest.Page{{Flags: oggtest.BOS, Serial: 9, Lacing: []byte{7}, Body: []byte("\x80theora")}}
	for i := range 30 {
		video = append(video, oggtest.Page{Serial: 9, Seq: uint32(i + 1), Granule: int64(i), Lacing: []byte{200}, Body: make([]byte, 200)})
	}
	second := oggtest.Stream{Serial: 8}.Pages(oggtest.Packets(10, 960, 51))
	for name, firsts := range map[string][]oggtest.Page{
		"video before":       {video[0], ours[0]},
		"video after":        {ours[0], video[0]},
		"second Opus stream": {ours[0], second[0]},
		"video and second":   {video[0], ours[0], second[0]},
	} {
		data := oggtest.Join(firsts)
		for i := range ours[1:] {
			data = append(data, oggtest.Join(second[i+1:i+2], ours[i+1:i+2], video[2*i+1:2*i+3])...)
		}
		frames, o, err := readAll(t, bytes.NewReader(data))
		if err != io.EOF || o.Damage() != 0 {
			t.Errorf("%s: end %v, damage %d", name, err, o.Damage())
		}
		sameAudio(t, frames, opus, 0)
	}
}

func TestOggPassesOverEmptyPages(t *testing.T) {
	packets := oggtest.Packets(6, 960, 1000)
	pages := oggtest.Stream{MaxBody: 510, PerPage: 9}.Pages(packets)
	var list []oggtest.Page
	for _, p := range pages {
		list = append(list, p, oggtest.Page{Serial: p.Serial, Granule: -1})
	}
	for i := range list {
		list[i].Seq = uint32(i)
	}
	frames, o, err := readAll(t, bytes.NewReader(oggtest.Join(list)))
	if err != io.EOF || o.Damage() != 0 {
		t.Errorf("end %v, damage %d", err, o.Damage())
	}
	sameAudio(t, frames, packets, 0)
}

func TestOggSingleTrimmedPageBeginsAtZero(t *testing.T) {
	packets := oggtest.Packets(3, 960, 40)
	pages := oggtest.Stream{PerPage: 3}.Pages(packets)
	pages[2].Granule -= 700 // the last page says where the audio ends, less than its packets hold (RFC 7845 section 4.4)
	frames, o, err := readAll(t, bytes.NewReader(oggtest.Join(pages)))
	if err != io.EOF || o.Damage() != 0 {
		t.Errorf("end %v, damage %d", err, o.Damage())
	}
	sameAudio(t, frames, packets, 0)
}

func TestOggImpossibleFirstPositionIsZero(t *testing.T) {
	packets := oggtest.Packets(3, 960, 40)
	for _, granule := range []int64{-1, -2, -1 << 63, maxGranule + 1, 1<<63 - 1} {
		pages := oggtest.Stream{}.Pages(packets)
		for i := range pages[2:] {
			pages[2+i].Granule = granule
		}
		frames, _, _ := readAll(t, bytes.NewReader(oggtest.Join(pages)))
		sameAudio(t, frames, packets, 0)
	}
}

func TestOggReaderErrorsPassThroughAfterWholePackets(t *testing.T) {
	cause := fmt.Errorf("the child died: %w", io.EOF) // not the natural end
	packets := oggtest.Packets(5, 960, 50)
	data := oggtest.Join(oggtest.Stream{}.Pages(packets))
	for cut, want := range map[int]int{0: 0, 3: 0, 30: 0, len(data) - 1: 4, len(data): 5} {
		r := io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(cause))
		frames, _, err := readAll(t, r)
		if err != cause || len(frames) != want {
			t.Errorf("cut at %d: %d frames and error %v, want %d and the cause", cut, len(frames), err, want)
		}
	}
}
