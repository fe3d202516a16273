package rtc

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/srtp/v3"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

// secured returns RTCP as SRTCP of a profile.
func secured(t testing.TB, profile srtp.ProtectionProfile, packets ...rtcp.Packet) []byte {
	t.Helper()
	salt, err := profile.SaltLen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := srtp.CreateContext(make([]byte, 16), make([]byte, salt), profile)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := rtcp.Marshal(packets)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.EncryptRTCP(nil, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// arrivals is transport-wide feedback.
func arrivals() *rtcp.TransportLayerCC {
	return &rtcp.TransportLayerCC{
		Header:     rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback, Length: 5},
		MediaSSRC:  1,
		SenderSSRC: 2, PacketStatusCount: 1,
		PacketChunks: []rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: 1}},
		RecvDeltas:   []*rtcp.RecvDelta{{Type: rtcp.TypeTCCPacketReceivedSmallDelta}},
	}
}

func TestOnlyMediaAndLoneTransportFeedbackAreUnneeded(t *testing.T) {
	report := &rtcp.ReceiverReport{SSRC: 1}
	for _, profile := range []srtp.ProtectionProfile{srtp.ProtectionProfileAeadAes128Gcm, srtp.ProtectionProfileAes128CmHmacSha1_80} {
		for name, c := range map[string]struct {
			packets []rtcp.Packet
			want    bool
		}{
			"transport-wide feedback":                    {[]rtcp.Packet{arrivals()}, true},
			"transport-wide feedback in front of others": {[]rtcp.Packet{arrivals(), report}, false},
			"a receiver report":                          {[]rtcp.Packet{report}, false},
			"a report in front of feedback":              {[]rtcp.Packet{report, arrivals()}, false},
			"a NACK":                                     {[]rtcp.Packet{&rtcp.TransportLayerNack{Nacks: []rtcp.NackPair{{PacketID: 1}}}}, false},
			"a PLI":                                      {[]rtcp.Packet{&rtcp.PictureLossIndication{}}, false},
			"a goodbye":                                  {[]rtcp.Packet{&rtcp.Goodbye{Sources: []uint32{1}}}, false},
		} {
			if got := unneeded(secured(t, profile, c.packets...)); got != c.want {
				t.Errorf("%s, %s: unneeded is %t, expected %t", profile, name, got, c.want)
			}
		}
	}
	for name, c := range map[string]struct {
		datagram []byte
		want     bool
	}{
		"RTP":                    {[]byte{0x90, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, true},
		"RTP with a marker":      {[]byte{0x90, 0x80 | 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, true},
		"a connectivity check":   {[]byte{0x00, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42}, false},
		"DTLS":                   {[]byte{23, 0xfe, 0xfd, 0, 1, 0, 0, 0}, false},
		"nothing":                {nil, false},
		"a header that is cut":   {[]byte{0x8f, 205, 0}, false},
		"feedback that is short": {[]byte{0x8f, 205, 0xff, 0xff}, true},
	} {
		if got := unneeded(c.datagram); got != c.want {
			t.Errorf("%s: unneeded is %t, expected %t", name, got, c.want)
		}
	}
}

func FuzzUnneeded(f *testing.F) {
	f.Add(secured(f, srtp.ProtectionProfileAeadAes128Gcm, arrivals()))
	f.Add([]byte{0x8f, 205, 0, 0})
	f.Add([]byte{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 2, 40})
	f.Fuzz(func(t *testing.T, b []byte) {
		if unneeded(b) && (b[0] < 128 || b[0] > 191) {
			t.Error("it is neither RTP nor RTCP, but unneeded")
		}
		if ofHandshake, foreign := inTheClear(b); (ofHandshake || foreign) && (b[0] < changeCipher || b[0] > lastDTLS) {
			t.Error("it is no DTLS, but in the clear")
		}
	})
}

func TestASocketForgetsWhatIsUnneededButForASignOfLife(t *testing.T) {
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	c := newSenderConn(socket, time.Hour, &handshake{})
	defer c.Close()
	media, check := []byte{0x90, 111, 0, 1}, []byte{0x00, 0x01, 0, 0}
	to := socket.LocalAddr().(*net.UDPAddr).AddrPort()
	for _, b := range [][]byte{media, media, check, media, media, check} {
		if _, err := server.WriteToUDPAddrPort(b, to); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetReadDeadline(time.Now().Add(hang)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	for i, want := range [][]byte{media, check, check} {
		n, from, err := c.ReadFromAddrPort(buffer)
		if err != nil {
			t.Fatal(err)
		}
		if string(buffer[:n]) != string(want) || from != server.LocalAddr().(*net.UDPAddr).AddrPort() {
			t.Errorf("datagram %d is % x from %s, expected % x", i, buffer[:n], from, want)
		}
	}
}

func TestASignOfLifePassesForEachAddressAndEachSpan(t *testing.T) {
	c := &senderConn{life: time.Second, passed: map[netip.AddrPort]time.Time{}}
	start := time.Now()
	one, other := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.1:2")
	for i, step := range []struct {
		from netip.AddrPort
		at   time.Duration
		want bool
	}{
		{one, 0, true},
		{one, 999 * time.Millisecond, false},
		{other, 999 * time.Millisecond, true},
		{one, time.Second, true},
		{other, 1998 * time.Millisecond, false},
		{one, 1999 * time.Millisecond, false},
		{other, 1999 * time.Millisecond, true},
	} {
		if got := c.pass(step.from, start.Add(step.at)); got != step.want {
			t.Errorf("step %d: pass is %t, expected %t", i, got, step.want)
		}
	}
	for i := range 3 * maxPassed {
		c.pass(netip.AddrPortFrom(one.Addr(), uint16(i)), start) //nolint:gosec // a small number
	}
	if n := len(c.passed); n > maxPassed {
		t.Errorf("%d addresses are remembered, expected %d at most", n, maxPassed)
	}
}

func TestTransportFeedbackIsReadNeitherFromOwnNorFromSharedSockets(t *testing.T) {
	leak.Check(t)
	for _, shared := range []bool{false, true} {
		// The span of life is far longer than the test.
		link, id, ep := connected(t, Config{SharedSockets: shared, Timeouts: ICETimeouts{Disconnected: time.Hour, Failed: time.Hour, Keepalive: time.Second}})
		settle(t, link, ep, id.Video)
		pair, ok := link.peer.dtls.ICETransport().GetSelectedCandidatePairStats()
		if !ok {
			t.Fatal("there is no selected pair")
		}
		before := pair.PacketsReceived
		const feedback = 100
		for range feedback {
			if err := ep.SendRTCP(arrivals()); err != nil {
				t.Fatal(err)
			}
		}
		settle(t, link, ep, id.Video)
		if pair, _ = link.peer.dtls.ICETransport().GetSelectedCandidatePairStats(); pair.PacketsReceived-before >= feedback/2 {
			t.Errorf("shared %t: %d packets came as far as ICE, of which %d were feedback", shared, pair.PacketsReceived-before, feedback)
		}
		if link.State() != models.Connected {
			t.Errorf("shared %t: the state is %s", shared, link.State())
		}
	}
}
