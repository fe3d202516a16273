package sfutest

import (
	"encoding/binary"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"

	"gotgcall/jsonparams"
)

// stranger is an address that nobody listens on.
var stranger = netip.MustParseAddrPort("127.0.0.1:9")

// now is this moment, for datagrams that no impairment touched.
func now() moment { return moment{now: time.Now(), read: time.Now()} }

// testPayload is a join payload with these SSRCs.
func testPayload(audio, video, rtx uint32) jsonparams.JoinPayload {
	return jsonparams.JoinPayload{
		SSRC: audio, Ufrag: "abcd", Pwd: "abcdefghijklmnopqrstuvwx",
		Fingerprints: []jsonparams.Fingerprint{{Hash: "sha-256", Setup: "passive", Value: fingerprint("sha-256", nil)}},
		SSRCGroups:   []jsonparams.SSRCGroup{{Semantics: "FID", Sources: []uint32{video, rtx}}},
	}
}

// check is a binding request of an endpoint's client.
func check(e *Endpoint, pwd string, extra ...stun.Setter) []byte {
	setters := append([]stun.Setter{
		stun.TransactionID, stun.BindingRequest, stun.NewUsername(e.ufrag + ":" + e.payload.Ufrag),
		rawAttribute{stun.AttrPriority, []byte{0, 0, 1, 0}},
	}, extra...)
	return stun.MustBuild(append(setters, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)...).Raw
}

// quiet is a server whose endpoints are spoken to by hand.
func quiet(t *testing.T, opts ...Option) (*Server, path) {
	t.Helper()
	s, err := NewServer(opts...)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s, path{s.sockets[0], stranger}
}

func joined(t *testing.T, s *Server, chatID int64, p jsonparams.JoinPayload) *Endpoint {
	t.Helper()
	_, err := s.Join(chatID, p.Marshal())
	must(t, err)
	return s.Endpoint(chatID)
}

func TestOnlyAuthenticChecksTeachTheServerAnAddress(t *testing.T) {
	controlled := rawAttribute{stun.AttrICEControlled, make([]byte, 8)}
	for name, c := range map[string]struct {
		packet func(e *Endpoint) []byte
		learns bool
	}{
		"right":                 {func(e *Endpoint) []byte { return check(e, e.pwd, controlled) }, true},
		"wrong password":        {func(e *Endpoint) []byte { return check(e, "wrong", controlled) }, false},
		"the client's password": {func(e *Endpoint) []byte { return check(e, e.payload.Pwd, controlled) }, false},
		"no integrity": {func(e *Endpoint) []byte {
			return stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername(e.ufrag+":"+e.payload.Ufrag)).Raw
		}, false},
		"wrong remote ufrag": {func(e *Endpoint) []byte {
			return stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewUsername(e.ufrag+":x"),
				stun.NewShortTermIntegrity(e.pwd)).Raw
		}, false},
		"no user name": {func(e *Endpoint) []byte {
			return stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.NewShortTermIntegrity(e.pwd)).Raw
		}, false},
		"another method": {func(e *Endpoint) []byte {
			return stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest),
				stun.NewUsername(e.ufrag+":"+e.payload.Ufrag), stun.NewShortTermIntegrity(e.pwd)).Raw
		}, false},
		"a role conflict": {func(e *Endpoint) []byte {
			return check(e, e.pwd, rawAttribute{stun.AttrICEControlling, make([]byte, 8)})
		}, false},
		"cut":            {func(e *Endpoint) []byte { b := check(e, e.pwd); return b[:len(b)-9] }, false},
		"DTLS":           {func(*Endpoint) []byte { return []byte{22, 1, 2, 3} }, false},
		"RTP":            {func(*Endpoint) []byte { return make([]byte, 100) }, false},
		"nothing at all": {func(*Endpoint) []byte { return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, p := quiet(t)
			e := joined(t, s, 1, testPayload(1, 2, 3))
			s.arrive(p, c.packet(e), now())
			if got := s.owner(p) == e; got != c.learns {
				t.Errorf("learned: %v, expected %v", got, c.learns)
			}
		})
	}
}

func TestTwoCallsFromOneAddressAreAViolation(t *testing.T) {
	s, p := quiet(t)
	e1, e2 := joined(t, s, 1, testPayload(1, 2, 3)), joined(t, s, 2, testPayload(4, 5, 6))
	for range 3 {
		s.arrive(p, check(e1, e1.pwd), now())
		s.arrive(p, check(e2, e2.pwd), now())
	}
	if v := e2.Violations(); s.owner(p) != e1 || len(v) != 1 || v[0].Kind != ViolationSharedPath || v[0].Count != 2 {
		t.Errorf("the address belongs to chat %d, violations: %v", s.owner(p).chatID, v)
	}
}

func TestAnAddressOfACallThatIsNotHeardAnyMoreIsTakenOverWithoutAViolation(t *testing.T) {
	s, p := quiet(t)
	e1, e2 := joined(t, s, 1, testPayload(1, 2, 3)), joined(t, s, 2, testPayload(4, 5, 6))
	s.arrive(p, check(e1, e1.pwd), now())
	for range 3 {
		s.arrive(p, check(e2, e2.pwd), now())
	}
	if s.owner(p) != e1 {
		t.Error("the address is not that of the first call, which lives")
	}
	e1.Kick()
	s.arrive(p, check(e2, e2.pwd), now())
	if s.owner(p) != e2 {
		t.Error("the address is not free after its owner ended")
	}
}

func TestAnAddressWhoseOwnerEndsInTheMomentOfTheContestIsNotShared(t *testing.T) {
	s, p := quiet(t)
	e := joined(t, s, 1, testPayload(1, 2, 3))
	s.contest(p, e) // the owner has ended since it was asked for
	for range 3 {
		s.arrive(p, check(e, e.pwd), now())
	}
	if v := e.Violations(); len(v) > 0 {
		t.Errorf("%v", v)
	}
}

func TestMediaThatCannotBeDecryptedIsAViolation(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		_, e := w.join(1, peerOptions{})
		p := e.selected()
		header := binary.BigEndian.AppendUint32([]byte{0x80, 111, 0, 1, 0, 0, 0, 0}, e.AudioSSRC())
		for _, b := range [][]byte{
			append(header, make([]byte, 50)...),       // SRTP of another key
			{0x80, 200, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4}, // SRTCP that is too short
			append([]byte{0x8f}, header[1:]...),       // 15 CSRCs that are not there
		} {
			w.server.arrive(p, b, now())
		}
		if v := e.Violations(); len(v) != 1 || v[0].Kind != ViolationMalformed || v[0].Count != 3 {
			t.Errorf("violations: %v", v)
		}
		if s := e.SSRCs(); len(s) != 0 {
			t.Errorf("streams: %v", s)
		}
	})
}

func TestMediaBeforeTheHandshakeIsKeptInBounds(t *testing.T) {
	s, p := quiet(t)
	e := joined(t, s, 1, testPayload(1, 2, 3))
	s.arrive(p, check(e, e.pwd), now())
	for range 2 * maxEarly {
		s.arrive(p, append([]byte{0x80, 111}, make([]byte, 50)...), now())
	}
	if c := e.Counters(); c.Early != 2*maxEarly || c.RTP != 2*maxEarly || len(e.early) != maxEarly {
		t.Errorf("%+v, %d kept", c, len(e.early))
	}
}

func TestUndeclaredSSRCsGetBoundedStatistics(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		for i := range uint32(100) {
			p.sendAudio(func(packet *rtp.Packet) { packet.SSRC = 1000 + i })
		}
		p.audio.sent = 0
		p.play(10, nil)
		settle()
		if n := len(e.SSRCs()); n > maxUndeclared+6 || n < 2 || e.Counters().Undeclared != 100 || e.Stats(e.AudioSSRC()).Packets != 10 {
			t.Errorf("%d SSRCs, %+v, audio %+v", n, e.Counters(), e.Stats(e.AudioSSRC()))
		}
	})
}

func TestClientWithTooManyAddresses(t *testing.T) {
	s, p := quiet(t)
	e := joined(t, s, 1, testPayload(1, 2, 3))
	for port := range uint16(2 * maxPairs) {
		s.arrive(path{p.sock, netip.AddrPortFrom(stranger.Addr(), 1+port)}, check(e, e.pwd), now())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.paths) != maxPairs || len(e.paths) != maxPairs {
		t.Errorf("%d and %d addresses learned, expected %d", len(s.paths), len(e.paths), maxPairs)
	}
}

// fuzzServer is a server with one endpoint that owns the path.
func fuzzServer(f *testing.F, opts ...Option) (*Server, *Endpoint, path) {
	s, err := NewServer(append(opts, WithJoinTimeout(time.Hour))...)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	if _, err := s.Join(1, testPayload(1, 2, 3).Marshal()); err != nil {
		f.Fatal(err)
	}
	e, p := s.Endpoint(1), path{s.sockets[0], stranger}
	s.own(p, e)
	return s, e, p
}

// FuzzServerPacket hands raw datagrams to the demultiplexer, as the socket and as the impairment do.
func FuzzServerPacket(f *testing.F) {
	s, e, p := fuzzServer(f)
	f.Add(check(e, e.pwd))
	f.Add(check(e, e.pwd, rawAttribute{stun.AttrICEControlling, make([]byte, 8)}))
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingSuccess, stun.Fingerprint).Raw)
	f.Add(seedRTP)
	f.Add(seedSR)
	f.Add([]byte{22, 254, 253, 0, 0})
	f.Fuzz(func(_ *testing.T, b []byte) {
		now := time.Now()
		s.arrive(p, b, moment{now, now, false})
		s.arrive(p, b, moment{now, now, true})
		s.lost(p, b, now)
	})
}

var (
	seedRTP = append([]byte{0xb0, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0, 2, 0x10, 0x94, 0x22, 1, 2, 3, 0x31, 0},
		append(make([]byte, 40), 4)...)
	seedRTX     = append([]byte{0x80, 101, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 9, 0x10}, make([]byte, 40)...)
	seedTwoByte = []byte{0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 0, 0, 2, 5, 2, 1, 1, 0, 3, 0, 0}
	seedSR      = append([]byte{0x80, 200, 0, 6, 0, 0, 0, 1}, make([]byte, 20)...)
)

// FuzzClearMedia hands RTP and RTCP to an endpoint as they are behind the decryption, and without decryption to a sink.
func FuzzClearMedia(f *testing.F) {
	s, _, p := fuzzServer(f)
	key, salt := make([]byte, 16), make([]byte, 12)
	for _, seed := range [][]byte{seedRTP, seedRTX, seedTwoByte, seedSR} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		tx, err := srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm)
		must(t, err)
		rx, err := srtp.CreateContext(key, salt, srtp.ProtectionProfileAeadAes128Gcm)
		must(t, err)
		for _, sink := range []bool{false, true} {
			cfg := *s.cfg
			cfg.sink = sink
			e := newEndpoint(s, 2, testPayload(1, 2, 3))
			e.cfg, e.rx, e.tx, e.phase = &cfg, rx, tx, PhaseConnected
			e.ice.selectPair(&icePair{path: p}, time.Now())
			for i, clear := range [][]byte{first, second, first} {
				if len(clear) < 12 || !isRTP(clear[0]) {
					continue
				}
				b := clear
				if !sink && isRTCP(clear) {
					b, err = tx.EncryptRTCP(nil, clear, nil)
				} else if !sink {
					b, err = tx.EncryptRTP(nil, clear, nil)
				}
				if at := time.Now().Add(time.Duration(i) * time.Second); err == nil {
					e.receive(b, moment{at, at, false})
				}
			}
			_ = e.WriteOgg(io.Discard)
			_ = e.WriteIVF(io.Discard)
			e.cancel(nil)
		}
	})
}
