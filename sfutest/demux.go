package sfutest

import (
	"strings"
	"time"

	"github.com/pion/stun/v4"
)

// The first byte tells the protocols apart that share a socket (RFC 7983 §7).
func isSTUN(first byte) bool { return first <= 3 }
func isDTLS(first byte) bool { return first >= 20 && first <= 63 }
func isRTP(first byte) bool  { return first >= 128 && first <= 191 }

// arrive takes a datagram that came through the impairment. Checks belong to the endpoint that their user name has; everything else to
// the endpoint whose check was the first from that address, as in ice4j.
func (s *Server) arrive(p path, b []byte, at moment) {
	switch {
	case len(b) == 0:
	case isSTUN(b[0]):
		s.arriveSTUN(p, b, at.now)
	default:
		if e := s.owner(p); e != nil {
			e.receive(b, at)
		}
	}
}

// lost takes note of a datagram that the impairment did not let through.
func (s *Server) lost(p path, b []byte, now time.Time) {
	if e := s.owner(p); e != nil {
		e.lost(b, now)
	}
}

func (s *Server) arriveSTUN(p path, b []byte, now time.Time) {
	m := stun.New()
	if stun.Decode(b, m) != nil || m.Type.Method != stun.MethodBinding {
		return
	}
	owner := s.owner(p)
	if m.Type.Class != stun.ClassRequest {
		if owner != nil {
			owner.receiveResponse(p, m, now)
		}
		return
	}
	name, _ := m.Get(stun.AttrUsername)
	ufrag, _, _ := strings.Cut(string(name), ":")
	s.mu.RLock()
	e := s.live[ufrag]
	s.mu.RUnlock()
	switch {
	case e == nil || !e.ice.authentic(m):
	case owner != nil && owner != e:
		s.contest(p, e)
	default:
		if rival := s.rival(p); rival != nil {
			rival.violations.add(ViolationSharedPath, "its checks come from %s, which is in use in chat %d", p, e.chatID)
		}
		e.receiveCheck(p, m, now)
	}
}

// contest takes note that checks of a call came from an address that is another's: either two calls send from it, and then those of the other one go on; or
// the other one has closed its socket, of which the server does not know yet.
func (s *Server) contest(p path, e *Endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if owner := s.paths[p]; owner != nil && owner != e { // not ended since it was asked for
		s.rivals[p] = e
	}
}

// rival returns, once, the call that has contested a path.
func (s *Server) rival(p path) *Endpoint {
	s.mu.RLock()
	e := s.rivals[p]
	s.mu.RUnlock()
	if e != nil {
		s.mu.Lock()
		delete(s.rivals, p)
		s.mu.Unlock()
	}
	return e
}

// owner returns the live endpoint that a path belongs to.
func (s *Server) owner(p path) *Endpoint {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.paths[p]
}

// own gives a path to an endpoint, unless it is another's or the endpoint has ended.
func (s *Server) own(p path, e *Endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paths[p] == nil && s.live[e.ufrag] == e {
		s.paths[p] = e
		e.paths = append(e.paths, p)
	}
}
