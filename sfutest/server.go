package sfutest

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"
)

// Server is a loopback Telegram: it answers joins, and is the group-call server that the answers name. All its methods may be called
// concurrently.
type Server struct {
	// Set at construction.
	cfg     *config
	sockets []*socket
	certs   certificates
	impair  *impairment
	ctx     context.Context
	cancel  context.CancelCauseFunc
	wg      sync.WaitGroup // read loops, the impairment, the stall meter, endpoints

	violations ledger     // of all endpoints
	stalls     stallMeter // runs over real networks only
	drops      dropMeter  // knows something over real networks only

	mu      sync.RWMutex // guards what follows; never held together with an Endpoint's
	closed  bool
	chats   map[int64]*Endpoint  // the newest of each chat, live or ended
	live    map[string]*Endpoint // by the server's ufrag
	sources map[uint32]*Endpoint // by SSRC, live ones only
	paths   map[path]*Endpoint   // live ones only
	rivals  map[path]*Endpoint   // who has last tried to use a path of another one, since that was last heard

	offline sync.Mutex // guards which sockets are open and read
}

// NewServer starts a server. Close ends it.
func NewServer(opts ...Option) (*Server, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, chats: map[int64]*Endpoint{}, live: map[string]*Endpoint{}, sources: map[uint32]*Endpoint{}, paths: map[path]*Endpoint{},
		rivals: map[path]*Endpoint{},
	}
	if s.certs, err = newCertificates(cfg); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	if cfg.net == nil {
		s.drops = newDropMeter(s.sockets)
	}
	s.impair = newImpairment(cfg.network, cfg.seed, s.arrive, s.lost)
	s.wg.Go(func() { s.impair.run(s.ctx) })
	if cfg.net == nil {
		s.wg.Go(func() { s.stalls.run(s.ctx) })
	}
	for _, sock := range s.sockets {
		s.startReading(sock)
	}
	return s, nil
}

// listen opens the sockets. Those after the first try the first one's port when they have none of their own, as production's IPv4 and
// IPv6 addresses share a port.
func (s *Server) listen() error {
	for _, addr := range s.cfg.listen {
		var sock *socket
		var err error
		if addr.Port() == 0 && len(s.sockets) > 0 {
			sock, err = listen(s.cfg.net, netip.AddrPortFrom(addr.Addr(), s.sockets[0].addr.Port()))
		}
		if sock == nil {
			sock, err = listen(s.cfg.net, addr)
		}
		if err != nil {
			return errors.Join(err, s.closeSockets())
		}
		s.sockets = append(s.sockets, sock)
	}
	return nil
}

// startReading reads what the socket has open now. The goroutine may begin when that is closed and another one open, which has a reader of its own.
func (s *Server) startReading(sock *socket) {
	conn := sock.current()
	s.wg.Go(func() {
		sock.read(conn, func(from netip.AddrPort, b []byte, now time.Time) { s.impair.in(path{sock, from}, b, now) })
	})
}

func (s *Server) closeSockets() (err error) {
	for _, sock := range s.sockets {
		err = errors.Join(err, sock.close())
	}
	return err
}

// Addrs returns the addresses the server listens on, in the order of WithListenAddr.
func (s *Server) Addrs() []netip.AddrPort {
	var addrs []netip.AddrPort
	for _, sock := range s.sockets {
		addrs = append(addrs, sock.addr)
	}
	return addrs
}

// Close ends all endpoints without a word to their clients, as a server does that dies, and waits until nothing of the server runs any
// more. It takes less than a second. [Endpoint.CloseNotify] is the polite end.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel(ErrServerClosed)
	s.offline.Lock()
	err := s.closeSockets()
	s.offline.Unlock()
	s.wg.Wait()
	return err
}

// SetOffline closes the server's sockets, or opens them again with the same addresses. Meanwhile clients on the same machine get
// ECONNREFUSED, elsewhere nothing. The endpoints live on, as long as they would without an answer from their client.
func (s *Server) SetOffline(offline bool) error {
	s.offline.Lock()
	defer s.offline.Unlock()
	if offline {
		return s.closeSockets()
	}
	if s.ctx.Err() != nil {
		return ErrServerClosed
	}
	for _, sock := range s.sockets {
		if sock.current() != nil {
			continue
		}
		if err := sock.open(); err != nil {
			return err
		}
		s.startReading(sock)
	}
	return nil
}

// Endpoint returns the chat's newest endpoint, live or ended, or nil when the chat was never joined.
func (s *Server) Endpoint(chatID int64) *Endpoint {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.chats[chatID]
}

// Violations returns what clients did wrong, in all chats and since the beginning, one entry per kind. The example's text begins with
// the chat. It is empty when everything was right.
func (s *Server) Violations() []Violation {
	return s.violations.list()
}
