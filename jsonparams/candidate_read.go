package jsonparams

import (
	"fmt"
	"net/netip"
	"strconv"
)

// maxSkipped is the number of skipped candidates that are described one by one; the others are only counted.
const maxSkipped = 32

// readCandidates returns the first MaxCandidates usable candidates in their order, and says of the others why they were skipped.
func readCandidates(v value, name string, o ParseOptions) (usable []Candidate, skipped []string, err error) {
	if err := v.want(name, kindList); err != nil {
		return nil, nil, err
	}
	items := v.list()
	more := 0
	for i, item := range items {
		if len(usable) == MaxCandidates {
			more += len(items) - i
			break
		}
		c, problem := Candidate{}, "it is "+string(item.kind())+", expected an object"
		if item.kind() == kindObject {
			fields, err := item.object("it")
			if err != nil {
				return nil, nil, fmt.Errorf("%s[%d]: %w", name, i, err)
			}
			c, problem = readCandidate(fields, i+1, o)
		}
		switch {
		case problem == "":
			usable = append(usable, c)
		case len(skipped) < maxSkipped:
			skipped = append(skipped, fmt.Sprintf("candidate %d: %s", i+1, problem))
		default:
			more++
		}
	}
	if more > 0 {
		skipped = append(skipped, fmt.Sprintf("and %d more", more))
	}
	return usable, skipped, nil
}

// readCandidate reads candidate number of the answer, filling in what is missing, or returns why it is of no use. What only orders or
// labels candidates never makes one useless.
func readCandidate(fields object, number int, o ParseOptions) (c Candidate, problem string) {
	c = Candidate{Component: 1, Protocol: "udp"}
	if v := fields["component"]; !v.none() && !v.is("1") {
		return c, "component " + v.show() + ", expected 1"
	}
	if v := fields["protocol"]; !v.none() && !v.is("udp") {
		return c, "protocol " + v.show() + ", expected udp"
	}
	if v := fields["tcptype"]; !v.none() && !v.is("") {
		return c, "tcptype " + v.show() + ", expected udp"
	}

	var preference uint32
	if c.Type, preference = readType(fields["type"]); c.Type == "" {
		return c, "type " + fields["type"].show() + ", expected host, srflx, prflx or relay"
	}
	if c.Addr, problem = readAddr(fields["ip"], o); problem != "" {
		return c, problem
	}
	if c.Port = readPort(fields["port"]); c.Port == 0 {
		return c, "port " + fields["port"].show() + ", expected 1 to 65535"
	}
	if rel, port := readIP(fields["rel-addr"]), readPort(fields["rel-port"]); c.Type != "host" && rel.IsValid() && port != 0 {
		c.RelAddr, c.RelPort = rel, port
	}
	c.Priority = readPriority(fields["priority"], preference)
	c.Foundation = readFoundation(fields["foundation"], number)
	return c, ""
}

// readType returns the candidate's type and the type preference that RFC 8445 §5.1.2.2 recommends for it; an unknown type is "".
func readType(v value) (string, uint32) {
	if v.none() {
		return "host", 126
	}
	switch {
	case v.is("host"):
		return "host", 126
	case v.is("prflx"):
		return "prflx", 110
	case v.is("srflx"):
		return "srflx", 100
	case v.is("relay"):
		return "relay", 0
	}
	return "", 0
}

// readAddr returns the address to send to, or why nothing can or may be sent there.
func readAddr(v value, o ParseOptions) (addr netip.Addr, problem string) {
	if v.none() {
		return addr, "it has no ip"
	}
	if addr = readIP(v); !addr.IsValid() {
		return addr, "ip " + v.show() + ", expected an IPv4 or IPv6 address without a zone (names are not resolved, .local ones neither)"
	}
	switch {
	case addr.IsLoopback() && !o.AllowLoopback:
		problem = "loopback, which only tests may use (WithLoopback)"
	case addr.IsUnspecified():
		problem = "unspecified"
	case addr.IsMulticast():
		problem = "multicast"
	case addr.IsLinkLocalUnicast():
		problem = "link-local"
	case addr == broadcast:
		problem = "broadcast"
	default:
		return addr, ""
	}
	return addr, "ip " + addr.String() + " is " + problem
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// readIP returns the address in v, and the zero Addr when it is none or has a zone. IPv4 comes out of its IPv6-mapped form: pion would
// look for an IPv6 socket otherwise, and no test of the address may be passed by spelling it differently.
func readIP(v value) netip.Addr {
	addr, err := netip.ParseAddr(v.text())
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// readPort returns a port, or 0 for what is none.
func readPort(v value) uint16 {
	port, err := strconv.ParseUint(v.scalar(), 10, 16)
	if err != nil {
		return 0
	}
	return uint16(port)
}

// readPriority returns the announced priority, or the one RFC 8445 §5.1.2.1 gives the only address of a type: the type preference, the
// highest local preference, component 1.
func readPriority(v value, preference uint32) uint32 {
	if priority, err := strconv.ParseUint(v.scalar(), 10, 31); err == nil && priority > 0 {
		return uint32(priority)
	}
	return preference<<24 | 0xffff<<8 | (256 - 1)
}

// readFoundation returns the announced foundation, or the candidate's number when there is none that an SDP can carry.
func readFoundation(v value, number int) string {
	if text := v.scalar(); len(text) >= 1 && len(text) <= 32 && notICE(text) < 0 {
		return text
	}
	return strconv.Itoa(number)
}
