package rtc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/jsonparams"
	"gotgcall/models"
	"gotgcall/sfutest"
)

// join makes an identity join the server and returns it with the parsed answer.
func join(t *testing.T, e *Engine, s *sfutest.Server, chat int64) (*Identity, *jsonparams.Answer) {
	t.Helper()
	id, err := e.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Join(chat, id.Payload())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := jsonparams.ParseAnswer(text, jsonparams.ParseOptions{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	return id, answer
}

func newEngine(t *testing.T, c Config) *Engine {
	t.Helper()
	c.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	e, err := NewEngine(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func newServer(t *testing.T, opts ...sfutest.Option) *sfutest.Server {
	t.Helper()
	s, err := sfutest.NewServer(append([]sfutest.Option{sfutest.WithTolerances(sfutest.Patient())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// within is a context that ends only when something hangs, or as the deadline under test.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// hang is the deadline of what must not hang.
const hang = 30 * time.Second

// sendTone sends n packets of a tone and the reports that go with them.
func sendTone(t *testing.T, link *Link, n uint32) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	base := link.BaseTime(models.Audio)
	for i := range n {
		now := <-ticker.C
		if i%50 == 0 {
			if err := link.Report(models.Audio, now, base+i*960); err != nil {
				t.Fatal(err)
			}
		}
		if err := link.WriteAudio(base+i*960, i == 0, Voice, []byte{0xfc, 0xff, 0xfe, 1, 2, 3}); err != nil {
			t.Fatal(err)
		}
	}
}

func noViolations(t *testing.T, ep *sfutest.Endpoint) {
	t.Helper()
	for _, v := range ep.Violations() {
		t.Errorf("violation: %+v", v)
	}
}

func TestAToneIsHeardWhateverTheServerIsLike(t *testing.T) {
	for name, opts := range map[string][]sfutest.Option{
		"as production":                    nil,
		"RFC-complete 487":                 {sfutest.WithICEMode(sfutest.ICEFullSigned)},
		"aggressive nomination":            {sfutest.WithICEMode(sfutest.ICEAggressive)},
		"lite, which needs the other role": {sfutest.WithICEMode(sfutest.ICELite)},
		"deaf for the first 200 ms":        {sfutest.WithSlowStart(200 * time.Millisecond)},
		"GCM only":                         {sfutest.WithSRTP(sfutest.SRTPOnlyGCM)},
		"CM only":                          {sfutest.WithSRTP(sfutest.SRTPOnlyCM)},
		"sha-512 and sha-256":              {sfutest.WithHashes("sha-512", "sha-256")},
		"setup passive":                    {sfutest.WithAnswer(sfutest.Passive)},
		"numbers, no channels, VP8 9000":   {sfutest.WithAnswer(sfutest.NumericValues, sfutest.NoChannels, sfutest.VP8Clock9000)},
		"no audio and video blocks":        {sfutest.WithAnswer(sfutest.WithoutBlocks("audio", "video"))},
		"an IPv6 candidate first":          {sfutest.WithListenAddr("[::1]:0", "127.0.0.1:0")},
		"20 % loss":                        {sfutest.WithLoss(0.2), sfutest.WithSeed(1)},
	} {
		for _, shared := range []bool{false, true} {
			mode := "own socket"
			if shared {
				mode = "shared sockets"
			}
			t.Run(name+", "+mode, func(t *testing.T) {
				t.Parallel()
				s := newServer(t, opts...)
				e := newEngine(t, Config{SharedSockets: shared, Certificates: 2})
				id, answer := join(t, e, s, 1)
				link, err := e.Connect(within(t, hang), id, answer)
				if err != nil {
					t.Fatal(err)
				}
				defer link.Close()
				if link.State() != models.Connected {
					t.Errorf("the state is %s", link.State())
				}
				sendTone(t, link, 50)
				ep := s.Endpoint(1)
				if err := ep.WaitPackets(within(t, hang), id.Audio, 25); err != nil {
					t.Error(err)
				}
				noViolations(t, ep)
			})
		}
	}
}

// globalIPv6 returns an address of the machine, or skips the test: pion takes no socket of ::1.
func globalIPv6(t *testing.T) netip.Addr {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Is6() && prefix.Addr().IsGlobalUnicast() {
			return prefix.Addr()
		}
	}
	t.Skip("skipped: this machine has no IPv6 address but that of its loopback")
	return netip.Addr{}
}

func TestAServerWithIPv6AloneHearsTheTone(t *testing.T) {
	address := netip.AddrPortFrom(globalIPv6(t), 0).String()
	for _, shared := range []bool{false, true} {
		s := newServer(t, sfutest.WithListenAddr(address))
		e := newEngine(t, Config{SharedSockets: shared})
		var links sync.WaitGroup
		for chat := range int64(3) { // to one address
			links.Go(func() {
				id, answer := join(t, e, s, chat)
				link, err := e.Connect(within(t, hang), id, answer)
				if err != nil {
					t.Errorf("shared %t, chat %d: %v", shared, chat, err)
					return
				}
				defer link.Close()
				const packets = 10
				sendTone(t, link, packets)
				if err := s.Endpoint(chat).WaitPackets(within(t, hang), id.Audio, packets); err != nil {
					t.Error(err)
				}
				noViolations(t, s.Endpoint(chat))
			})
		}
		links.Wait()
	}
}

func TestEveryPacketCarriesItsExtensionsByNumber(t *testing.T) {
	leak.Check(t)
	link, id, ep := connected(t, Config{})
	sendTone(t, link, 20)
	sendFrames(t, link, 20, 3000)
	for _, ssrc := range []uint32{id.Audio, id.Video} {
		if err := ep.WaitPackets(within(t, hang), ssrc, 20); err != nil {
			t.Fatal(err)
		}
		for i, p := range ep.Records(ssrc) {
			want := uint16(1<<jsonparams.ExtAbsSendTime | 1<<jsonparams.ExtTransportCC)
			if ssrc == id.Audio {
				want |= 1 << jsonparams.ExtAudioLevel
			}
			if p.Extensions.IDs != want {
				t.Errorf("packet %d has the extensions %016b, expected %016b", i, p.Extensions.IDs, want)
			}
			if ssrc == id.Audio && (!p.Extensions.Voice || p.Extensions.AudioLevel != 20) {
				t.Errorf("packet %d has the level %d, voice %v", i, p.Extensions.AudioLevel, p.Extensions.Voice)
			}
		}
	}
	sound, picture := ep.Records(id.Audio), ep.Records(id.Video)
	if first, last := sound[0].Extensions.TransportSeq, picture[len(picture)-1].Extensions.TransportSeq; int(last-first) != len(sound)+len(picture)-1 {
		t.Errorf("%d packets have the transport-wide numbers %d to %d", len(sound)+len(picture), first, last)
	}
	noViolations(t, ep)
}

func TestAWrongCertificateEndsBeforeAnySRTP(t *testing.T) {
	for name, opts := range map[string][]sfutest.Option{
		"the only hash":          {sfutest.WithForeignCertificate()},
		"the strongest hash":     {sfutest.WithHashes("sha-256"), sfutest.WithWrongHashes("sha-512")},
		"a hash pion never sees": {sfutest.WithHashes("sha-512"), sfutest.WithWrongHashes("sha-256")},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			s := newServer(t, opts...)
			e := newEngine(t, Config{})
			id, answer := join(t, e, s, 1)
			link, err := e.Connect(within(t, hang), id, answer)
			if !errors.Is(err, models.ErrFingerprint) {
				t.Errorf("the error is %v", err)
			}
			if link != nil {
				link.Close()
			}
			if c := s.Endpoint(1).Counters(); c.RTP+c.RTCP != 0 {
				t.Errorf("%d RTP and %d RTCP datagrams were sent to a server nobody announced", c.RTP, c.RTCP)
			}
		})
	}
}

func TestTheDeadlineTellsHowFarTheConnectionCame(t *testing.T) {
	for name, c := range map[string]struct {
		option sfutest.Option
		text   string
	}{
		"silent server":   {sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return true }), "ICE checks"},
		"DTLS that hangs": {sfutest.WithDTLSStall(1), "DTLS handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			s := newServer(t, c.option)
			e := newEngine(t, Config{})
			id, answer := join(t, e, s, 1)
			_, err := e.Connect(within(t, 2*time.Second), id, answer)
			if !errors.Is(err, models.ErrConnectionTimeout) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("the error is %v, expected ErrConnectionTimeout that names %q", err, c.text)
			}
		})
	}
}

func TestCancellingConnectEndsItAtOnceWithTheCause(t *testing.T) {
	leak.Check(t)
	s := newServer(t, sfutest.WithDrop(func(sfutest.Direction, []byte) bool { return true }))
	e := newEngine(t, Config{})
	id, answer := join(t, e, s, 1)
	why := errors.New("the bot changed its mind")
	ctx, cancel := context.WithCancelCause(within(t, hang))
	time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
	_, err := e.Connect(ctx, id, answer)
	if !errors.Is(err, why) {
		t.Errorf("the error is %v", err)
	}
}

func TestAnUnreachableAddressFamilyFailsAtOnceWithItsReason(t *testing.T) {
	leak.Check(t)
	s := newServer(t, sfutest.WithListenAddr("[::1]:0"))
	e := newEngine(t, Config{})
	e.lookup = func(remote netip.AddrPort) (netip.Addr, error) {
		if remote.Addr().Is6() {
			return netip.Addr{}, syscall.ENETUNREACH
		}
		return systemRoute(remote)
	}
	id, answer := join(t, e, s, 1)
	_, err := e.Connect(within(t, hang), id, answer)
	if !errors.Is(err, models.ErrConnectionFailed) || !errors.Is(err, syscall.ENETUNREACH) || !strings.Contains(err.Error(), "[::1]") {
		t.Errorf("the error is %v, expected ErrConnectionFailed with the address and the reason", err)
	}
	if c := s.Endpoint(1).Counters(); c.Checks != 0 {
		t.Errorf("%d checks were sent", c.Checks)
	}
}

func TestAnUnreachableFamilyBesideAReachableOneIsSkipped(t *testing.T) {
	leak.Check(t)
	s := newServer(t, sfutest.WithListenAddr("[::1]:0", "127.0.0.1:0"))
	e := newEngine(t, Config{})
	e.lookup = func(remote netip.AddrPort) (netip.Addr, error) {
		if remote.Addr().Is6() {
			return netip.Addr{}, syscall.ENETUNREACH
		}
		return systemRoute(remote)
	}
	id, answer := join(t, e, s, 1)
	link, err := e.Connect(within(t, hang), id, answer)
	if err != nil {
		t.Fatal(err)
	}
	link.Close()
}

func TestTheLinkFollowsTheConnection(t *testing.T) {
	leak.Check(t)
	for name, end := range map[string]func(*sfutest.Server, *sfutest.Endpoint){
		"close_notify": func(_ *sfutest.Server, ep *sfutest.Endpoint) { ep.CloseNotify() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			e := newEngine(t, Config{})
			id, answer := join(t, e, s, 1)
			link, err := e.Connect(within(t, hang), id, answer)
			if err != nil {
				t.Fatal(err)
			}
			defer link.Close()
			failed := make(chan struct{}, 1)
			link.Notify(func() {
				if link.State() == models.Failed {
					select {
					case failed <- struct{}{}:
					default:
					}
				}
			})
			if err := s.Endpoint(1).WaitConnected(within(t, hang)); err != nil {
				t.Fatal(err)
			}
			end(s, s.Endpoint(1))
			select {
			case <-failed:
			case <-within(t, hang).Done():
				t.Errorf("the state is %s, expected failed", link.State())
			}
			link.Close()
			if link.State() != models.Closed {
				t.Errorf("after Close the state is %s", link.State())
			}
		})
	}
}
