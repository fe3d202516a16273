package sfutest

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// BenchmarkReceive measures what a packet of audio costs the server: decrypted, checked and recorded, or as a sink.
func BenchmarkReceive(b *testing.B) {
	key, salt := make([]byte, 16), make([]byte, 12)
	tx, err := srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		b.Fatal(err)
	}
	sealed := make([][]byte, 16384) // more than five minutes of audio
	for i := range sealed {
		packet := &rtp.Packet{Header: rtp.Header{
			Version: 2, PayloadType: 111, SSRC: 1, SequenceNumber: uint16(i), Timestamp: uint32(i * 960),
		}, Payload: append([]byte{0xfc}, make([]byte, 319)...)}
		_ = packet.SetExtension(1, []byte{20})
		_ = packet.SetExtension(3, []byte{byte(i >> 8), byte(i)})
		plain, _ := packet.Marshal()
		sealed[i], _ = tx.EncryptRTP(nil, plain, nil)
	}
	for name, opts := range map[string][]Option{"record": nil, "no record": {WithRecordLimit(0)}, "sink": {WithSink()}} {
		b.Run(name, func(b *testing.B) {
			s, err := NewServer(opts...)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			var e *Endpoint
			start := time.Now()
			b.ReportAllocs()
			for i := 0; b.Loop(); i = (i + 1) % len(sealed) {
				if i == 0 {
					e = newEndpoint(s, 1, testPayload(1, 2, 3))
					e.rx, _ = srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm)
					e.phase = PhaseConnected
				}
				at := start.Add(time.Duration(i) * 20 * time.Millisecond)
				e.receive(sealed[i], moment{now: at, read: at})
			}
			if v := kindsBut(e.Violations(), ViolationMissingSR); len(v) > 0 {
				b.Errorf("violations: %v", v)
			}
		})
	}
}

// kindsBut returns the kinds of violations without one of them.
func kindsBut(list []Violation, but ViolationKind) []ViolationKind {
	var k []ViolationKind
	for _, v := range kinds(list) {
		if v != but {
			k = append(k, v)
		}
	}
	return k
}
