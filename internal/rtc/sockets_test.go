package rtc

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"gotgcall/internal/leak"
)

func addrPorts(texts ...string) (found []route) {
	for _, s := range texts {
		found = append(found, route{local: netip.MustParseAddr("127.0.0.1"), remote: netip.MustParseAddrPort(s)})
	}
	return found
}

func TestThereAreAsManySocketsAsTheBusiestServerAddressHasCalls(t *testing.T) {
	leak.Check(t)
	e := newEngine(t, Config{SharedSockets: true})
	var leases []*lease
	for _, remote := range []string{"192.0.2.1:1000", "192.0.2.2:1000", "192.0.2.1:1001", "192.0.2.1:1000", "192.0.2.1:1000", "192.0.2.2:1000"} {
		l, err := e.sockets.acquire(addrPorts(remote))
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range leases {
			if other.remotes[0] == l.remotes[0] && slices.Contains(other.sockets, l.sockets[0]) {
				t.Errorf("two calls to %s share a socket", remote)
			}
		}
		leases = append(leases, l)
	}
	if n := e.sockets.size(); n != 3 {
		t.Errorf("%d sockets are open, the busiest address has 3 calls", n)
	}
}

func TestASocketRestsBeforeItServesAnAddressAgain(t *testing.T) {
	e := newEngine(t, Config{SharedSockets: true})
	l, err := e.sockets.acquire(addrPorts("192.0.2.1:1000"))
	if err != nil {
		t.Fatal(err)
	}
	released := time.Now()
	l.release()
	l.release()
	s := l.sockets[0]
	if s.freeLocked(l.remotes, released.Add(socketRest-time.Nanosecond)) {
		t.Error("the socket serves the address again before its rest is over")
	}
	if !s.freeLocked([]netip.AddrPort{netip.MustParseAddrPort("192.0.2.9:1000")}, released) {
		t.Error("the socket does not serve another address meanwhile")
	}
	if !s.freeLocked(l.remotes, time.Now().Add(socketRest)) {
		t.Error("the socket does not serve the address after its rest")
	}
}

func TestAClosedPoolLendsNothing(t *testing.T) {
	leak.Check(t)
	e := newEngine(t, Config{SharedSockets: true})
	e.sockets.close()
	if _, err := e.sockets.acquire(addrPorts("192.0.2.1:1000")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the error is %v", err)
	}
}

func TestManyCallsToOneServerAddressOverSharedSockets(t *testing.T) {
	leak.Check(t)
	const calls = 30
	s := newServer(t)
	e := newEngine(t, Config{SharedSockets: true})
	var wg sync.WaitGroup
	for chat := range int64(calls) {
		wg.Go(func() {
			id, answer := join(t, e, s, chat)
			link, err := e.Connect(within(t, hang), id, answer)
			if err != nil {
				t.Errorf("chat %d: %v", chat, err)
				return
			}
			defer link.Close()
			sendTone(t, link, 25)
			if err := s.Endpoint(chat).WaitPackets(within(t, hang), id.Audio, 25); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := e.sockets.size(); n > calls {
		t.Errorf("%d sockets for %d calls", n, calls)
	}
	for _, v := range s.Violations() {
		t.Errorf("violation: %+v", v)
	}
}
