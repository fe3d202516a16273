package gotgcall_test

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/turn/v5"

	"gotgcall"
)

const (
	relayAddr     = "198.51.100.3"
	relayPassword = "planted-password"
)

// startRelay puts a STUN and TURN server into the world.
func (w *world) startRelay() {
	w.t.Helper()
	host := newHost(w.t, relayAddr)
	must(w.t, w.router.AddNet(host))
	conn, err := host.ListenPacket("udp4", relayAddr+":3478")
	must(w.t, err)
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "test",
		AuthHandler: func(r *turn.RequestAttributes) (string, []byte, bool) {
			return r.Username, turn.GenerateAuthKey(r.Username, r.Realm, relayPassword), r.Username == "bot"
		},
		LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{RelayAddress: net.ParseIP(relayAddr), Address: relayAddr, Net: host},
		}},
	})
	must(w.t, err)
	w.t.Cleanup(func() { _ = server.Close() })
}

// blockDirect loses what goes from the client straight to the server, as a firewall does.
func (w *world) blockDirect() {
	w.router.AddChunkFilter(func(c vnet.Chunk) bool {
		from, to := c.SourceAddr().String(), c.DestinationAddr().String()
		return !strings.HasPrefix(from, clientAddr+":") || !strings.HasPrefix(to, serverAddr+":")
	})
}

func relayServers(password string) gotgcall.Option {
	return gotgcall.WithICEServers([]gotgcall.ICEServer{
		{URLs: []string{"stun:" + relayAddr + ":3478"}},
		{URLs: []string{"turn:" + relayAddr}, Username: "bot", Credential: password},
	})
}

func TestATURNServerConnectsWhereTheDirectWayIsClosed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []gotgcall.Option
		works   bool
	}{
		"without servers":       {nil, false},
		"with a TURN server":    {[]gotgcall.Option{relayServers(relayPassword)}, true},
		"with a wrong password": {[]gotgcall.Option{relayServers("planted-mistake")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log lockedBuffer
			logger := slog.New(slog.NewTextHandler(&log, nil))
			options := append([]gotgcall.Option{
				gotgcall.WithLogger(logger), gotgcall.WithDebugLogs(), gotgcall.WithPionTraceLogs(), gotgcall.WithICECandidateLogs(),
				gotgcall.WithVerboseConnectionLogs(),
			}, c.options...)
			inFakeTimeWith(t, options, func(t *testing.T, w *world) {
				w.startRelay()
				w.blockDirect()
				err := w.client.Connect(1, w.create(1))
				if c.works {
					must(t, err)
					must(t, w.client.SetStreamSources(1, song{packets: 50}))
					time.Sleep(time.Minute)
					if n := len(w.records(1)); n != 50 {
						t.Errorf("%d packets arrived, expected 50", n)
					}
					if local := w.stats(1).Link.Local; !strings.HasPrefix(local, relayAddr) {
						t.Errorf("the local address is %s, expected one of the relay", local)
					}
				} else {
					is(t, err, gotgcall.ErrConnectionTimeout)
				}
			})
			for _, kind := range []string{"type=srflx", "type=relay"} {
				if got := strings.Contains(log.String(), kind); got != c.works && (kind == "type=relay" || c.options == nil) {
					t.Errorf("the log has %s: %v, expected %v", kind, got, c.works)
				}
			}
			if strings.Contains(log.String(), "planted") {
				t.Error("the log has the password")
			}
		})
	}
}
