package rtc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
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
			if other.held[0] == l.held[0] {
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
	s, remotes := l.held[0].socket, []netip.AddrPort{l.held[0].remote}
	if s.freeLocked(remotes, released.Add(socketRest-time.Nanosecond)) {
		t.Error("the socket serves the address again before its rest is over")
	}
	if !s.freeLocked([]netip.AddrPort{netip.MustParseAddrPort("192.0.2.9:1000")}, released) {
		t.Error("the socket does not serve another address meanwhile")
	}
	if !s.freeLocked(remotes, time.Now().Add(socketRest)) {
		t.Error("the socket does not serve the address after its rest")
	}
}

// TestASocketThatIsOfNoMoreUseIsClosed: or the descriptors of the busiest hour would stay for weeks, and a socket that is not read would be lent.
func TestASocketThatIsOfNoMoreUseIsClosed(t *testing.T) {
	for name, spend := range map[string]func(l *lease, s *sharedSocket) time.Time{
		"its rest is over":       func(l *lease, _ *sharedSocket) time.Time { l.release(); return time.Now().Add(socketRest) },
		"its reading has failed": func(_ *lease, s *sharedSocket) time.Time { _ = s.conn.Close(); return time.Now() },
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			p := newEngine(t, Config{SharedSockets: true}).sockets
			l, err := p.acquire(addrPorts("192.0.2.1:1000"))
			if err != nil {
				t.Fatal(err)
			}
			spent := l.held[0].socket
			now := spend(l, spent)
			poll(t, "the next call has a socket of its own", func() bool {
				p.mu.Lock()
				defer p.mu.Unlock()
				next, err := p.socketLocked(spent.local, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.2:1000")}, now)
				return err == nil && next != spent
			})
			if !spent.mux.IsClosed() || p.size() != 1 {
				t.Errorf("the socket is closed: %t; %d sockets are open, expected the one of the next call", spent.mux.IsClosed(), p.size())
			}
		})
	}
}

func TestACallGivesBackNothingButWhatItHas(t *testing.T) {
	e := newEngine(t, Config{SharedSockets: true})
	one, other := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	near, far := netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("192.0.2.2:1000")
	lend := func(found ...route) *lease {
		t.Helper()
		l, err := e.sockets.acquire(found)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := lend(route{one, near}, route{other, far})
	second := lend(route{one, far}) // the routes have changed
	first.release()
	if s := second.held[0].socket; s.freeLocked([]netip.AddrPort{far}, time.Now().Add(socketRest)) {
		t.Errorf("the socket that serves %s is lent to another call", far)
	}
}

func TestTheNextCallWithAnAddressMayBeRefusedInTheClear(t *testing.T) {
	e := newEngine(t, Config{SharedSockets: true})
	l, err := e.sockets.acquire(addrPorts("192.0.2.1:1000"))
	if err != nil {
		t.Fatal(err)
	}
	refusal := []byte{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 2, 40}
	socket := l.held[0].socket
	socket.conn.secure(l.held[0].remote)
	if !socket.conn.forged(refusal, l.held[0].remote) {
		t.Error("an alert in the clear is believed after the handshake")
	}
	l.release()
	if socket.conn.forged(refusal, l.held[0].remote) {
		t.Error("it is not believed before the next one")
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

// countingHandler counts the records with a text.
type countingHandler struct {
	slog.Handler
	text string
	n    atomic.Int64
}

func (*countingHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *countingHandler) Handle(_ context.Context, r slog.Record) error {
	if r.Message == h.text {
		h.n.Add(1)
	}
	return nil
}

func TestManyCallsToOneServerAddressOverSharedSockets(t *testing.T) {
	leak.Check(t)
	const (
		calls  = 30
		atOnce = 4 // are being connected: all of them would keep a busy machine from connecting any in time
	)
	s := newServer(t)
	attempts := &countingHandler{Handler: slog.DiscardHandler, text: "setting up"}
	e := newEngine(t, Config{SharedSockets: true, Steps: slog.New(attempts)})
	places := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for chat := range int64(calls) {
		wg.Go(func() {
			places <- struct{}{}
			id, answer := join(t, e, s, chat)
			link, err := e.Connect(within(t, hang), id, answer)
			<-places
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
	if n, most := e.sockets.size(), int(attempts.n.Load()); n > most || most < calls {
		t.Errorf("%d sockets for %d attempts of %d calls to connect, expected one for each at most", n, most, calls)
	}
	for _, v := range s.Violations() {
		t.Errorf("violation: %+v", v)
	}
}
