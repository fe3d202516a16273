package rtc

import (
	"context"
	"crypto"
	"crypto/tls"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"

	"gotgcall/internal/leak"
	"gotgcall/jsonparams"
	"gotgcall/sfutest"
)

// quiet is what parts of pion log to that belong to a test.
var quiet = &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}

// street is a virtual network with two hosts, of which the server is pion's own full ICE agent with a DTLS client above it: it changes its role on a
// conflict when its tie-breaker is the lower one (RFC 8445 section 7.3.1.1), and nominates one pair.
type street struct {
	router *vnet.Router
	server *ice.Agent
	client *vnet.Net
	answer *jsonparams.Answer
	own    tls.Certificate
}

func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{}
	var err error
	s.router, err = vnet.NewRouter(&vnet.RouterConfig{CIDR: "198.51.100.0/24", LoggerFactory: quiet})
	must(t, err)
	hosts := make([]*vnet.Net, 2)
	for i := range hosts {
		hosts[i], err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{fmt.Sprintf("198.51.100.%d", i+1)}})
		must(t, err)
		must(t, s.router.AddNet(hosts[i]))
	}
	must(t, s.router.Start())
	s.client = hosts[1]

	s.own, err = selfsign.GenerateSelfSigned()
	must(t, err)
	digest, err := fingerprint.Fingerprint(s.own.Leaf, crypto.SHA256)
	must(t, err)
	s.answer = &jsonparams.Answer{
		Ufrag: "serverufrag", Pwd: "serverpasswordserverpassword", Fingerprints: []jsonparams.Fingerprint{{Hash: "sha-256", Value: strings.ToUpper(digest)}},
	}
	s.server, err = ice.NewAgentWithOptions(
		ice.WithNet(hosts[0]), ice.WithNetworkTypes([]ice.NetworkType{ice.NetworkTypeUDP4}),
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}), ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithLocalCredentials(s.answer.Ufrag, s.answer.Pwd), ice.WithLoggerFactory(quiet),
		ice.WithHostAcceptanceMinWait(0), ice.WithPrflxAcceptanceMinWait(0), // it does not wait for a better pair
	)
	must(t, err)
	gathered := make(chan ice.Candidate, 8)
	must(t, s.server.OnCandidate(func(c ice.Candidate) { gathered <- c }))
	must(t, s.server.GatherCandidates())
	for c := range gathered {
		if c == nil {
			break
		}
		s.answer.Candidates = append(s.answer.Candidates, jsonparams.Candidate{
			Foundation: "1", Component: 1, Protocol: "udp", Priority: c.Priority(), Addr: netip.MustParseAddr(c.Address()), Port: uint16(c.Port()), Type: "host",
		})
	}
	return s
}

// serve connects the server to the client, in a role of its own.
func (s *street) serve(ctx context.Context, id *Identity, controlling bool) (*dtls.Conn, error) {
	begin := s.server.Accept
	if controlling {
		begin = s.server.Dial
	}
	conn, err := begin(ctx, id.Ufrag, id.Pwd)
	if err != nil {
		return nil, err
	}
	secure, err := dtls.ClientWithOptions(dtlsnet.PacketConnFromConn(conn), conn.RemoteAddr(),
		dtls.WithCertificates(s.own), dtls.WithInsecureSkipVerify(true), dtls.WithLoggerFactory(quiet),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM), dtls.WithFlightInterval(100*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return secure, secure.HandshakeContext(ctx)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAServerOfEitherRoleIsConnectedToWhoeverGivesWay(t *testing.T) {
	const draws = 5 // of the tie-breakers of the agents, which decide who gives way
	for _, controlling := range []bool{true, false} {
		for _, dark := range []time.Duration{0, 2990 * time.Millisecond, 3 * time.Second, 3300 * time.Millisecond, 7 * time.Second} {
			t.Run(fmt.Sprintf("the server is %s, and dark for %v", role(controlling), dark), func(t *testing.T) {
				for range draws {
					synctest.Test(t, func(t *testing.T) {
						s := newStreet(t)
						defer func() { must(t, s.router.Stop()) }()
						defer func() { must(t, s.server.Close()) }()
						begin := time.Now()
						s.router.AddChunkFilter(func(vnet.Chunk) bool { return time.Since(begin) >= dark })
						e := newEngine(t, Config{Settings: func(settings *webrtc.SettingEngine) { settings.SetNet(s.client) }})
						id, err := e.NewIdentity()
						must(t, err)
						ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
						defer cancel()
						var server *dtls.Conn
						var failed error
						var serving sync.WaitGroup
						serving.Go(func() { server, failed = s.serve(ctx, id, controlling) })
						link, err := e.Connect(ctx, id, s.answer)
						must(t, err)
						defer link.Close()
						serving.Wait()
						must(t, failed)
						defer func() { must(t, server.Close()) }()
						if took := time.Since(begin); took > dark+1200*time.Millisecond {
							t.Errorf("connected after %v", took)
						}
					})
				}
			})
		}
	}
}

func TestTheLastFlightMayBeLostAndAskedForInVain(t *testing.T) {
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprintf("shared sockets: %v", shared), func(t *testing.T) {
			leak.Check(t)
			var lost atomic.Bool
			s := newServer(t, sfutest.WithDrop(func(d sfutest.Direction, b []byte) bool {
				switch {
				case d == sfutest.ToServer && lastFlight(b):
					return lost.CompareAndSwap(false, true)
				case d == sfutest.ToClient:
					return lost.Load() && b[0] >= 20 && b[0] <= 63 // DTLS (RFC 7983 section 7)
				}
				return false
			}))
			e := newEngine(t, Config{SharedSockets: shared})
			id, answer := join(t, e, s, 1)
			link, err := e.Connect(within(t, hang), id, answer)
			if err != nil {
				t.Fatal(err)
			}
			defer link.Close()
			must(t, s.Endpoint(1).WaitConnected(within(t, hang)))
			if !lost.Load() {
				t.Error("nothing was lost")
			}
		})
	}
}
