package rtc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"gotgcall/models"
)

// Limits of WithICEServers. Each URL takes a socket for each call that connects, and multiplies the pairs of candidates that are checked.
const (
	maxICEServers = 8
	maxServerURLs = 8
)

// CheckICEServers says what is wrong with a list of STUN and TURN servers. The text shows neither credentials nor what might be one.
func CheckICEServers(servers []models.ICEServer) error {
	if n := len(servers); n == 0 || n > maxICEServers {
		return fmt.Errorf("%d servers, expected 1 to %d", n, maxICEServers)
	}
	for i, s := range servers {
		if n := len(s.URLs); n == 0 || n > maxServerURLs {
			return fmt.Errorf("server %d has %d URLs, expected 1 to %d", i+1, n, maxServerURLs)
		}
		for j, u := range s.URLs {
			if err := checkICEURL(u, s); err != nil {
				return fmt.Errorf("URL %d of server %d, %s, %w", j+1, i+1, shownICEURL(u), err)
			}
		}
	}
	return nil
}

func checkICEURL(u string, s models.ICEServer) error {
	uri, err := parseICEURL(u)
	switch {
	case err != nil || uri.Port < 1 || uri.Port > 65535 || strings.ContainsAny(u, "@/"):
		return errors.New("is not an address of a STUN or TURN server: give stun:host:port, turn:host:port or turns:host:port, " +
			"and the credentials in fields of their own")
	case uri.Scheme == stun.SchemeTypeSTUNS:
		return errors.New("is STUN over TLS, which tells nothing about UDP: give stun:host:port")
	case uri.Scheme == stun.SchemeTypeSTUN:
		return nil
	case s.Username == "" || s.Credential == "":
		return errors.New("is a TURN server, which takes nobody without a name: give Username and Credential")
	}
	return nil
}

// parseICEURL refuses what pion's parser (stun v4.0.0) would never come back from: to an address with something else than a port behind its bracket it adds
// a port again and again.
func parseICEURL(u string) (*stun.URI, error) {
	if _, behind, _ := strings.Cut(u, "]"); behind != "" && behind[0] != ':' && behind[0] != '?' {
		return nil, errors.New("no port behind the bracket")
	}
	return stun.ParseURI(u)
}

// shownICEURL is a URL without what may be a password in it.
func shownICEURL(u string) string {
	if strings.ContainsRune(u, '@') {
		u = "***"
	}
	if address, query, found := strings.Cut(u, "?"); found && query != "transport=udp" && query != "transport=tcp" {
		u = address + "?***"
	}
	const longest = 100
	if len(u) > longest {
		u = u[:longest] + "…"
	}
	return fmt.Sprintf("%q", u)
}

// iceServers is the list as pion takes it.
func iceServers(servers []models.ICEServer) []webrtc.ICEServer {
	var out []webrtc.ICEServer
	for _, s := range servers {
		server := webrtc.ICEServer{URLs: s.URLs}
		if s.Username != "" || s.Credential != "" {
			server.Username, server.Credential = s.Username, s.Credential
		}
		out = append(out, server)
	}
	return out
}

// urls is the number of servers' addresses.
func urls(servers []models.ICEServer) int {
	n := 0
	for _, s := range servers {
		n += len(s.URLs)
	}
	return n
}
