package media

import (
	"fmt"
	"net/netip"
)

// reserved are the address blocks that are not public, by the registries of special-purpose addresses (RFC 6890): who connects to one of them
// reaches this machine, its network, or nobody.
var reserved = []struct {
	block netip.Prefix
	what  string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this host"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by a provider's customers"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("168.63.129.16/32"), "the host of a virtual machine at Azure"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved for protocols"},
	{netip.MustParsePrefix("192.0.2.0/24"), "for documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "of relays into IPv6"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "for benchmarks"},
	{netip.MustParsePrefix("198.51.100.0/24"), "for documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "for documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},

	{netip.MustParsePrefix("::/128"), "this host"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("2001::/23"), "reserved for protocols"}, // Teredo, ORCHID and benchmarks among them
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

var (
	// unicast6 is what of IPv6 is given out to the public (RFC 4291 section 2.4); what lies outside is for one site or one machine.
	unicast6 = netip.MustParsePrefix("2000::/3")
	// nat64 and sixToFour are addresses of IPv6 that lead to one of IPv4 which stands in them (RFC 6052 section 2.1, RFC 3056 section 2).
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

// notPublic says why an address cannot be one of the public internet, as "private (10.0.0.0/8)", or "" when it can.
func notPublic(a netip.Addr) string {
	if a.Zone() != "" {
		return "of one network interface"
	}
	a = a.Unmap()
	bytes := a.As16()
	switch {
	case nat64.Contains(a):
		return notPublic(netip.AddrFrom4([4]byte(bytes[12:])))
	case sixToFour.Contains(a):
		return notPublic(netip.AddrFrom4([4]byte(bytes[2:])))
	}
	for _, r := range reserved {
		if r.block.Contains(a) {
			return fmt.Sprintf("%s (%s)", r.what, r.block)
		}
	}
	if a.Is6() && !unicast6.Contains(a) {
		return fmt.Sprintf("outside of what is public in IPv6 (%s)", unicast6)
	}
	return ""
}
