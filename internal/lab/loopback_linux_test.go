package lab

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"gotgcall/internal/leak"
)

// TestAHostWhoseAddressIsOnItsLoopbackInterfaceIsConnected: hosts that are reached by several ways have their one address there.
func TestAHostWhoseAddressIsOnItsLoopbackInterfaceIsConnected(t *testing.T) {
	required(t)
	leak.Check(t)
	w := newWire(t)
	own := netip.AddrFrom4([4]byte{198, 19, 77, 1})
	w.ip(lab.bot, fmt.Sprintf("addr add %s/32 dev lo", own),
		fmt.Sprintf("route replace %s/24 dev %s src %s", netip.PrefixFrom(w.bot, 24).Masked().Addr(), w.botDev, own))
	t.Cleanup(func() { w.ip(lab.bot, fmt.Sprintf("addr del %s/32 dev lo", own)) })
	w.ip(lab.server, fmt.Sprintf("route add %s/32 via %s", own, w.bot))
	c := newCall(t, w)
	c.start(w.serve(serverPort), song{time.Minute})
	if local := netip.MustParseAddrPort(c.link().Local); local.Addr() != own {
		t.Errorf("the local address is %s, expected %s", local, own)
	}
}
