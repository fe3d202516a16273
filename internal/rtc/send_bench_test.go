package rtc

import (
	"log/slog"
	"net"
	"testing"

	"gotgcall/jsonparams"
	"gotgcall/models"
	"gotgcall/sfutest"
)

// BenchmarkWriteAudio measures what a packet of sound costs from the Link to the kernel; one operation is one packet of 128 kbit/s.
func BenchmarkWriteAudio(b *testing.B) {
	for name, shared := range map[string]bool{"OwnSocket": false, "SharedSockets": true} {
		b.Run(name, func(b *testing.B) {
			link := deafLink(b, Config{SharedSockets: shared})
			packet, timestamp := make([]byte, 320), link.BaseTime(models.Audio)
			b.SetBytes(int64(len(packet)))
			b.ReportAllocs()
			for b.Loop() {
				if err := link.WriteAudio(timestamp, false, Voice, packet); err != nil {
					b.Fatal(err)
				}
				timestamp += 960
			}
		})
	}
}

// deafLink is a connection whose server has gone, so that only the sending costs something: in its place is a socket that nobody reads.
func deafLink(b *testing.B, c Config) *Link {
	c.Logger = slog.New(slog.DiscardHandler)
	e, err := NewEngine(c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(e.Close)
	s, err := sfutest.NewServer()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	id, err := e.NewIdentity()
	if err != nil {
		b.Fatal(err)
	}
	text, err := s.Join(1, id.Payload())
	if err != nil {
		b.Fatal(err)
	}
	answer, err := jsonparams.ParseAnswer(text, jsonparams.ParseOptions{AllowLoopback: true})
	if err != nil {
		b.Fatal(err)
	}
	link, err := e.Connect(b.Context(), id, answer)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(link.Close)
	at := s.Addrs()[0]
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	deaf, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = deaf.Close() })
	return link
}
