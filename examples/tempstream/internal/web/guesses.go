package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// wrongAtOnce is how many wrong tokens an address may try in a row; one more is granted every wrongEvery.
	wrongAtOnce = 10
	wrongEvery  = 6 * time.Second
	// maxAddrs is how many addresses are remembered.
	maxAddrs = 10_000
)

// guesses counts wrong tokens by the address that they come from.
type guesses struct {
	mu    sync.Mutex // guards what follows
	addrs map[netip.Prefix]*rate.Limiter
}

func newGuesses() *guesses { return &guesses{addrs: map[netip.Prefix]*rate.Limiter{}} }

// allowed says whether the address may try another token.
func (g *guesses) allowed(from netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.addrs[network(from)]
	return l == nil || l.Tokens() >= 1
}

// failed notes that the address has tried a wrong one.
func (g *guesses) failed(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.addrs) >= maxAddrs {
		g.forgetLocked()
	}
	l := g.addrs[network(from)]
	if l == nil {
		l = rate.NewLimiter(rate.Every(wrongEvery), wrongAtOnce)
		g.addrs[network(from)] = l
	}
	l.Allow()
}

// forgetLocked forgets addresses that may try as often as any other, and when that is none, all of them: memory is what is bounded here, the
// tokens cannot be guessed anyway. mu is held.
func (g *guesses) forgetLocked() {
	for addr, l := range g.addrs {
		if l.Tokens() >= wrongAtOnce {
			delete(g.addrs, addr)
		}
	}
	if len(g.addrs) >= maxAddrs {
		clear(g.addrs)
	}
}

// network is what one guesser has: an address of IPv4, 64 bits of IPv6.
func network(a netip.Addr) netip.Prefix {
	bits := 64
	if a = a.Unmap(); a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits) // the zero one for an address that is none
	return p
}

// clientAddr is the address that a request comes from, behind the proxies that are trusted.
func (s *Server) clientAddr(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, _ := netip.ParseAddr(host) // the zero one when there is none
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop
	}
	return addr.Unmap()
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.config.TrustedProxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
