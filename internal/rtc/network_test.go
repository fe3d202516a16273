package rtc

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestABurstOfConnectionsSharesAListOfInterfacesAndALaterOneHasItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n networks
		own, strange := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("198.51.100.77")
		list := func(local netip.Addr) *senderNet {
			s, err := n.sender(3*time.Second, []route{{local: local}})
			if err != nil {
				t.Fatal(err)
			}
			if all, err := s.Interfaces(); err != nil || len(all) == 0 || s.life != 3*time.Second {
				t.Fatalf("%d interfaces, %v, a life of %s", len(all), err, s.life)
			}
			return s
		}
		first := list(own)
		time.Sleep(interfacesLife - time.Nanosecond)
		if list(own).Net != first.Net {
			t.Error("a connection of the same burst has read the interfaces again")
		}
		time.Sleep(time.Nanosecond)
		if list(own).Net == first.Net {
			t.Error("a later connection has an old list: an address that has come since is not in it")
		}
		before := list(own)
		if list(strange).Net == before.Net {
			t.Error("the list is not read anew for a route from an address that it does not have")
		}
	})
}
