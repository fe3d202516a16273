package models

// NetworkType is a kind of network that a connection may use, for WithNetworkTypes.
type NetworkType int

// The kinds of networks. Telegram's servers take media over UDP alone: the TCP types are there for programs that list them, and add nothing. To
// reach a TURN server by TCP takes none of them, but a URL that says so (see ICEServer).
const (
	// NetworkTypeUDP4 is UDP over IPv4.
	NetworkTypeUDP4 NetworkType = iota + 1
	// NetworkTypeUDP6 is UDP over IPv6.
	NetworkTypeUDP6
	// NetworkTypeTCP4 is TCP over IPv4.
	NetworkTypeTCP4
	// NetworkTypeTCP6 is TCP over IPv6.
	NetworkTypeTCP6
)

// String returns "udp4", "udp6", "tcp4" or "tcp6".
func (t NetworkType) String() string {
	if t < NetworkTypeUDP4 { // 0, and what is below, is none
		return name("NetworkType", int(t))
	}
	return name("NetworkType", int(t), "", "udp4", "udp6", "tcp4", "tcp6")
}

// ICEServer is a STUN or TURN server that helps where the way to Telegram's servers is not open, for WithICEServers.
type ICEServer struct {
	// URLs are addresses of the same server (RFC 7064, RFC 7065), 1 to 8: "stun:host:port", "turn:host:port", "turns:host:port"; a TURN one may
	// go on with "?transport=udp" or "?transport=tcp". Without a port it is 3478, for turns 5349.
	URLs []string
	// Username and Credential, a password, are needed for TURN, and ignored for STUN. They do not appear in logs and errors.
	Username, Credential string
}
