package rtc

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
)

// socketRest is how long a shared socket stays away from a server address after a call to it has ended: datagrams of the old call that are
// still under way must not reach a new one, because pion's mux tells calls apart by the remote address.
const socketRest = 30 * time.Second

// socketPool shares UDP sockets between calls: one socket serves any number of calls to different server addresses, and two calls to the
// same address get two sockets. So there are as many sockets as the busiest address has calls.
type socketPool struct {
	// set at construction
	log  logging.LoggerFactory
	life time.Duration // as of senderConn

	mu      sync.Mutex
	sockets []*sharedSocket
	closed  bool
}

// sharedSocket is one UDP socket and who uses it.
type sharedSocket struct {
	mux   *ice.UDPMuxDefault
	conn  *senderConn // of the mux
	local netip.Addr

	// guarded by the pool's mu
	busy    map[netip.AddrPort]bool      // remote addresses of the calls on it
	resting map[netip.AddrPort]time.Time // until when an address must not be served
}

// lease is a call's hold on shared sockets.
type lease struct {
	pool *socketPool
	mux  ice.UDPMux
	held []served
	once sync.Once
}

// served is a server address and the socket by which a call reaches it. Another call may reach the same address by another socket of the first one.
type served struct {
	socket *sharedSocket
	remote netip.AddrPort
}

func newSocketPool(log logging.LoggerFactory, life time.Duration) *socketPool {
	return &socketPool{log: log, life: life}
}

// acquire returns a mux over one socket per local address of the routes, none of which serves a remote address of the routes already.
func (p *socketPool) acquire(found []route) (*lease, error) {
	l := &lease{pool: p}
	h := &handshake{}
	var muxes []ice.UDPMux
	locals := map[netip.Addr][]netip.AddrPort{}
	for _, r := range found {
		locals[r.local] = append(locals[r.local], r.remote)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for local, remotes := range locals {
		s, err := p.socketLocked(local, remotes, time.Now())
		if err != nil {
			l.releaseLocked(time.Now())
			return nil, err
		}
		for _, r := range remotes {
			s.busy[r] = true
			s.conn.expect(r, h)
			l.held = append(l.held, served{s, r})
		}
		muxes = append(muxes, s.mux)
	}
	l.mux = unclosableMux{ice.NewMultiUDPMuxDefault(muxes...)}
	return l, nil
}

// socketLocked finds a socket on the local address that is free for all the remotes, or opens one.
func (p *socketPool) socketLocked(local netip.Addr, remotes []netip.AddrPort, now time.Time) (*sharedSocket, error) {
	if p.closed {
		return nil, net.ErrClosed
	}
	p.sockets = slices.DeleteFunc(p.sockets, func(s *sharedSocket) bool { return s.spentLocked(now) })
	for _, s := range p.sockets {
		if s.local == local && s.freeLocked(remotes, now) {
			return s, nil
		}
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		return nil, fmt.Errorf("opening a UDP socket on %s: %w", local, err)
	}
	sender := newSenderConn(conn, p.life, nil)
	s := &sharedSocket{
		mux:     ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: sender, Logger: p.log.NewLogger("udpmux")}),
		conn:    sender,
		local:   local,
		busy:    map[netip.AddrPort]bool{},
		resting: map[netip.AddrPort]time.Time{},
	}
	p.sockets = append(p.sockets, s)
	return s, nil
}

// spentLocked tells whether the socket is of no more use: its reading has failed, or no call uses it and its rest is over. It is closed then.
func (s *sharedSocket) spentLocked(now time.Time) bool {
	maps.DeleteFunc(s.resting, func(_ netip.AddrPort, until time.Time) bool { return !now.Before(until) })
	if !s.mux.IsClosed() && len(s.busy)+len(s.resting) > 0 {
		return false
	}
	_ = s.mux.Close()
	return true
}

func (s *sharedSocket) freeLocked(remotes []netip.AddrPort, now time.Time) bool {
	for _, r := range remotes {
		if s.busy[r] {
			return false
		}
		if until, ok := s.resting[r]; ok && now.Before(until) {
			return false
		}
	}
	return true
}

// release gives the sockets back. It is idempotent.
func (l *lease) release() {
	l.once.Do(func() {
		l.pool.mu.Lock()
		defer l.pool.mu.Unlock()
		l.releaseLocked(time.Now())
	})
}

func (l *lease) releaseLocked(now time.Time) {
	for _, h := range l.held {
		delete(h.socket.busy, h.remote)
		h.socket.conn.expect(h.remote, nil)
		h.socket.resting[h.remote] = now.Add(socketRest)
	}
}

// size returns the number of open sockets.
func (p *socketPool) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sockets)
}

// close closes every socket. The calls on them have ended.
func (p *socketPool) close() {
	p.mu.Lock()
	sockets := p.sockets
	p.sockets, p.closed = nil, true
	p.mu.Unlock()
	for _, s := range sockets {
		_ = s.mux.Close()
	}
}

// unclosableMux protects shared sockets from the one call that uses this view of them.
type unclosableMux struct{ *ice.MultiUDPMuxDefault }

// Close implements io.Closer and does nothing: the pool closes its sockets.
func (unclosableMux) Close() error { return nil }
