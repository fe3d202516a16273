package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"gotgcall/jsonparams"
)

const (
	maxSDP        = 64 << 10 // as much as Connect takes of JSON
	maxCandidates = 32       // as many as Connect uses
	lastPort      = 65535
)

// description is what the server's answer needs of the page's SDP.
type description struct {
	ufrag, pwd  string
	fingerprint jsonparams.Fingerprint
	candidates  []pageCandidate
}

// pageCandidate is a UDP address of the page. addr is zero where the browser has hidden it behind an mDNS name.
type pageCandidate struct {
	addr     netip.Addr
	port     int
	priority uint32
}

// answerOf turns the page's SDP answer into the JSON that Telegram's server would answer the join with (docs/WIRE.md §2). Browsers hide the
// addresses of this machine behind names that only they resolve. Since the page is on this machine, each of own takes the place of a name.
func answerOf(sdp string, own []netip.Addr) (string, error) {
	o, err := readDescription(sdp)
	if err != nil {
		return "", err
	}
	var list []map[string]string
	seen := map[netip.AddrPort]bool{}
	add := func(addr netip.Addr, c pageCandidate) {
		at := netip.AddrPortFrom(addr, uint16(c.port)) //nolint:gosec // readCandidate has checked the range
		if seen[at] || len(list) == maxCandidates {
			return
		}
		seen[at] = true
		list = append(list, map[string]string{
			"foundation": strconv.Itoa(len(list) + 1), "component": "1", "protocol": "udp", "priority": strconv.FormatUint(uint64(c.priority), 10),
			"ip": addr.String(), "port": strconv.Itoa(c.port), "type": "host", "generation": "0", "network": "0",
		})
	}
	for _, c := range o.candidates {
		if c.addr.IsValid() {
			add(c.addr, c)
			continue
		}
		for _, addr := range own {
			add(addr, c)
		}
	}
	if len(list) == 0 {
		return "", errors.New("the page's SDP has no address over UDP: the browser hides all of them; in its settings allow WebRTC " +
			"over UDP, or switch off the extension that forbids it")
	}
	return marshal(map[string]any{
		"transport": map[string]any{
			"ufrag": o.ufrag, "pwd": o.pwd, "rtcp-mux": true, "fingerprints": []jsonparams.Fingerprint{o.fingerprint}, "candidates": list,
		},
		"audio": audioBlock, "video": videoBlock,
	})
}

// marshal is JSON for eyes: nothing is escaped for HTML.
func marshal(v any) (string, error) {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSpace(text.String()), err
}

// readDescription reads the lines of an SDP that matter. Its sections share one transport, so the first of each kind counts.
func readDescription(sdp string) (o description, err error) {
	if len(sdp) > maxSDP {
		return o, fmt.Errorf("the page's SDP has %d bytes, expected at most %d", len(sdp), maxSDP)
	}
	first := func(into *string, value string) {
		if *into == "" {
			*into = value
		}
	}
	for line := range strings.Lines(sdp) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "a=ice-ufrag":
			first(&o.ufrag, value)
		case "a=ice-pwd":
			first(&o.pwd, value)
		case "a=fingerprint":
			if hash, digest, ok := strings.Cut(value, " "); ok && o.fingerprint.Hash == "" {
				// The page is the DTLS client.
				o.fingerprint = jsonparams.Fingerprint{Hash: strings.ToLower(hash), Setup: "active", Value: strings.ToUpper(digest)}
			}
		case "a=candidate":
			if c, ok := readCandidate(value); ok {
				o.candidates = append(o.candidates, c)
			}
		}
	}
	if o.ufrag == "" || o.pwd == "" || o.fingerprint.Hash == "" {
		return o, errors.New("the page's SDP lacks a=ice-ufrag, a=ice-pwd or a=fingerprint: expected the SDP of setLocalDescription")
	}
	return o, nil
}

// readCandidate reads the value of a candidate line (RFC 8839 section 5.1). Those over TCP, and other components than the first, are left out.
func readCandidate(line string) (c pageCandidate, ok bool) {
	f := strings.Fields(line) // foundation component transport priority address port typ …
	if len(f) < 8 || f[1] != "1" || !strings.EqualFold(f[2], "udp") || f[6] != "typ" {
		return c, false
	}
	priority, err := strconv.ParseUint(f[3], 10, 32)
	if err != nil {
		return c, false
	}
	c.priority = uint32(priority)
	if c.port, err = strconv.Atoi(f[5]); err != nil || c.port < 1 || c.port > lastPort {
		return c, false
	}
	if strings.HasSuffix(f[4], ".local") {
		return c, true
	}
	c.addr, err = netip.ParseAddr(f[4])
	return c, err == nil && c.addr.Zone() == ""
}

// ownAddrs are the addresses of this machine, loopback ones last: a browser uses those only when it has no others.
func ownAddrs() []netip.Addr {
	found, _ := net.InterfaceAddrs() // none is an error of its own, in answerOf
	var addrs, loopback []netip.Addr
	for _, a := range found {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		switch addr := prefix.Addr().Unmap(); {
		case addr.IsLoopback():
			loopback = append(loopback, addr)
		case addr.IsGlobalUnicast():
			addrs = append(addrs, addr)
		}
	}
	return append(addrs, loopback...)
}
