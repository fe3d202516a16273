package lab

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"

	"gotgcall"
	"gotgcall/internal/leak"
)

// relayGenerator opens a TURN server's sockets at the far end of the wire.
type relayGenerator struct {
	turn.RelayAddressGeneratorStatic
}

// AllocatePacketConn implements turn.RelayAddressGenerator.
func (g *relayGenerator) AllocatePacketConn(c turn.AllocateListenerConfig) (conn net.PacketConn, addr net.Addr, err error) {
	err = lab.server.do(func() (err error) {
		conn, addr, err = g.RelayAddressGeneratorStatic.AllocatePacketConn(c)
		return err
	})
	return conn, addr, err
}

// relay starts a TURN server at the far end of the wire, and loses what goes directly to the server of the calls.
func (w *wire) relay() gotgcall.Option {
	w.t.Helper()
	const name, password = "bot", "password"
	address := netip.AddrPortFrom(w.server, 3478).String()
	var socket net.PacketConn
	must(w.t, lab.server.do(func() (err error) {
		socket, err = net.ListenPacket("udp4", address)
		return err
	}))
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "lab",
		AuthHandler: func(r *turn.RequestAttributes) (string, []byte, bool) {
			return r.Username, turn.GenerateAuthKey(r.Username, r.Realm, password), r.Username == name
		},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: socket, RelayAddressGenerator: &relayGenerator{
			turn.RelayAddressGeneratorStatic{RelayAddress: w.server.AsSlice(), Address: w.server.String()},
		}}},
	})
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, server.Close()) })
	w.rules(fmt.Sprintf("iifname %%q udp dport %d counter drop", serverPort), lab.server)
	return gotgcall.WithICEServers([]gotgcall.ICEServer{{URLs: []string{"turn:" + address}, Username: name, Credential: password}})
}

// TestASystemThatSendsNothingAnyMoreHoldsUpNobody: who sends is the scheduler of all calls, and Stop waits for it.
func TestASystemThatSendsNothingAnyMoreHoldsUpNobody(t *testing.T) {
	required(t)
	for name, way := range map[string]struct {
		options func(*wire) []gotgcall.Option
		relayed bool
	}{
		"to the server":    {options: func(*wire) []gotgcall.Option { return nil }},
		"to a TURN server": {options: func(w *wire) []gotgcall.Option { return []gotgcall.Option{w.relay()} }, relayed: true},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			w := newWire(t)
			c := newCall(t, w, way.options(w)...)
			c.start(w.serve(serverPort), film{time.Minute, 8000}) // 2 Mbit/s
			if local := c.link().Local; strings.HasPrefix(local, w.server.String()+":") != way.relayed {
				t.Fatalf("the local address is %s", local)
			}
			given := func() uint64 {
				stats, err := c.client.Stats(chat)
				must(t, err)
				return stats.Video.Bytes
			}
			w.clog()
			const more = 1 << 20 // several times what a socket's buffer holds
			before := given()
			until(t, "a megabyte of film to be sent", func() bool { return given() > before+more })
			start := time.Now()
			must(t, c.client.Stop(chat))
			if took, most := time.Since(start), 20*time.Second; took > most {
				t.Errorf("Stop took %s", took)
			}
		})
	}
}
