package rtc

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"gotgcall/jsonparams"
)

// route is how the kernel would reach one of the server's addresses.
type route struct {
	local  netip.Addr
	remote netip.AddrPort
}

// systemRoute asks the kernel for the local address it would send from. Nothing is sent: connecting a UDP socket only looks the route up.
func systemRoute(remote netip.AddrPort) (local netip.Addr, err error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(remote))
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone(""), nil
}

// routes finds the local address for each candidate. Candidates without a route (IPv6 on an IPv4-only host) are left out; err says why.
func (e *Engine) routes(candidates []jsonparams.Candidate) (found []route, err error) {
	var errs []error
	for _, c := range candidates {
		remote := netip.AddrPortFrom(c.Addr, c.Port)
		local, err := e.lookup(remote)
		if err != nil {
			errs = append(errs, fmt.Errorf("no route to the server's address %s: %w", remote, err))
			continue
		}
		found = append(found, route{local, remote})
	}
	return found, errors.Join(errs...)
}

// localFilter keeps ICE gathering to the local addresses of the routes: one socket per address family in use, instead of one per interface
// address. An address that is none of the machine's own belongs to a virtual network (WithSettingEngine) and is left to its owner.
func localFilter(found []route, machine []netip.Addr) func(net.IP) bool {
	return func(ip net.IP) bool {
		addr, ok := netip.AddrFromSlice(ip)
		if !ok {
			return false
		}
		addr = addr.Unmap()
		for _, r := range found {
			if r.local == addr {
				return true
			}
		}
		return !slices.Contains(machine, addr)
	}
}
