package rtc

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
	"github.com/pion/webrtc/v4"
)

func TestOnlyTheAddressTowardsTheServerIsGathered(t *testing.T) {
	local := netip.MustParseAddr("127.0.0.1")
	var n networks
	found := []route{{local: local}}
	network, err := n.sender(time.Second, found)
	if err != nil {
		t.Fatal(err)
	}
	keep := localFilter(found, network.machine)
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		ip, _, err := net.ParseCIDR(a.String())
		if err != nil {
			t.Fatal(err)
		}
		if want := ip.String() == local.String(); keep(ip) != want {
			t.Errorf("%s is kept: %v, expected %v", ip, keep(ip), want)
		}
	}
	if !keep(net.ParseIP("198.51.100.77")) {
		t.Error("an address of a virtual network is refused")
	}
}

// countingNet is the system's network, and counts the UDP sockets that are opened in it.
type countingNet struct {
	*stdnet.Net
	opened *atomic.Int64
}

func (n countingNet) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	n.opened.Add(1)
	return n.Net.ListenUDP(network, local)
}

// TestACallHasOneSocketHoweverManyAddressesTheMachineHas: nor has it one for mDNS, with its goroutines, as pion's calls have.
func TestACallHasOneSocketHoweverManyAddressesTheMachineHas(t *testing.T) {
	system, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	var opened atomic.Int64
	link, _, _ := connected(t, Config{Settings: func(s *webrtc.SettingEngine) { s.SetNet(countingNet{system, &opened}) }})
	candidates := 0
	for _, s := range link.peer.pc.GetStats() {
		if c, ok := s.(webrtc.ICECandidateStats); ok && c.Type == webrtc.StatsTypeLocalCandidate {
			candidates++
		}
	}
	if n := opened.Load(); n != 1 || candidates != 1 {
		t.Errorf("%d sockets and %d local candidates, expected one", n, candidates)
	}
}
