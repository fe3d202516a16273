package demux

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"gotgcall/internal/demux/oggtest"
	wt "gotgcall/internal/demux/webmtest"
)

// severalFrames makes a packet of 20 ms frames (RFC 6716 section 3.2).
func severalFrames(code byte, padding int, frames ...[]byte) []byte {
	const toc = 31 << 3
	b := []byte{toc | code}
	length := func(n int) {
		if n < 252 {
			b = append(b, byte(n))
			return
		}
		b = append(b, byte(252+n%4), byte((n-252-n%4)/4))
	}
	equal := true
	for _, f := range frames {
		equal = equal && len(f) == len(frames[0])
	}
	if code == 3 {
		b = append(b, byte(len(frames)))
		if !equal {
			b[1] |= 0x80
		}
		if padding > 0 {
			b[1] |= 0x40
			b = append(b, byte(padding-1))
		}
	}
	if code == 2 || code == 3 && !equal {
		for _, f := range frames[:len(frames)-1] {
			length(len(f))
		}
	}
	b = append(b, bytes.Join(frames, nil)...)
	return append(b, make([]byte, max(0, padding-1))...)
}

func frameOf(n int, seed byte) []byte { return bytes.Repeat([]byte{seed}, n) }

func TestPacketsThatAreTooLargeForRTPComeFrameByFrame(t *testing.T) {
	for name, frames := range map[string][][]byte{
		"code 1":                   {frameOf(700, 1), frameOf(700, 2)},
		"code 2":                   {frameOf(200, 1), frameOf(1275, 2)},
		"code 2, long first":       {frameOf(1275, 1), frameOf(3, 2)},
		"code 3":                   {frameOf(500, 1), frameOf(500, 2), frameOf(500, 3)},
		"code 3, uneven":           {frameOf(400, 1), frameOf(1275, 2), nil, frameOf(251, 3), frameOf(252, 4), frameOf(30, 5)},
		"code 3, with padding":     {frameOf(600, 1), frameOf(600, 2)},
		"code 3, uneven, padding":  {frameOf(600, 1), frameOf(601, 2)},
		"code 3, one and padding":  {frameOf(1200, 1)},
		"code 3, the last is long": {nil, nil, frameOf(1275, 3)},
	} {
		code := name[5] - '0'
		padding := 0
		if strings.HasSuffix(name, "padding") {
			padding = 100
		}
		packet := severalFrames(code, padding, frames...)
		ticks, err := PacketDuration(packet)
		if err != nil || ticks != int64(len(frames))*960 || len(packet) <= maxPayload {
			t.Fatalf("%s: the test's packet of %d bytes: %d, %v", name, len(packet), ticks, err)
		}
		before, behind := oggtest.Opus(960, 50, 1), oggtest.Opus(960, 50, 2)
		want := []oggtest.Packet{before}
		for _, f := range frames {
			want = append(want, oggtest.Packet{Data: append([]byte{31 << 3}, f...), Ticks: 960})
		}
		want = append(want, behind)
		packets := []oggtest.Packet{before, {Data: packet, Ticks: ticks}, behind}
		for container, d := range map[string]Demuxer{
			"Ogg":  NewOgg(bytes.NewReader(oggtest.Join(oggtest.Stream{PerPage: 2}.Pages(packets)))),
			"WebM": NewWebM(bytes.NewReader(wt.File(clustersOf(packets, 3)...))),
		} {
			got, err := readDemuxer(t, d)
			if err != io.EOF {
				t.Errorf("%s in %s: %v", name, container, err)
			}
			sameAudio(t, got, want, 0)
		}
	}
}

func TestPacketsThatFitStayWhole(t *testing.T) {
	packets := []oggtest.Packet{
		{Data: severalFrames(2, 0, frameOf(100, 1), frameOf(maxPayload-102, 2)), Ticks: 1920},
		oggtest.Opus(960, 1276, 1), // a single frame cannot be made smaller
	}
	if n := len(packets[0].Data); n != maxPayload {
		t.Fatalf("the test's packet has %d bytes", n)
	}
	got, _, _ := readAll(t, bytes.NewReader(oggtest.Join(oggtest.Stream{}.Pages(packets))))
	sameAudio(t, got, packets, 0)
}

// FuzzSplit checks that what a packet is split into is what was in it.
func FuzzSplit(f *testing.F) {
	f.Add(severalFrames(1, 0, frameOf(700, 1), frameOf(700, 2)))
	f.Add(severalFrames(2, 0, frameOf(200, 1), frameOf(1275, 2)))
	f.Add(severalFrames(3, 90, frameOf(600, 1), frameOf(601, 2)))
	f.Add(hugePacket(30, 24, maxOpusPacket)[24].Data)
	f.Fuzz(func(t *testing.T, packet []byte) {
		ticks, err := PacketDuration(packet)
		if err != nil {
			return
		}
		var s splitter
		sum, size := int64(0), 0
		for first, ok := s.frame(packet, 5, ticks), true; ok; first, ok = s.next() {
			if n, err := PacketDuration(first.Data); err != nil || n != first.Duration || first.PTS != 5+sum {
				t.Fatalf("a frame of %d bytes at %d, of %d ticks: %d, %v", len(first.Data), first.PTS, first.Duration, n, err)
			}
			if len(first.Data) > maxPayload && first.Data[0]&3 != 0 {
				t.Fatalf("a packet of %d bytes with several frames", len(first.Data))
			}
			sum += first.Duration
			size += len(first.Data)
		}
		if sum != ticks || size > len(packet)+48 {
			t.Fatalf("%d ticks and %d bytes of a packet with %d and %d", sum, size, ticks, len(packet))
		}
	})
}
