package rtc

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestABurstOfConnectionsSharesAListOfInterfacesAndALaterOneHasItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n networks
		list := func() *senderNet {
			s, err := n.sender(3 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if all, err := s.Interfaces(); err != nil || len(all) == 0 || s.life != 3*time.Second {
				t.Fatalf("%d interfaces, %v, a life of %s", len(all), err, s.life)
			}
			return s
		}
		first := list()
		time.Sleep(interfacesLife - time.Nanosecond)
		if list().Net != first.Net {
			t.Error("a connection of the same burst has read the interfaces again")
		}
		time.Sleep(time.Nanosecond)
		if list().Net == first.Net {
			t.Error("a later connection has an old list: an address that has come since is not in it")
		}
	})
}
