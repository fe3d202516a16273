package demux

import (
	"bytes"
	"encoding/binary"
	"testing"

	"gotgcall/internal/demux/oggtest"
	wt "gotgcall/internal/demux/webmtest"
)

// FuzzWebM checks what holds for all bytes.
func FuzzWebM(f *testing.F) {
	for _, c := range webmFiles() {
		if len(c.data) < 20_000 {
			f.Add(c.data, int64(960))
		}
	}
	f.Add(wt.Indexed(clustersOf(uneven(20), 5), 100, 0), int64(9600))
	f.Add(binary.BigEndian.AppendUint64(wt.Header(), 1<<63), int64(0))
	f.Fuzz(func(t *testing.T, data []byte, moment int64) {
		if len(data) > 1<<16 {
			return
		}
		frames, w, err := readWebM(t, bytes.NewReader(data))
		if err == nil {
			t.Fatal("no end")
		}
		checkFrames(t, frames, len(data)+48*len(frames))
		if size := len(w.in.buf); size > 4<<20 {
			t.Errorf("a window of %d bytes", size)
		}
		_, _, _ = Inspect(data)
		if place, err := SeekWebM(bytes.NewReader(data), int64(len(data)), max(0, moment), true); err == nil {
			if place.Offset < 0 || place.Offset > int64(len(data)) {
				t.Fatalf("a place at byte %d of %d", place.Offset, len(data))
			}
			_, _ = readDemuxer(t, NewSection(place.Open(bytes.NewReader(data[place.Offset:])), place.Origin, moment, 0))
		}
	})
}

// FuzzSeekOgg checks that a search ends, within the file.
func FuzzSeekOgg(f *testing.F) {
	data := oggtest.Join(oggtest.Stream{PerPage: 3}.Pages(uneven(30)))
	f.Add(data, int64(9600))
	f.Fuzz(func(t *testing.T, data []byte, moment int64) {
		data = bytes.Clone(data)
		oggtest.FixCRC(data)
		place, err := SeekOgg(bytes.NewReader(data), int64(len(data)), max(0, moment))
		if err != nil {
			return
		}
		if place.Offset < 0 || place.Offset > int64(len(data)) {
			t.Fatalf("a place at byte %d of %d", place.Offset, len(data))
		}
		_, _ = readDemuxer(t, NewSection(place.Open(bytes.NewReader(data[place.Offset:])), place.Origin, moment, 0))
	})
}
