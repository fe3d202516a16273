package demux

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"gotgcall/internal/demux/oggtest"
)

// FuzzOgg gives bytes to the demuxer as they are, or with every page's checksum put right, without which nothing behind the checksum would be reached.
func FuzzOgg(f *testing.F) {
	for _, c := range wholeStreams {
		if data := oggtest.Join(c.stream.Pages(c.packets[:min(6, len(c.packets))])); len(data) < 20_000 {
			f.Add(data, true)
			f.Add(data, false)
		}
	}
	for _, c := range damaged {
		pages := bytesOf(c.stream.Pages(c.packets))
		if c.harm != nil {
			pages = c.harm(pages)
		}
		if data := slices.Concat(pages...); len(data) < 20_000 {
			f.Add(data, false)
		}
	}
	chain := oggtest.Join(
		oggtest.Stream{Serial: 1, NoEOS: true}.Pages(oggtest.Packets(2, 960, 20)),
		oggtest.Stream{Serial: 2}.Pages(oggtest.Packets(2, 2880, 20)),
	)
	f.Add(chain, true)
	f.Add([]byte("<html>"), false)
	f.Fuzz(func(t *testing.T, data []byte, fix bool) {
		if len(data) > 1<<16 {
			return
		}
		if fix {
			data = bytes.Clone(data)
			oggtest.FixCRC(data)
		}
		frames, o, err := readAll(t, bytes.NewReader(data))
		checkFrames(t, frames, len(data))
		if size := len(o.pages.in.buf); size > 65536 {
			t.Errorf("a window of %d bytes", size)
		}
		if size := max(cap(o.packets.part), cap(o.packets.whole)); size > 3*maxOpusPacket {
			t.Errorf("a packet buffer of %d bytes", size)
		}
		again, _, errAgain := readAll(t, iotest.OneByteReader(bytes.NewReader(data)))
		same := slices.EqualFunc(frames, again, func(a, b Frame) bool {
			return bytes.Equal(a.Data, b.Data) && a.PTS == b.PTS && a.Duration == b.Duration
		})
		if !same || err.Error() != errAgain.Error() {
			t.Errorf("byte by byte: %d frames and %q, at once %d and %q", len(again), errAgain, len(frames), err)
		}
		cause := io.ErrClosedPipe
		crashed, _, errCrash := readAll(t, io.MultiReader(bytes.NewReader(data), iotest.ErrReader(cause)))
		if errCrash == io.EOF || len(crashed) != len(frames) {
			t.Errorf("a failing reader ends with %v after %d frames, want %d", errCrash, len(crashed), len(frames))
		}
	})
}

// checkFrames checks what holds for every input of n bytes.
func checkFrames(t *testing.T, frames []Frame, n int) {
	t.Helper()
	var pts int64
	bytes := 0
	for i, f := range frames {
		bytes += len(f.Data)
		if f.PTS < pts {
			t.Fatalf("frame %d begins at %d, before the end of the one before it, %d", i, f.PTS, pts)
		}
		if ticks, err := PacketDuration(f.Data); err != nil || ticks != f.Duration || !f.Key {
			t.Fatalf("frame %d: duration %d, key %v; its packet says %d, %v", i, f.Duration, f.Key, ticks, err)
		}
		if len(f.Data) > maxOpusPacket {
			t.Fatalf("frame %d has %d bytes", i, len(f.Data))
		}
		pts = f.PTS + f.Duration
	}
	if bytes > n {
		t.Fatalf("%d bytes of frames from %d bytes", bytes, n)
	}
}
