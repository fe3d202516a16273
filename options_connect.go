package gotgcall

import (
	"slices"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/internal/rtc"
	"gotgcall/models"
)

// WithConnectTimeout sets how long Connect may take until it fails with ErrConnectionTimeout, more than 0. It defaults to 10 seconds.
func WithConnectTimeout(d time.Duration) Option {
	return func(c *config) {
		c.connectTimeout = d
		c.require(d > 0, "WithConnectTimeout(%s): expected more than 0", d)
	}
}

// WithICEServers sets STUN and TURN servers, 1 to 8. Hardly anybody needs them: Telegram's servers have public addresses and learn ours from the
// first packet. A TURN server helps where UDP does not get out, by "turn:host:port?transport=tcp" or "turns:host:port"; a TURN server is reached
// over IPv4. By default there are none. Passwords are not logged.
func WithICEServers(servers []ICEServer) Option {
	servers = slices.Clone(servers)
	for i := range servers {
		servers[i].URLs = slices.Clone(servers[i].URLs)
	}
	return func(c *config) {
		c.iceServers = servers
		err := rtc.CheckICEServers(servers)
		c.require(err == nil, "WithICEServers: %v", err)
	}
}

// WithNetworkTypes sets which networks a connection may use, NetworkTypeUDP4 or NetworkTypeUDP6 among them. Addresses of the server that are of
// another kind are not tried; when none is left Connect fails at once with ErrConnectionFailed. The TCP types are accepted beside them and add
// nothing: Telegram's servers take media over UDP alone. It defaults to NetworkTypeUDP4 and NetworkTypeUDP6.
func WithNetworkTypes(types ...NetworkType) Option {
	types = slices.Clone(types)
	return func(c *config) {
		c.networkTypes = types
		for _, t := range types {
			c.require(t >= models.NetworkTypeUDP4 && t <= models.NetworkTypeTCP6, "WithNetworkTypes(%v): %v is none of the NetworkType constants", types, t)
		}
		udp := slices.Contains(types, models.NetworkTypeUDP4) || slices.Contains(types, models.NetworkTypeUDP6)
		c.require(udp, "WithNetworkTypes(%v): expected NetworkTypeUDP4, NetworkTypeUDP6 or both: the server takes nothing else", types)
	}
}

// The ranges of WithICETimeouts.
const (
	minSilence    = 500 * time.Millisecond
	maxDisconnect = time.Hour
	maxFailed     = 24 * time.Hour
	minKeepalive  = 50 * time.Millisecond
)

// WithICETimeouts sets how a connection is found dead: after disconnect without a packet from the server its state is Disconnected, 500 ms to 1 h,
// and when that has lasted for failed, 500 ms to 24 h, it is Failed for good. The connection is checked every keepalive, 50 ms or more, and less than
// disconnect. A server that answers no check for disconnect and failed together is Failed too, whatever else it sends. It defaults to 2 seconds,
// 23 seconds and 500 milliseconds.
func WithICETimeouts(disconnect, failed, keepalive time.Duration) Option {
	return func(c *config) {
		c.iceTimeouts = rtc.ICETimeouts{Disconnected: disconnect, Failed: failed, Keepalive: keepalive}
		const all = "WithICETimeouts(%s, %s, %s): "
		c.require(disconnect >= minSilence && disconnect <= maxDisconnect, all+"expected %s to %s for disconnect",
			disconnect, failed, keepalive, minSilence, maxDisconnect)
		c.require(failed >= minSilence && failed <= maxFailed, all+"expected %s to %s for failed", disconnect, failed, keepalive, minSilence, maxFailed)
		c.require(keepalive >= minKeepalive && keepalive < disconnect, all+"expected %s or more for keepalive, and less than disconnect",
			disconnect, failed, keepalive, minKeepalive)
	}
}

// WithICEMaxBindingRequests sets how often an address of the server is checked in one attempt to connect, every 200 ms, until it is given up: 1 to
// 1000. Connect makes several attempts. By default it is so many that all addresses together are checked 64 times, but one not more than 50 times.
func WithICEMaxBindingRequests(n int) Option {
	const most = 1000
	return func(c *config) {
		c.iceChecks = n
		c.require(n >= 1 && n <= most, "WithICEMaxBindingRequests(%d): expected 1 to %d", n, most)
	}
}

// WithICEPreConnectDelay sets a wait in Connect, after the connection is set up and before its first packet, for a server that needs a moment to
// know of the join: 0 or more, less than the connect timeout, which includes it. It ends with the context of ConnectContext. It defaults to 0.
func WithICEPreConnectDelay(d time.Duration) Option {
	return func(c *config) {
		c.iceDelay = d
		c.require(d >= 0, "WithICEPreConnectDelay(%s): expected 0 or more", d)
	}
}

// WithLoopback accepts loopback candidates, which are refused otherwise: for tests and demos against package sfutest.
func WithLoopback() Option {
	return func(c *config) { c.loopback = true }
}

// WithSettingEngine gives f every connection's pion SettingEngine after the library's own settings, for virtual networks in tests and for
// what no other option covers. f may override anything, at its own risk. A connection can have two of them for a while, which must not share a
// socket. It defaults to nil, nothing.
func WithSettingEngine(f func(*webrtc.SettingEngine)) Option {
	return func(c *config) { c.settings = f }
}
