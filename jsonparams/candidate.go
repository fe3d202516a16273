package jsonparams

import "net/netip"

// Candidate is one address of the server on which ICE may reach it. ParseAnswer fills in what the server left out.
//
// It skips what cannot be used: names, mDNS ones included; addresses that are loopback (see ParseOptions), unspecified, multicast,
// link-local, broadcast or carry a zone; ports outside 1 to 65535; TCP; components other than 1; types other than the four below. What it
// skipped stands in Answer.Skipped, and in the error when nothing is left.
type Candidate struct {
	// Foundation groups candidates: 1 to 32 ICE characters. It defaults to the candidate's number in the answer, counted from 1.
	Foundation string
	// Component is always 1: RTP and RTCP share a port. It defaults to 1.
	Component int
	// Protocol is always udp. It defaults to udp.
	Protocol string
	// Priority orders candidates, the highest first: 1 to 2³¹-1. It defaults to what RFC 8445 §5.1.2 recommends for the type.
	Priority uint32
	// Addr is the address: an IP, without a zone, IPv4 never in its IPv6-mapped form.
	Addr netip.Addr
	// Port is 1 to 65535.
	Port uint16
	// Type is host, srflx, prflx or relay. It defaults to host.
	Type string
	// RelAddr and RelPort tell where a candidate that is not a host's was derived from. They are the zero Addr and 0 when the server
	// does not say, or says something that is no IP address and port.
	RelAddr netip.Addr
	RelPort uint16
}
