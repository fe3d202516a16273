package media

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
)

type dialedKey struct{}

// dialing is a transport whose dialer is told the URL for which it connects, unless a proxy connects in its place.
type dialing struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (d dialing) RoundTrip(req *http.Request) (*http.Response, error) {
	if d.Proxy != nil {
		if proxy, err := d.Proxy(req); proxy != nil || err != nil {
			return d.Transport.RoundTrip(req)
		}
	}
	return d.Transport.RoundTrip(req.WithContext(context.WithValue(req.Context(), dialedKey{}, req.URL)))
}

// newDialer makes what connects. A name may have led elsewhere when the policy was asked about it: before a connection is made to an address that
// is not public, the policy is asked once more, with the address as the URL's host.
func newDialer(policy func(*url.URL) error, subject string, secrets []string) *net.Dialer {
	d := &net.Dialer{Timeout: httpPatience}
	if policy == nil {
		return d
	}
	d.ControlContext = func(ctx context.Context, _, address string, _ syscall.RawConn) error {
		u, direct := ctx.Value(dialedKey{}).(*url.URL)
		if !direct {
			return nil
		}
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("connecting to %q: %w", address, err)
		}
		if judged, err := netip.ParseAddr(u.Hostname()); notPublic(to.Addr()) == "" || err == nil && judged.Unmap() == to.Addr().Unmap() {
			return nil
		}
		again := *u
		again.Host = address
		return askPolicy(policy, fmt.Sprintf("%s, whose host %q has the address %s,", subject, u.Hostname(), to.Addr()), again.String(), secrets)
	}
	return d
}
