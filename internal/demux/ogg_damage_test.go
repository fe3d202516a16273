package demux

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"

	"gotgcall/internal/demux/oggtest"
)

// bytesOf returns each page's bytes.
func bytesOf(pages []oggtest.Page) [][]byte {
	var list [][]byte
	for _, p := range pages {
		list = append(list, p.Bytes())
	}
	return list
}

// damaged are streams with something wrong that must still have their duration. lost is how many packets may be missing; none may be new.
var damaged = []struct {
	name    string
	stream  oggtest.Stream
	packets []oggtest.Packet
	lost    int
	harm    func(pages [][]byte) [][]byte
}{
	{"a wrong checksum", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 1, func(p [][]byte) [][]byte {
		p[20][23]++
		return p
	}},
	{"a wrong checksum on pages of 1 s", oggtest.Stream{PerPage: 50}, oggtest.Packets(250, 960, 60), 50, func(p [][]byte) [][]byte {
		p[4][1000]++
		return p
	}},
	{"the first audio page damaged", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 1, func(p [][]byte) [][]byte {
		p[2][40]++
		return p
	}},
	{"a capture pattern damaged", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 1, func(p [][]byte) [][]byte {
		p[20][2] = 'x'
		return p
	}},
	{"a length damaged", oggtest.Stream{}, oggtest.Packets(500, 960, 60), 1, func(p [][]byte) [][]byte {
		p[20][26] = 255
		return p
	}},
	{"a page missing", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 1, func(p [][]byte) [][]byte {
		return slices.Delete(p, 20, 21)
	}},
	{"9 s missing", oggtest.Stream{}, oggtest.Packets(600, 960, 60), 450, func(p [][]byte) [][]byte {
		return slices.Delete(p, 20, 470)
	}},
	{"a page missing amid packets over pages", oggtest.Stream{MaxBody: 510, PerPage: 9}, oggtest.Packets(50, 960, 700), 1, func(p [][]byte) [][]byte {
		return slices.Delete(p, 20, 21)
	}},
	{"two pages exchanged", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 1, func(p [][]byte) [][]byte {
		p[20], p[21] = p[21], p[20]
		return p
	}},
	{"comments after the first audio page", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		p[1], p[2] = p[2], p[1]
		return p
	}},
	{"comments before the identification header", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		p[0], p[1] = p[1], p[0]
		return p
	}},
	{"a page twice", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		return slices.Insert(p, 20, p[19])
	}},
	{"the identification header damaged", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		p[0][40]++
		return p
	}},
	{"the comments damaged", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		p[1][30]++
		return p
	}},
	{"the second page of comments damaged", oggtest.Stream{TagBytes: 100_000}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		p[2][300]++
		return p
	}},
	{"the first page of comments damaged", oggtest.Stream{TagBytes: 150_000}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		p[1][300]++
		return p
	}},
	{"64 KiB of zeros among the pages", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		return slices.Insert(p, 20, make([]byte, 65536))
	}},
	{"a page of an unknown version", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 1, func(p [][]byte) [][]byte {
		p[20][4] = 1
		oggtest.FixCRC(p[20])
		return p
	}},
	{"20 pairs of pages exchanged", oggtest.Stream{}, oggtest.Packets(200, 960, 60), 20, func(p [][]byte) [][]byte {
		for i := 10; i < 170; i += 8 {
			p[i], p[i+1] = p[i+1], p[i]
		}
		return p
	}},
	{"the identification header damaged, and another stream", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		p[0][40]++
		other := oggtest.Page{Serial: 99, Seq: 1, Lacing: []byte{9}, Body: []byte("\x81subtitle")}
		return slices.Insert(p, 1, other.Bytes())
	}},
	{"an ID3 tag before the pages", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		return slices.Insert(p, 0, append([]byte("ID3"), make([]byte, 2000)...))
	}},
	{"false capture patterns among the pages", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		return slices.Insert(p, 20, []byte(strings.Repeat("OggS\x00", 100)))
	}},
	{"a bad packet in the middle of a page", oggtest.Stream{PerPage: 10}, badPacket(50, 24), 1, nil},
	{"a bad packet at the end of a page", oggtest.Stream{PerPage: 10}, badPacket(50, 29), 1, nil},
	{"a bad packet alone on its page", oggtest.Stream{}, badPacket(50, 24), 1, nil},
	{"a bad packet first of all", oggtest.Stream{PerPage: 10}, badPacket(50, 0), 1, nil},
	{"a packet of 61,441 bytes", oggtest.Stream{PerPage: 10}, hugePacket(50, 24, 61_441), 1, nil},
	{"a packet of 1 MB", oggtest.Stream{PerPage: 10}, hugePacket(50, 24, 1_000_000), 1, nil},
	{"every sequence number 0", oggtest.Stream{}, oggtest.Packets(50, 960, 60), 0, func(p [][]byte) [][]byte {
		for i := range p {
			clear(p[i][18:22])
			oggtest.FixCRC(p[i])
		}
		return p
	}},
	{"sequence numbers that begin again", oggtest.Stream{}, oggtest.Packets(200, 960, 60), 0, func(p [][]byte) [][]byte {
		for i := range p[100:] {
			binary.LittleEndian.PutUint32(p[100+i][18:], uint32(i))
			oggtest.FixCRC(p[100+i])
		}
		return p
	}},
	{"no positions after the first second", oggtest.Stream{}, oggtest.Packets(100, 960, 60), 0, func(p [][]byte) [][]byte {
		for i := range p[50:] {
			binary.LittleEndian.PutUint64(p[50+i][6:], 1<<64-1)
			oggtest.FixCRC(p[50+i])
		}
		return p
	}},
}

// badPacket returns 20 ms packets of which one has a frame count of 0.
func badPacket(n, bad int) []oggtest.Packet {
	list := oggtest.Packets(n, 960, 60)
	list[bad].Data = []byte{0xff, 0, 1, 2}
	return list
}

// hugePacket returns 20 ms packets of which one has a given size and consists of padding mostly.
func hugePacket(n, huge, size int) []oggtest.Packet {
	list := oggtest.Packets(n, 960, 60)
	runs := size / 256 // of 254 bytes of padding and their length byte
	data := append([]byte{0xfb, 0x41}, bytes.Repeat([]byte{255}, runs)...)
	data = append(data, 0)
	list[huge].Data = append(data, make([]byte, size-len(data))...)
	return list
}

func TestOggDamageCostsOnlyWhatItTouches(t *testing.T) {
	for _, c := range damaged {
		t.Run(c.name, func(t *testing.T) {
			pages := bytesOf(c.stream.Pages(c.packets))
			if c.harm != nil {
				pages = c.harm(pages)
			}
			frames, o, err := readAll(t, bytes.NewReader(slices.Concat(pages...)))
			if err != io.EOF {
				t.Errorf("the end is %v, want io.EOF", err)
			}
			if o.Damage() == 0 && c.name != "no positions after the first second" {
				t.Error("no damage counted")
			}
			if got := len(c.packets) - len(frames); got != c.lost {
				t.Errorf("%d of %d packets lost, want %d", got, len(c.packets), c.lost)
			}
			if want := total(c.packets); end(frames) != want {
				t.Errorf("the audio ends at %d, want %d", end(frames), want)
			}
			inPlace(t, frames, c.packets)
			if size := cap(o.packets.part) + cap(o.packets.whole); size > 4*maxOpusPacket {
				t.Errorf("%d bytes of packet buffers", size)
			}
		})
	}
}

func TestOggPacketsOf61440BytesAreKeptWithoutTheirPadding(t *testing.T) {
	packets := hugePacket(50, 24, maxOpusPacket)
	frames, _, err := readAll(t, bytes.NewReader(oggtest.Join(oggtest.Stream{PerPage: 10}.Pages(packets))))
	if err != io.EOF {
		t.Errorf("the end is %v", err)
	}
	const runs = maxOpusPacket / 256
	frame := maxOpusPacket - 2 - runs - 1 - 254*runs // without TOC and count, the lengths of the padding, and the padding
	packets[24].Data = append([]byte{0xf8}, make([]byte, frame)...)
	sameAudio(t, frames, packets, 0)
}

func TestOggAnyMissingPageCostsOnlyWhatItHeld(t *testing.T) {
	packets := oggtest.Packets(30, 960, 1200)
	pages := bytesOf(oggtest.Stream{MaxBody: 510, PerPage: 9}.Pages(packets))
	for i := 2; i < len(pages)-3; i++ {
		frames, _, err := readAll(t, bytes.NewReader(slices.Concat(slices.Delete(slices.Clone(pages), i, i+1)...)))
		if err != io.EOF {
			t.Errorf("page %d missing: the end is %v", i, err)
		}
		if lost := len(packets) - len(frames); lost < 1 || lost > 2 {
			t.Errorf("page %d missing: %d packets lost", i, lost)
		}
		if end(frames) != total(packets) {
			t.Errorf("page %d missing: the audio ends at %d, want %d", i, end(frames), total(packets))
		}
		inPlace(t, frames, packets)
	}
}

func TestOggPagesWithoutPositionAreCountedByTheirPackets(t *testing.T) {
	packets := oggtest.Packets(50, 960, 60)
	pages := oggtest.Stream{}.Pages(packets)
	for i := 20; i < 30; i++ {
		pages[i].Granule = -1
	}
	frames, _, _ := readAll(t, bytes.NewReader(oggtest.Join(slices.Delete(pages, 30, 31))))
	if end(frames) != total(packets) || len(frames) != len(packets)-1 {
		t.Errorf("%d frames, which end at %d, want %d and %d", len(frames), end(frames), len(packets)-1, total(packets))
	}
	inPlace(t, frames, packets)
}

// inPlace checks that each frame is one of the packets and stands at that packet's time.
func inPlace(t *testing.T, frames []Frame, packets []oggtest.Packet) {
	t.Helper()
	at := map[int64][]byte{}
	var pts int64
	for _, p := range packets {
		at[pts] = p.Data
		pts += p.Ticks
	}
	for i, f := range frames {
		if !bytes.Equal(at[f.PTS], f.Data) {
			t.Fatalf("frame %d of %d is not the packet that belongs at %d", i, len(frames), f.PTS)
		}
	}
}

func TestOggAnyFlippedBitCostsAtMostOnePage(t *testing.T) {
	packets := oggtest.Packets(8, 960, 12)
	pages := oggtest.Stream{PerPage: 2, NoEOS: true}.Pages(packets)
	data := oggtest.Join(pages)
	last := len(data) - len(pages[len(pages)-1].Bytes())
	for bit := range len(data) * 8 {
		harmed := bytes.Clone(data)
		harmed[bit/8] ^= 1 << (bit % 8)
		frames, _, err := readAll(t, bytes.NewReader(harmed))
		if err != io.EOF && bit/8 < last {
			t.Fatalf("bit %d of byte %d: the song ends with %v", bit%8, bit/8, err)
		}
		if lost := len(packets) - len(frames); lost > 2 || lost < 0 {
			t.Fatalf("bit %d of byte %d: %d packets lost", bit%8, bit/8, lost)
		}
		if bit/8 < last && end(frames) != total(packets) {
			t.Fatalf("bit %d of byte %d: the audio ends at %d, want %d", bit%8, bit/8, end(frames), total(packets))
		}
	}
}

func TestOggPositionsMoveTimeOnlyAfterDamage(t *testing.T) {
	packets := oggtest.Packets(40, 960, 50)
	for _, c := range []struct {
		name   string
		move   int64
		damage bool
		want   int64
	}{
		{"a jump forward without damage", 96000, false, 40 * 960},
		{"a jump back without damage", -9600, false, 40 * 960},
		{"2 s missing after damage", 96000, true, 40*960 + 96000},
		{"exactly 10 s missing after damage", maxGap - 960, true, 39*960 + maxGap},
		{"more than 10 s missing after damage", maxGap - 960 + 1, true, 39 * 960},
		{"a jump back after damage", -9600, true, 39 * 960},
		{"an absurd position", 1 << 60, true, 39 * 960},
	} {
		pages := oggtest.Stream{}.Pages(packets)
		for i := 22; i < len(pages); i++ {
			pages[i].Granule += c.move
		}
		if c.damage {
			pages = slices.Delete(pages, 21, 22)
		}
		frames, _, err := readAll(t, bytes.NewReader(oggtest.Join(pages)))
		if err != io.EOF || end(frames) != c.want {
			t.Errorf("%s: the audio ends at %d with %v, want %d", c.name, end(frames), err, c.want)
		}
	}
}

func TestOggLostFirstPageOfAChainedStreamLosesNoAudio(t *testing.T) {
	a, b := oggtest.Packets(30, 960, 50), oggtest.Packets(20, 960, 60)
	for _, serial := range []uint32{1, 2} {
		second := bytesOf(oggtest.Stream{Serial: serial}.Pages(b))
		second[0][35]++
		data := slices.Concat(oggtest.Join(oggtest.Stream{Serial: 1}.Pages(a)), slices.Concat(second...))
		frames, _, err := readAll(t, bytes.NewReader(data))
		if err != io.EOF {
			t.Errorf("serial %d: the end is %v", serial, err)
		}
		sameAudio(t, frames, slices.Concat(a, b), 0)
	}
}

func TestOggChainedStreamWithItsFirstPagesLostKeepsTime(t *testing.T) {
	a, b := oggtest.Packets(30, 960, 50), oggtest.Packets(100, 960, 60)
	first := oggtest.Join(oggtest.Stream{Serial: 1}.Pages(a))
	for _, c := range []struct {
		name   string
		harm   []int // pages of the second stream
		lost   int
		absent int64 // ticks missing at the end
	}{
		{"comments and first audio", []int{1, 2}, 1, 0},
		// Without headers the same serial number looks like pages that come too late, until there are too many of those.
		{"both headers", []int{0, 1}, maxLate, maxLate * 960},
	} {
		second := bytesOf(oggtest.Stream{Serial: 1}.Pages(b))
		for _, i := range c.harm {
			second[i][35]++
		}
		frames, _, err := readAll(t, bytes.NewReader(slices.Concat(first, slices.Concat(second...))))
		if err != io.EOF {
			t.Errorf("%s: the end is %v", c.name, err)
		}
		if lost := len(a) + len(b) - len(frames); lost != c.lost {
			t.Errorf("%s: %d packets lost, want %d", c.name, lost, c.lost)
		}
		if want := total(a) + total(b) - c.absent; end(frames) != want {
			t.Errorf("%s: the audio ends at %d, want %d", c.name, end(frames), want)
		}
	}
}

func TestOggStreamCutInAPacketIsFollowedByTheNextOne(t *testing.T) {
	a, b := oggtest.Packets(10, 960, 1200), oggtest.Packets(10, 960, 60)
	first := oggtest.Stream{Serial: 1, MaxBody: 510, PerPage: 9}.Pages(a)
	first = first[:len(first)-1]
	for _, second := range []oggtest.Stream{{Serial: 1}, {Serial: 2}, {Serial: 2, TagBytes: 1}} {
		frames, o, err := readAll(t, bytes.NewReader(oggtest.Join(first, second.Pages(b))))
		if err != io.EOF || o.Damage() != 1 {
			t.Errorf("the end is %v, damage %d", err, o.Damage())
		}
		sameAudio(t, frames, slices.Concat(a[:9], b), 0)
	}
}
