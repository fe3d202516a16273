package sfutest

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/webrtc/v4"
)

func TestGoodClientIsHeardWithoutViolation(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.readers.Go(func() { p.film(300, nil) })
		p.play(500, nil)
		settle()
		if v := w.server.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
		audio := e.Stats(e.AudioSSRC())
		if audio.Packets != 500 || audio.Bytes != 500*160 || audio.Lost != 0 || audio.SenderReports != 10 || audio.LastSeq-audio.FirstSeq != 499 {
			t.Errorf("audio: %+v", audio)
		}
		if media := audio.LastArrival.Sub(audio.FirstArrival); media != 499*20*time.Millisecond {
			t.Errorf("the audio took %v, expected 9.98 s", media)
		}
		if video := e.Stats(e.VideoSSRC()); video.Packets != 900 || video.Lost != 0 || video.SenderReports != 10 {
			t.Errorf("video: %+v", video)
		}
	})
}

func TestICEModes(t *testing.T) {
	for name, c := range map[string]struct {
		opts        []Option
		controlling bool
		connects    bool
		phase       Phase // when it does not connect
	}{
		"full":                                       {opts: []Option{WithICEMode(ICEFull)}, connects: true},
		"full, signed 487":                           {opts: []Option{WithICEMode(ICEFullSigned)}, connects: true},
		"aggressive":                                 {opts: []Option{WithICEMode(ICEAggressive)}, connects: true},
		"slow start":                                 {opts: []Option{WithSlowStart(200 * time.Millisecond)}, connects: true},
		"lite and a controlling client":              {opts: []Option{WithICEMode(ICELite)}, controlling: true, connects: true},
		"lite and a controlled client":               {opts: []Option{WithICEMode(ICELite)}, phase: PhaseChecked},
		"full and a controlling client":              {opts: []Option{WithICEMode(ICEFull)}, controlling: true, phase: PhaseChecked},
		"full, signed, and a controlling client":     {opts: []Option{WithICEMode(ICEFullSigned)}, controlling: true, phase: PhaseChecked},
		"aggressive and a controlling client":        {opts: []Option{WithICEMode(ICEAggressive)}, controlling: true, phase: PhaseChecked},
		"full, with every third datagram lost":       {opts: []Option{WithLoss(0.33), WithSeed(5)}, connects: true},
		"full, with 200 ms of round-trip time":       {opts: []Option{WithDelay(100 * time.Millisecond)}, connects: true},
		"full, with reordering and repetition":       {opts: []Option{WithReorder(0.3, 30*time.Millisecond), WithDuplicate(0.3)}, connects: true},
		"lite, with every tenth datagram lost":       {opts: []Option{WithICEMode(ICELite), WithLoss(0.1)}, controlling: true, connects: true},
		"aggressive, with every fifth datagram lost": {opts: []Option{WithICEMode(ICEAggressive), WithLoss(0.2)}, connects: true},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p := w.peer(peerOptions{controlling: c.controlling})
				answer, err := w.server.Join(1, p.payload.Marshal())
				must(t, err)
				p.connect(answer)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				e := w.server.Endpoint(1)
				err = e.WaitConnected(ctx)
				if c.connects {
					must(t, err)
					settle()
					p.play(50, nil)
					settle()
					if s := e.Stats(e.AudioSSRC()); s.Packets+s.Lost < 40 {
						t.Errorf("audio: %+v", s)
					}
					return
				}
				if !errors.Is(err, context.DeadlineExceeded) || e.Phase() != c.phase {
					t.Errorf("got %v in phase %s, expected a time-out in phase %s", err, e.Phase(), c.phase)
				}
				if owner := e.paths; c.controlling && len(owner) > 0 {
					t.Errorf("the server learned %v from a check it refused", owner)
				}
			}, c.opts...)
		})
	}
}

func TestSlowStartDelaysTheConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		start := time.Now()
		w.join(1, peerOptions{})
		if took := time.Since(start); took < 3*time.Second {
			t.Errorf("connected after %v, in spite of a slow start of 3 s", took)
		}
	}, WithSlowStart(3*time.Second))
}

func TestServerThatIsOfflineAtFirst(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		must(t, w.server.SetOffline(true))
		must(t, w.server.SetOffline(true))
		p := w.peer(peerOptions{})
		answer, err := w.server.Join(1, p.payload.Marshal())
		must(t, err)
		p.connect(answer)
		time.Sleep(2 * time.Second)
		e := w.server.Endpoint(1)
		if e.Phase() != PhaseJoined {
			t.Errorf("phase %s while offline", e.Phase())
		}
		must(t, w.server.SetOffline(false))
		must(t, w.server.SetOffline(false))
		must(t, e.WaitConnected(t.Context()))
		settle()
		p.play(10, nil)
		settle()
		if s := e.Stats(e.AudioSSRC()); s.Packets != 10 {
			t.Errorf("after coming back: %+v", s)
		}
	})
}

func TestSRTPProfiles(t *testing.T) {
	gcm := []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM}
	cm := []dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80}
	for name, c := range map[string]struct {
		server SRTPProfiles
		client []dtls.SRTPProtectionProfile
		fails  bool
	}{
		"both, GCM client":      {SRTPBoth, gcm, false},
		"both, CM client":       {SRTPBoth, cm, false},
		"only GCM":              {SRTPOnlyGCM, nil, false},
		"only CM":               {SRTPOnlyCM, nil, false},
		"only GCM, CM client":   {SRTPOnlyGCM, cm, true},
		"only CM, GCM client":   {SRTPOnlyCM, gcm, true},
		"both, client's choice": {SRTPBoth, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p := w.peer(peerOptions{srtp: c.client})
				answer, err := w.server.Join(1, p.payload.Marshal())
				must(t, err)
				p.connect(answer)
				e := w.server.Endpoint(1)
				if err := e.WaitConnected(t.Context()); c.fails {
					if !errors.Is(err, ErrHandshake) {
						t.Errorf("got %v, expected a failed handshake", err)
					}
					return
				} else {
					must(t, err)
				}
				settle()
				p.play(60, nil)
				settle()
				if s := e.Stats(e.AudioSSRC()); s.Packets != 60 || s.SenderReports != 2 || p.count("RR") == 0 {
					t.Errorf("%+v, %d Receiver Reports", s, p.count("RR"))
				}
			}, WithSRTP(c.server))
		})
	}
}

func TestCertificates(t *testing.T) {
	for name, c := range map[string]struct {
		opts   []Option
		client peerOptions
		want   []error // none: it connects
	}{
		"announced as sha-256":                       {},
		"announced under three hashes":               {opts: []Option{WithHashes("sha-256", "sha-384", "sha-512")}},
		"announced as sha-512 only":                  {opts: []Option{WithHashes("sha-512")}},
		"not the announced one":                      {opts: []Option{WithForeignCertificate()}, want: []error{ErrHandshake}},
		"sha-512 wrong beside a right sha-256":       {opts: []Option{WithWrongHashes("sha-512")}, want: []error{ErrHandshake}},
		"sha-256 wrong":                              {opts: []Option{WithWrongHashes("sha-256")}, want: []error{ErrHandshake}},
		"the client's is not the one of its payload": {client: peerOptions{wrongPrint: true}, want: []error{ErrHandshake, ErrClientFingerprint}},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p := w.peer(c.client)
				answer, err := w.server.Join(1, p.payload.Marshal())
				must(t, err)
				p.connect(answer)
				e := w.server.Endpoint(1)
				err = e.WaitConnected(t.Context())
				if len(c.want) == 0 {
					must(t, err)
				}
				for _, want := range c.want {
					if !errors.Is(err, want) {
						t.Errorf("got %v, expected %v", err, want)
					}
				}
				if c.want != nil && (e.Phase() != PhaseEnded || e.Counters().RTP != 0) {
					t.Errorf("phase %s, %+v", e.Phase(), e.Counters())
				}
			}, c.opts...)
		})
	}
}

func TestStallInTheHandshakeIsForgottenAfterTheJoinTimeout(t *testing.T) {
	for _, sent := range []int{0, 1, 2} {
		inFakeTime(t, func(t *testing.T, w *world) {
			start := time.Now()
			p := w.peer(peerOptions{})
			answer, err := w.server.Join(1, p.payload.Marshal())
			must(t, err)
			p.connect(answer)
			e := w.server.Endpoint(1)
			time.Sleep(5 * time.Second)
			if e.Phase() != PhaseNominated {
				t.Errorf("after %d datagrams: phase %s, expected nominated", sent, e.Phase())
			}
			<-e.Done()
			if took := time.Since(start).Round(100 * time.Millisecond); took != 20*time.Second || !errors.Is(e.Err(), ErrNeverConnected) {
				t.Errorf("after %d datagrams: ended after %v with %v", sent, took, e.Err())
			}
			select {
			case <-e.Connected():
				t.Error("it says that it was connected")
			default:
			}
		}, WithDTLSStall(sent))
	}
}

func TestEachDTLSFlightMayGetLostOnce(t *testing.T) {
	for lose := range 6 {
		var seen atomic.Int64
		inFakeTime(t, func(t *testing.T, w *world) {
			start := time.Now()
			w.join(1, peerOptions{})
			if took := time.Since(start); took > 700*time.Millisecond {
				t.Errorf("without DTLS datagram %d it took %v", lose, took)
			}
			if seen := seen.Load(); seen <= 4 {
				t.Errorf("only %d DTLS datagrams seen", seen)
			}
		}, WithDrop(func(_ Direction, b []byte) bool {
			if !isDTLS(b[0]) {
				return false
			}
			return seen.Add(1) == int64(lose)+1
		}))
	}
}

// TestMediaThatOvertakesTheHandshakeIsNotLost keeps the client's last flight back, behind which it takes itself for connected.
func TestMediaThatOvertakesTheHandshakeIsNotLost(t *testing.T) {
	var flights atomic.Int64
	var through atomic.Bool
	inFakeTime(t, func(t *testing.T, w *world) {
		p := w.peer(peerOptions{})
		answer, err := w.server.Join(1, p.payload.Marshal())
		must(t, err)
		p.connect(answer)
		for p.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond)
		p.play(10, nil)
		time.Sleep(10 * time.Millisecond)
		e := w.server.Endpoint(1)
		if e.Phase() != PhaseNominated || e.Counters().Early != 11 {
			t.Fatalf("phase %s, %+v", e.Phase(), e.Counters())
		}
		through.Store(true)
		must(t, e.WaitConnected(t.Context()))
		p.play(10, nil)
		settle()
		if s := e.Stats(e.AudioSSRC()); s.Packets != 20 || s.SenderReports != 2 || s.LastArrival.Sub(s.FirstArrival) < 380*time.Millisecond {
			t.Errorf("%+v", s)
		}
	}, WithDrop(func(d Direction, b []byte) bool {
		return d == ToServer && isDTLS(b[0]) && flights.Add(1) > 2 && !through.Load()
	}))
}

func TestTwoClientsOfOneServer(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p1, e1 := w.join(1, peerOptions{})
		p2, e2 := w.join(2, peerOptions{})
		p1.readers.Go(func() { p1.play(100, nil) })
		p2.play(50, nil)
		time.Sleep(2 * time.Second)
		if a, b := e1.Stats(e1.AudioSSRC()).Packets, e2.Stats(e2.AudioSSRC()).Packets; a != 100 || b != 50 {
			t.Errorf("%d and %d packets, expected 100 and 50", a, b)
		}
		if v := w.server.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}

func TestClientThatClosesEndsItsEndpoint(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p, e := w.join(1, peerOptions{})
		p.close()
		<-e.Done()
		if !errors.Is(e.Err(), ErrPeerClosed) {
			t.Errorf("ended with %v", e.Err())
		}
		source := int32(e.AudioSSRC()) //nolint:gosec // 31 bits
		if got := w.server.Check(1, []int32{source}); len(got) != 0 {
			t.Errorf("known without a connection: %v", got)
		}
		must(t, w.server.Leave(1, source)) // as a participant, until then, without a connection
		if err := w.server.Leave(1, source); !errors.Is(err, ErrJoinMissing) {
			t.Errorf("leaving twice: %v", err)
		}
	})
}

func TestSCTPIsAcceptedWithoutAnAnswer(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		p := w.peer(peerOptions{})
		answer, err := w.server.Join(1, p.payload.Marshal())
		must(t, err)
		p.connectWithData(answer)
		e := w.server.Endpoint(1)
		must(t, e.WaitConnected(t.Context()))
		time.Sleep(5 * time.Second)
		if e.Counters().Data == 0 || e.Phase() != PhaseConnected {
			t.Errorf("%+v, phase %s", e.Counters(), e.Phase())
		}
		if i := slices.IndexFunc(w.server.Violations(), func(Violation) bool { return true }); i >= 0 {
			t.Errorf("violations: %v", w.server.Violations())
		}
		if s := p.pc.ConnectionState(); s != webrtc.PeerConnectionStateConnected {
			t.Errorf("the client is %s", s)
		}
	})
}
