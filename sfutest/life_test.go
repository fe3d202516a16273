package sfutest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/internal/leak"
)

func TestBlackouts(t *testing.T) {
	for _, c := range []struct {
		dark  time.Duration
		loses bool
	}{{3 * time.Second, false}, {19 * time.Second, false}, {70 * time.Second, true}} {
		t.Run(c.dark.String(), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				p.readers.Go(func() { p.play(3000, nil) })
				time.Sleep(5 * time.Second)
				e.BlackoutFor(c.dark)
				time.Sleep(time.Millisecond) // what was under way
				heard := p.count("RR") + p.count("TWCC")
				time.Sleep(c.dark - time.Millisecond)
				before := e.Stats(e.AudioSSRC())
				if got := p.count("RR") + p.count("TWCC"); got != heard {
					t.Errorf("the client heard %d times from the server in the dark", got-heard)
				}
				time.Sleep(30 * time.Second)
				after := e.Stats(e.AudioSSRC())
				if c.loses {
					if !errors.Is(e.Err(), ErrConsentLost) || after.Packets != before.Packets {
						t.Errorf("ended with %v", e.Err())
					}
				} else if e.Err() != nil || after.Packets < before.Packets+1000 || after.Injected < int64(c.dark/time.Second)*50-1 {
					t.Errorf("%v, %d packets before, then %+v", e.Err(), before.Packets, after)
				}
				if v := e.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
				if e.Counters().Blackout == 0 {
					t.Error("no datagram was counted as lost")
				}
			})
		})
	}
}

func TestConsentIsCheckedAllTheTime(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		_, e := w.join(1, peerOptions{})
		e.Blackout(true)
		<-e.Done()
		if !errors.Is(e.Err(), ErrConsentLost) {
			t.Errorf("ended with %v", e.Err())
		}
		_, e = w.join(2, peerOptions{})
		e.Blackout(true)
		e.Blackout(false)
		time.Sleep(time.Minute)
		if e.Err() != nil {
			t.Errorf("ended with %v after a blackout that was taken back", e.Err())
		}
	}, WithConsent(time.Second, 2*time.Second, 3*time.Second))
}

func TestLiteServerMissesItsClient(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		_, e := w.join(1, peerOptions{controlling: true})
		time.Sleep(time.Minute)
		if e.Err() != nil {
			t.Fatalf("ended with %v although the client checks", e.Err())
		}
		e.Blackout(true)
		<-e.Done()
		if !errors.Is(e.Err(), ErrConsentLost) {
			t.Errorf("ended with %v", e.Err())
		}
	}, WithICEMode(ICELite))
}

// clientEnds waits until the client has noticed that the server is gone, and tells how long it took.
func clientEnds(p *peer) (webrtc.PeerConnectionState, time.Duration) {
	start := time.Now()
	for {
		switch s := p.pc.ConnectionState(); s {
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			return s, time.Since(start)
		default:
			if time.Since(start) > time.Minute {
				return s, time.Since(start)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func TestWaysInWhichTheServerLosesAClient(t *testing.T) {
	for name, c := range map[string]struct {
		lose  func(s *Server, e *Endpoint)
		err   error
		least time.Duration // until the client notices
		most  time.Duration
	}{
		"kick":            {func(_ *Server, e *Endpoint) { e.Kick() }, ErrKicked, 20 * time.Second, 35 * time.Second},
		"close_notify":    {func(_ *Server, e *Endpoint) { e.CloseNotify() }, ErrKicked, 0, time.Second},
		"leave":           {func(s *Server, e *Endpoint) { _ = s.Leave(1, int32(e.AudioSSRC())) }, ErrLeft, 20 * time.Second, 35 * time.Second},
		"server closed":   {func(s *Server, _ *Endpoint) { _ = s.Close() }, ErrServerClosed, 20 * time.Second, 35 * time.Second},
		"consent stopped": {func(_ *Server, e *Endpoint) { e.StopConsent() }, nil, 20 * time.Second, 35 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p, e := w.join(1, peerOptions{})
				c.lose(w.server, e)
				if c.err != nil {
					<-e.Done()
					if !errors.Is(e.Err(), c.err) {
						t.Errorf("ended with %v", e.Err())
					}
				} else if e.Err() != nil {
					t.Errorf("ended with %v", e.Err())
				}
				state, after := clientEnds(p)
				if after < c.least || after > c.most {
					t.Errorf("the client is %s after %v", state, after)
				}
			})
		})
	}
}

// TestCloseInEveryPhase closes the server when an endpoint is in each of its phases; the bubble fails if anything stays.
func TestCloseInEveryPhase(t *testing.T) {
	for name, c := range map[string]struct {
		opts  []Option
		until Phase
	}{
		"joined":    {[]Option{WithDrop(func(Direction, []byte) bool { return true })}, PhaseJoined},
		"checked":   {[]Option{WithICEMode(ICELite)}, PhaseChecked},
		"nominated": {[]Option{WithDTLSStall(1)}, PhaseNominated},
		"delayed":   {[]Option{WithDelay(100 * time.Millisecond)}, PhaseNominated},
		"connected": {nil, PhaseConnected},
		"ended":     {nil, PhaseEnded},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				p := w.peer(peerOptions{})
				answer, err := w.server.Join(1, p.payload.Marshal())
				must(t, err)
				p.connect(answer)
				e := w.server.Endpoint(1)
				for e.Phase() < min(c.until, PhaseConnected) {
					time.Sleep(time.Millisecond)
				}
				if c.until == PhaseEnded {
					e.Kick()
					<-e.Done()
				}
				start := time.Now()
				must(t, w.server.Close())
				if took := time.Since(start); took > time.Second {
					t.Errorf("Close took %v", took)
				}
				want := ErrServerClosed
				if c.until == PhaseEnded {
					want = ErrKicked
				}
				select {
				case <-e.Done():
					if !errors.Is(e.Err(), want) || e.Phase() != PhaseEnded {
						t.Errorf("ended with %v in phase %s", e.Err(), e.Phase())
					}
				default:
					t.Error("the endpoint has not ended")
				}
				must(t, w.server.Close())
			}, c.opts...)
		})
	}
}

func TestEverythingIsGoneAfterClose(t *testing.T) {
	leak.Check(t)
	s, err := NewServer(WithDelay(5*time.Millisecond), WithListenAddr("127.0.0.1:0", "127.0.0.2:0"))
	must(t, err)
	var peers []*peer
	for chat := range int64(8) {
		p := newPeer(t, peerOptions{})
		answer, err := s.Join(chat, p.payload.Marshal())
		must(t, err)
		p.connect(answer)
		peers = append(peers, p)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for chat := range int64(8) {
		must(t, s.Endpoint(chat).WaitConnected(ctx))
	}
	for i, p := range peers {
		p.readers.Go(func() { p.play(25, nil) })
		must(t, s.Endpoint(int64(i)).WaitPackets(ctx, p.payload.SSRC, 20))
	}
	if v := s.Violations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
	must(t, s.Close())
}

func TestSendingNeedsAConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		e := joined(t, w.server, 1, testPayload(1, 2, 3))
		try := func(when string) {
			for name, f := range map[string]func() error{
				"SendPLI": e.SendPLI, "SendFIR": e.SendFIR, "SendNACK": func() error { return e.SendNACK(2, 1) },
				"SendREMB": func() error { return e.SendREMB(1e6) }, "SendRTCPBytes": func() error { return e.SendRTCPBytes(seedSR) },
				"SendForeignRTP": func() error { return e.SendForeignRTP(7, 1) }, "SendJunk": func() error { return e.SendJunk([]byte{1}) },
			} {
				if err := f(); !errors.Is(err, ErrNotConnected) {
					t.Errorf("%s %s: %v", name, when, err)
				}
			}
		}
		try("before the connection")
		e.Kick()
		<-e.Done()
		try("after the end")
		e.CloseNotify() // no harm
		e.Blackout(true)
		e.StopConsent()
		if !errors.Is(e.Err(), ErrKicked) {
			t.Errorf("ended with %v", e.Err())
		}
	})
}
