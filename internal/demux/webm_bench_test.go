package demux

import (
	"bytes"
	"testing"

	"gotgcall/internal/demux/oggtest"
	wt "gotgcall/internal/demux/webmtest"
)

// BenchmarkWebM reads 20 ms packets at 128 kbit/s; one operation is one packet.
func BenchmarkWebM(b *testing.B) {
	data := wt.File(clustersOf(oggtest.Packets(1000, 960, 320), 250)...)
	r := bytes.NewReader(data)
	w := NewWebM(r)
	b.SetBytes(int64(len(data) / 1000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Next(); err != nil {
			r.Reset(data)
			w = NewWebM(r)
		}
	}
}
