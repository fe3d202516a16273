package demux

import (
	"bytes"
	"errors"
	"testing"

	"gotgcall/models"
)

func TestPacketDurationOfEveryConfiguration(t *testing.T) {
	// RFC 6716 table 2, in ticks of 48 kHz.
	var want [32]int64
	for i, ms := range []float64{10, 20, 40, 60, 10, 20, 40, 60, 10, 20, 40, 60, 10, 20, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20} {
		want[i] = int64(ms * 48)
	}
	for config, ticks := range want {
		toc := byte(config << 3)
		for _, c := range []struct {
			name   string
			packet []byte
			frames int64
		}{
			{"code 0", []byte{toc, 1, 2, 3}, 1},
			{"code 0 without data", []byte{toc}, 1},
			{"code 0 stereo", []byte{toc | 4, 1}, 1},
			{"code 1", []byte{toc | 1, 1, 2}, 2},
			{"code 2", []byte{toc | 2, 1, 7, 8, 9}, 2},
			{"code 3, one frame", []byte{toc | 3, 1, 5}, 1},
			{"code 3, two frames of unequal size", []byte{toc | 3, 0x82, 1, 7, 8, 9}, 2},
			{"code 3, two frames and padding", []byte{toc | 3, 0x42, 2, 7, 7, 0, 0}, 2},
		} {
			got, err := PacketDuration(c.packet)
			if err != nil || got != c.frames*ticks {
				t.Errorf("config %d, %s: got %d ticks and error %v, want %d", config, c.name, got, err, c.frames*ticks)
			}
		}
		n := maxOpusTicks / ticks
		if got, err := PacketDuration([]byte{toc | 3, byte(n)}); err != nil || got != n*ticks {
			t.Errorf("config %d: %d frames give %d ticks and error %v, want %d", config, n, got, err, n*ticks)
		}
		if _, err := PacketDuration([]byte{toc | 3, byte(n + 1)}); !errors.Is(err, models.ErrFormat) {
			t.Errorf("config %d: %d frames are over 120 ms, but the error is %v", config, n+1, err)
		}
	}
}

func TestPacketDurationRefusesMalformedPackets(t *testing.T) {
	const celt20 = 31 << 3
	long := func(n int, head ...byte) []byte { return append(head, make([]byte, n)...) }
	for name, packet := range map[string][]byte{
		"empty":                               {},
		"code 0, frame over 1275 bytes":       long(1276, celt20),
		"code 1, odd":                         {celt20 | 1, 1, 2, 3},
		"code 1, frames over 1275 bytes":      long(2552, celt20|1),
		"code 2, no length":                   {celt20 | 2},
		"code 2, half a length":               {celt20 | 2, 252},
		"code 2, first frame too long":        {celt20 | 2, 4, 1, 2, 3},
		"code 2, second frame too long":       long(1277, celt20|2, 1),
		"code 3, no count":                    {celt20 | 3},
		"code 3, 0 frames":                    {celt20 | 3, 0},
		"code 3, 7 frames of 20 ms":           {celt20 | 3, 7},
		"code 3, equal frames of unequal":     {celt20 | 3, 2, 1},
		"code 3, padding length missing":      {celt20 | 3, 0x41},
		"code 3, padding length unfinished":   {celt20 | 3, 0x41, 255},
		"code 3, padding too long":            {celt20 | 3, 0x41, 3, 0, 0},
		"code 3, lengths missing":             {celt20 | 3, 0x83, 1},
		"code 3, frames longer than packet":   {celt20 | 3, 0x82, 3, 1, 2},
		"code 3, equal frames over 1275":      long(1276, celt20|3, 1),
		"code 3, last VBR frame over 1275":    long(1277, celt20|3, 0x82, 1),
		"a header that is no audio: OpusTags": []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00"),
		"a header that is no audio: OpusHead": []byte("OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00"),
	} {
		if ticks, err := PacketDuration(packet); !errors.Is(err, models.ErrFormat) {
			t.Errorf("%s: got %d ticks and error %v, want ErrFormat", name, ticks, err)
		}
	}
}

func TestPacketDurationCountsPaddingOver254Bytes(t *testing.T) {
	packet := append([]byte{31<<3 | 3, 0x41, 255, 1, 9}, make([]byte, 255)...)
	if ticks, err := PacketDuration(packet); err != nil || ticks != 960 {
		t.Errorf("255 bytes of padding: %d ticks, %v", ticks, err)
	}
	if _, err := PacketDuration(packet[:len(packet)-2]); err == nil {
		t.Error("254 bytes where 255 of padding are announced: no error")
	}
}

func FuzzPacketDuration(f *testing.F) {
	f.Add([]byte{0xf8, 1})
	f.Add([]byte{0xfb, 0xc3, 255, 3, 2, 1, 0})
	f.Add([]byte("OpusTags"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		before := bytes.Clone(packet)
		ticks, err := PacketDuration(packet)
		switch {
		case !bytes.Equal(before, packet):
			t.Fatal("the packet was changed")
		case err != nil && !errors.Is(err, models.ErrFormat):
			t.Fatalf("error %v is not ErrFormat", err)
		case err == nil && (ticks < 120 || ticks > maxOpusTicks || ticks%120 != 0):
			t.Fatalf("%d ticks", ticks)
		}
	})
}
