package rtc

import (
	"net"
	"net/netip"
	"testing"
	"time"

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

func TestACallHasOneSocketHoweverManyAddressesTheMachineHas(t *testing.T) {
	link, _, _ := connected(t, Config{})
	stats := link.peer.pc.GetStats()
	candidates := 0
	for _, s := range stats {
		if c, ok := s.(webrtc.ICECandidateStats); ok && c.Type == webrtc.StatsTypeLocalCandidate {
			candidates++
		}
	}
	if candidates != 1 {
		t.Errorf("%d local candidates, expected one", candidates)
	}
}
