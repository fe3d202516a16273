package media

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// lookupPatience is how long PublicHosts waits for the addresses of a name.
const lookupPatience = 5 * time.Second

// localDomains are the ends of names that never lead to the public internet, whatever they resolve to (RFC 6761, 6762, 8375, 9476).
var localDomains = []string{"localhost", "localdomain", "local", "internal", "home.arpa", "alt"}

// PublicHosts is a URL policy that allows hosts of the public internet only; the root says what it refuses. What a name resolves to is judged now: it
// may be something else a moment later.
func PublicHosts(u *url.URL) error {
	return publicHosts(u, net.DefaultResolver.LookupNetIP)
}

// lookup finds the addresses of a name, as net.Resolver.LookupNetIP.
type lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

// publicHosts is PublicHosts with the means to look names up.
func publicHosts(u *url.URL, look lookup) error {
	host := u.Hostname()
	if a, err := netip.ParseAddr(host); err == nil {
		return mustBePublic(host, a)
	}
	if problem := nameProblem(host); problem != "" {
		return fmt.Errorf("the host %q %s: PublicHosts allows hosts of the public internet only", host, problem)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupPatience)
	defer cancel()
	addresses, err := look(ctx, "ip", host)
	if err == nil && len(addresses) == 0 {
		err = errors.New("it has none")
	}
	if err != nil {
		return fmt.Errorf("the addresses of the host %q are not known, so that PublicHosts cannot judge them: %w", host, err)
	}
	for _, a := range addresses {
		if err := mustBePublic(host, a); err != nil {
			return err
		}
	}
	return nil
}

// mustBePublic judges one of a host's addresses.
func mustBePublic(host string, a netip.Addr) error {
	if why := notPublic(a); why != "" {
		return fmt.Errorf("the host %q has the address %s, which is %s: PublicHosts allows public addresses only", host, a, why)
	}
	return nil
}

// nameProblem says why a host that is no address cannot be looked up as a public name, or "".
func nameProblem(host string) string {
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	labels := strings.Split(name, ".")
	switch last := labels[len(labels)-1]; {
	case name == "":
		return "is empty"
	case strings.ContainsFunc(host, notInName):
		return "has characters that no name has: write names of other alphabets in their ASCII form, which begins with xn--"
	case slices.Contains(labels, ""):
		return "has an empty part"
	case isNumber(last):
		return "is a number in an unusual spelling: write an IPv4 address as four decimal numbers"
	case len(labels) == 1:
		return "has no dot, as names of local networks have none"
	}
	for _, domain := range localDomains {
		if name == domain || strings.HasSuffix(name, "."+domain) {
			return fmt.Sprintf("is a name of a local network (%s)", domain)
		}
	}
	return ""
}

// notInName reports what no name of a host has. Beyond the letter of the standard, some have an underscore.
func notInName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._", r))
}

// isNumber reports whether the last part of a host makes all of it an address for inet_aton, which is asked before the DNS: a decimal, octal or
// hexadecimal number. No top-level domain is one.
func isNumber(label string) bool {
	digits, base := label, "0123456789"
	if rest, ok := strings.CutPrefix(label, "0x"); ok {
		digits, base = rest, "0123456789abcdef"
	}
	return strings.Trim(digits, base) == ""
}
