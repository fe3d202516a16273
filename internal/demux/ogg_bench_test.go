package demux

import (
	"bytes"
	"testing"

	"gotgcall/internal/demux/oggtest"
)

// BenchmarkOgg reads 20 ms packets at 128 kbit/s; one operation is one packet.
func BenchmarkOgg(b *testing.B) {
	for _, c := range []struct {
		name    string
		perPage int
	}{{"PagesOf20ms", 1}, {"PagesOf1s", 50}} {
		b.Run(c.name, func(b *testing.B) {
			data := oggtest.Join(oggtest.Stream{PerPage: c.perPage, NoEOS: true}.Pages(oggtest.Packets(1000, 960, 320)))
			r := bytes.NewReader(data)
			o := NewOgg(r)
			b.SetBytes(int64(len(data) / 1000))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := o.Next(); err != nil {
					r.Reset(data)
					o = NewOgg(r)
				}
			}
		})
	}
}
