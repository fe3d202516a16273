package gotgcall

import (
	"net/url"

	"gotgcall/media"
)

// PublicHosts is a policy for [WithURLPolicy] that allows hosts of the public internet only. It refuses
//
//   - addresses that are loopback, private, shared by a provider's customers, link-local (the metadata services of clouds are), multicast,
//     unspecified, reserved, or for documentation and benchmarks; also those of IPv4 that stand in one of IPv6 (mapped, NAT64, 6to4);
//   - numbers that ffmpeg takes for an address and that are not four decimal ones: 2130706433, 0x7f.1, 127.1, 0177.0.0.1;
//   - localhost, names without a dot, and names of local networks (.local, .internal, home.arpa);
//   - names that have an address of the first kind, and those that are not found within 5 seconds. They are looked up on this machine, also
//     where a proxy would do it.
//
// The error names the host and the address. A policy of your own can end in it:
//
//	gotgcall.WithURLPolicy(func(u *url.URL) error {
//		if u.Scheme != "https" {
//			return errors.New("only https")
//		}
//		return gotgcall.PublicHosts(u)
//	})
func PublicHosts(u *url.URL) error { return media.PublicHosts(u) }
