package rtc

import (
	"encoding/binary"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4/stdnet"
	"github.com/pion/webrtc/v4"

	"gotgcall/internal/leak"
	"gotgcall/models"
	"gotgcall/sfutest"
)

// connected is a link to a server of its own, closed with the test.
func connected(t *testing.T, c Config, opts ...sfutest.Option) (*Link, *Identity, *sfutest.Endpoint) {
	t.Helper()
	s := newServer(t, opts...)
	e := newEngine(t, c)
	id, answer := join(t, e, s, 1)
	link, err := e.Connect(within(t, hang), id, answer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	ep := s.Endpoint(1)
	if err := ep.WaitConnected(within(t, hang)); err != nil {
		t.Fatal(err)
	}
	return link, id, ep
}

// settle waits until the server has answered a reception report, so that everything it sent before has been read.
func settle(t *testing.T, link *Link, ep *sfutest.Endpoint, ssrc uint32) {
	t.Helper()
	before := link.Remote(models.Video).FIRs
	if err := ep.SendRTCP(&rtcp.FullIntraRequest{SenderSSRC: 1, MediaSSRC: ssrc, FIR: []rtcp.FIREntry{{SSRC: ssrc}}}); err != nil {
		t.Fatal(err)
	}
	poll(t, "the request after the flood", func() bool { return link.Remote(models.Video).FIRs > before })
}

// poll waits until condition is true.
func poll(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx := within(t, hang)
	for !condition() {
		if ctx.Err() != nil {
			t.Fatalf("waiting for %s took longer than %s", what, hang)
		}
		runtime.Gosched()
	}
}

// plainNetwork is one of WithSettingEngine: its sockets forget nothing of what comes.
func plainNetwork(t *testing.T) func(*webrtc.SettingEngine) {
	n, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	return func(s *webrtc.SettingEngine) { s.SetNet(n) }
}

func TestForeignSSRCsCostNeitherGoroutineNorTransceiverNorMuchMemory(t *testing.T) {
	const foreign = 500
	media := func(ep *sfutest.Endpoint, i uint32) error { return ep.SendForeignRTP(0x70000000+i, 3) }
	feedback := func(ep *sfutest.Endpoint, i uint32) error {
		return ep.SendRTCP(&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: 0x60000000 + i})
	}
	for name, c := range map[string]struct {
		send   func(ep *sfutest.Endpoint, i uint32) error
		config Config
	}{
		"media":                     {media, Config{}},
		"media, by a plain network": {media, Config{Settings: plainNetwork(t)}},
		"feedback":                  {feedback, Config{}},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			link, id, ep := connected(t, c.config)
			settle(t, link, ep, id.Video)
			goroutines := runtime.NumGoroutine()
			heap := heapInUse()
			for i := range uint32(foreign) {
				if err := c.send(ep, i); err != nil {
					t.Fatal(err)
				}
				if i%50 == 0 {
					settle(t, link, ep, id.Video) // no faster than the socket's buffer
				}
			}
			settle(t, link, ep, id.Video)
			if n := len(link.peer.pc.GetTransceivers()); n != 2 {
				t.Errorf("the connection has %d transceivers, expected 2", n)
			}
			// A timer that happens to run has a goroutine too: so a few more do not count, one for every tenth SSRC would.
			poll(t, "goroutines that looked at foreign media", func() bool { return runtime.NumGoroutine() < goroutines+foreign/10 })
			grown := int64(heapInUse()) - int64(heap)
			t.Logf("%d foreign SSRCs grew the heap by %d bytes", foreign, grown)
			if grown > foreign*2048 {
				t.Errorf("%d foreign SSRCs grew the heap by %d bytes, more than 2 KB each", foreign, grown)
			}
			if plis := link.Remote(models.Video).PLIs; plis != 0 {
				t.Errorf("%d requests about foreign SSRCs were counted as ours", plis)
			}
		})
	}
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestJunkOnTheSocketDoesNotDisturbTheMedia(t *testing.T) {
	leak.Check(t)
	link, id, ep := connected(t, Config{})
	for i := range 2000 {
		junk := make([]byte, 1+i%1400)
		junk[0] = byte(i)
		if err := ep.SendJunk(junk); err != nil {
			t.Fatal(err)
		}
	}
	sendTone(t, link, 60)
	if err := ep.WaitPackets(within(t, hang), id.Audio, 60); err != nil {
		t.Fatal(err)
	}
	noViolations(t, ep)
}

// TestForgedChecksDoNotDisturbTheMedia: whoever knows neither password sends what ICE sends.
func TestForgedChecksDoNotDisturbTheMedia(t *testing.T) {
	leak.Check(t)
	link, id, ep := connected(t, Config{})
	username := stun.NewUsername(id.Ufrag + ":stranger")
	for i := range 500 {
		for _, kind := range []stun.Setter{
			stun.BindingRequest, stun.BindingSuccess, stun.BindingError, stun.NewType(stun.MethodBinding, stun.ClassIndication), stun.NewType(stun.MethodAllocate, stun.ClassRequest),
		} {
			setters := []stun.Setter{stun.TransactionID, kind, username, stun.CodeRoleConflict, stun.NewShortTermIntegrity("whoever guesses this"), stun.Fingerprint}
			forged, err := stun.Build(setters[:len(setters)-i%3]...) // with all of it, without a fingerprint, without integrity
			if err != nil {
				t.Fatal(err)
			}
			if err := ep.SendJunk(forged.Raw); err != nil {
				t.Fatal(err)
			}
		}
	}
	sendTone(t, link, 60)
	if err := ep.WaitPackets(within(t, hang), id.Audio, 60); err != nil {
		t.Fatal(err)
	}
	if link.State() != models.Connected {
		t.Errorf("the state is %s", link.State())
	}
	noViolations(t, ep)
}

// record is a DTLS record that is not encrypted, whatever its epoch says.
func record(kind, epoch byte, content ...byte) []byte {
	return append([]byte{kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 16, 0, 0, byte(len(content))}, content...)
}

// forgedRecords are what whoever knows the addresses and no key writes to end a connection: alerts, and what pion answers with an encrypted one of its own.
func forgedRecords() [][]byte {
	const alert, applicationData, unknown, warning, fatal, closeNotify, handshakeFailure = 21, 23, 62, 1, 2, 0, 40
	return [][]byte{
		record(alert, 0, warning, closeNotify),
		record(alert, 0, fatal, handshakeFailure),
		record(alert, 0),
		slices.Concat(record(handshaking, 0, 0), record(unknown, 0, 0), record(alert, 0, warning, closeNotify)),
		record(applicationData, 0, 'x'),
		record(unknown, 0, 'x'),
		record(changeCipher, 0, 2),
		record(changeCipher, 1, 2),
		record(changeCipher, 1, 1),
	}
}

// stands checks that media still arrives.
func stands(t *testing.T, link *Link, id *Identity, ep *sfutest.Endpoint) {
	t.Helper()
	sendTone(t, link, 25)
	if err := ep.WaitPackets(within(t, hang), id.Audio, 25); err != nil {
		t.Error(err)
	}
	if link.State() != models.Connected {
		t.Errorf("the state is %s", link.State())
	}
}

func TestForgedRecordsDoNotEndTheConnection(t *testing.T) {
	leak.Check(t)
	for _, shared := range []bool{false, true} {
		link, id, ep := connected(t, Config{SharedSockets: shared})
		for _, forged := range forgedRecords() {
			if err := ep.SendJunk(forged); err != nil {
				t.Fatal(err)
			}
		}
		stands(t, link, id, ep)
	}
}

// TestForgedRecordsFromAnotherAddressOfTheServerDoNotEndTheConnection: ICE lets everything pass that comes from an address of the answer.
func TestForgedRecordsFromAnotherAddressOfTheServerDoNotEndTheConnection(t *testing.T) {
	leak.Check(t)
	for _, shared := range []bool{false, true} {
		other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		here := netip.MustParseAddrPort(other.LocalAddr().String())
		link, id, ep := connected(t, Config{SharedSockets: shared}, sfutest.WithAnswer(sfutest.ExtraCandidates(true, map[string]any{
			"ip": here.Addr().String(), "port": strconv.Itoa(int(here.Port())), "protocol": "udp", "type": "host", "component": "1", "generation": "0",
			"foundation": "9", "id": "9", "network": "1", "priority": "2130706431",
		})))
		_, client, err := other.ReadFromUDPAddrPort(make([]byte, 1500)) // a check
		if err != nil {
			t.Fatal(err)
		}
		for _, forged := range forgedRecords() {
			if _, err := other.WriteToUDPAddrPort(forged, client); err != nil {
				t.Fatal(err)
			}
		}
		stands(t, link, id, ep)
	}
}

func TestForgedHandshakesCostLittleMemory(t *testing.T) {
	leak.Check(t)
	const forged, size = 1000, 1200
	link, id, ep := connected(t, Config{})
	settle(t, link, ep, id.Video)
	heap := heapInUse()
	for i := range uint16(forged) {
		message := make([]byte, 12+size) // type, length, number, offset, length of the fragment (RFC 6347 §4.2.2)
		binary.BigEndian.PutUint32(message, size)
		binary.BigEndian.PutUint16(message[4:], i)
		binary.BigEndian.PutUint32(message[8:], size)
		datagram := record(handshaking, 0)
		binary.BigEndian.PutUint16(datagram[9:], 5000+i)
		binary.BigEndian.PutUint16(datagram[lengthAt:], uint16(len(message)))
		if err := ep.SendJunk(append(datagram, message...)); err != nil {
			t.Fatal(err)
		}
		if i%20 == 0 {
			settle(t, link, ep, id.Video) // no faster than the socket's buffer
		}
	}
	settle(t, link, ep, id.Video)
	if grown := int64(heapInUse()) - int64(heap); grown > forged*size/4 {
		t.Errorf("%d forged messages of %d bytes grew the heap by %d", forged, size, grown)
	}
	stands(t, link, id, ep)
}

func TestFeedbackIsCountedAndMalformedFeedbackIgnored(t *testing.T) {
	leak.Check(t)
	link, id, ep := connected(t, Config{})
	sendTone(t, link, 5)
	for _, p := range []rtcp.Packet{
		&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: id.Video},
		&rtcp.TransportLayerNack{SenderSSRC: 1, MediaSSRC: id.Video, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{1, 2, 3, 400})},
	} {
		if err := ep.SendRTCP(p); err != nil {
			t.Fatal(err)
		}
	}
	// A PLI whose length field promises more than there is, and one cut short.
	for _, b := range [][]byte{{0x81, 206, 0, 9, 0, 0, 0, 1}, {0x81, 206, 0, 2, 0}} {
		if err := ep.SendRTCPBytes(binary.BigEndian.AppendUint32(b, id.Video)); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, link, ep, id.Video)
	poll(t, "a reception report", func() bool { return link.Remote(models.Audio).Reports > 0 })
	if f := link.Remote(models.Video); f.PLIs != 1 || f.NACKs != 4 || f.FIRs != 1 {
		t.Errorf("counted %+v, sent one PLI, four NACKs and one FIR", f)
	}
}
