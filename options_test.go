package gotgcall_test

import (
	"errors"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"gotgcall"
)

func TestBadOptionsAreNamedByNew(t *testing.T) {
	turn := func(urls ...string) gotgcall.Option {
		return gotgcall.WithICEServers([]gotgcall.ICEServer{{URLs: urls, Username: "planted-user", Credential: "planted-password"}})
	}
	for text, option := range map[string]gotgcall.Option{
		"WithDTLSCertPool(-1): expected 0 to 10000":    gotgcall.WithDTLSCertPool(-1),
		"WithDTLSCertPool(10001): expected 0 to 10000": gotgcall.WithDTLSCertPool(10_001),
		"WithDispatchBuffer(0): expected at least 1":   gotgcall.WithDispatchBuffer(0),
		"WithConnectTimeout(0s): expected more than 0": gotgcall.WithConnectTimeout(0),
		"WithLogger(nil)":                                         gotgcall.WithLogger(nil),
		"WithMaxProcesses(0): expected 1 to 10000":                gotgcall.WithMaxProcesses(0),
		"WithMaxProcesses(10001): expected 1 to 10000":            gotgcall.WithMaxProcesses(10_001),
		"WithProcessLimits: CPU is 1ms, expected 1s or more":      gotgcall.WithProcessLimits(gotgcall.ProcessLimits{CPU: time.Millisecond}),
		"WithProcessLimits: Output is -1 bytes":                   gotgcall.WithProcessLimits(gotgcall.ProcessLimits{Output: -1}),
		"WithURLPolicy(nil)":                                      gotgcall.WithURLPolicy(nil),
		"WithNetworkTypes([]): expected NetworkTypeUDP4":          gotgcall.WithNetworkTypes(),
		"WithNetworkTypes([tcp4]): expected NetworkTypeUDP4":      gotgcall.WithNetworkTypes(gotgcall.NetworkTypeTCP4),
		"NetworkType(5) is none of":                               gotgcall.WithNetworkTypes(gotgcall.NetworkTypeUDP4, 5),
		"NetworkType(0) is none of":                               gotgcall.WithNetworkTypes(gotgcall.NetworkTypeUDP4, 0),
		"WithICETimeouts(499ms, 23s, 50ms): expected 500ms to 1h": gotgcall.WithICETimeouts(499*time.Millisecond, 23*time.Second, 50*time.Millisecond),
		"expected 500ms to 1h0m0s for disconnect":                 gotgcall.WithICETimeouts(61*time.Minute, 23*time.Second, time.Second),
		"expected 500ms to 24h0m0s for failed":                    gotgcall.WithICETimeouts(2*time.Second, 25*time.Hour, time.Second),
		"(2s, 0s, 500ms): expected 500ms to 24h0m0s for failed":   gotgcall.WithICETimeouts(2*time.Second, 0, time.Second/2),
		"(2s, 23s, 0s): expected 50ms or more for keepalive":      gotgcall.WithICETimeouts(2*time.Second, 23*time.Second, 0),
		"(2s, 23s, 2s): expected 50ms or more for keepalive":      gotgcall.WithICETimeouts(2*time.Second, 23*time.Second, 2*time.Second),
		"WithICEMaxBindingRequests(0): expected 1 to 1000":        gotgcall.WithICEMaxBindingRequests(0),
		"WithICEMaxBindingRequests(1001): expected 1 to 1000":     gotgcall.WithICEMaxBindingRequests(1001),
		"WithICEPreConnectDelay(-1ns): expected 0 or more":        gotgcall.WithICEPreConnectDelay(-1),
		"WithICEPreConnectDelay(10s): expected less than":         gotgcall.WithICEPreConnectDelay(10 * time.Second),
		"WithICEServers: 0 servers, expected 1 to 8":              gotgcall.WithICEServers(nil),
		"WithICEServers: server 1 has 0 URLs, expected 1 to 8":    turn(),
		`URL 1 of server 1, "http://host", is not an address`:     turn("http://host"),
		`URL 2 of server 1, "turn:host:0", is not an address`:     turn("stun:host", "turn:host:0"),
		`URL 1 of server 1, "turn:host?***", is not an address`:   turn("turn:host?x=1"),
		`URL 1 of server 1, "***", is not an address`:             turn("turn:planted-user:planted-password@host"),
		`"stuns:host", is STUN over TLS`:                          turn("stuns:host"),
		"give Username and Credential":                            gotgcall.WithICEServers([]gotgcall.ICEServer{{URLs: []string{"turn:host"}, Username: "a"}}),
	} {
		_, err := gotgcall.New(gotgcall.WithoutFFmpeg(), option)
		if !errors.Is(err, gotgcall.ErrInvalidParams) || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "planted") {
			t.Errorf("the error is «%v», expected ErrInvalidParams that says «%s»", err, text)
		}
	}
}

func TestOptionsInRangeAreTaken(t *testing.T) {
	client, err := gotgcall.New(
		gotgcall.WithoutFFmpeg(), nil, gotgcall.WithDTLSCertPool(0), gotgcall.WithDispatchBuffer(1), gotgcall.WithMaxProcesses(10_000),
		gotgcall.WithProcessLimits(gotgcall.ProcessLimits{}),
		gotgcall.WithURLPolicy(func(*url.URL) error { return nil }), gotgcall.WithNetworkTypes(gotgcall.NetworkTypeUDP6, gotgcall.NetworkTypeTCP4),
		gotgcall.WithICETimeouts(time.Hour, 24*time.Hour, 50*time.Millisecond), gotgcall.WithICEMaxBindingRequests(1000),
		gotgcall.WithICEPreConnectDelay(10*time.Second), gotgcall.WithConnectTimeout(11*time.Second), gotgcall.WithSettingEngine(nil),
		gotgcall.WithICEServers([]gotgcall.ICEServer{
			{URLs: []string{"stun:host", "stun:[2001:db8::1]:1"}},
			{URLs: []string{"turn:host:65535?transport=tcp", "turns:host"}, Username: "a", Credential: "b"},
		}),
	)
	must(t, err)
	must(t, client.Close())
}

// FuzzOptions: whatever the options are given, New takes them, or names one that is out of range.
func FuzzOptions(f *testing.F) {
	second := int64(time.Second)
	f.Add("ffmpeg", 8, 4, 256, 50, 10*second, int64(0), 2*second, 23*second, second/2, 1, "stun:192.0.2.1:3478")
	f.Add("", 0, -1, 0, 1001, int64(-1), second, int64(0), int64(0), int64(0), 9, "turn:")
	f.Add("-version", 10_000, 10_000, 1, 1, int64(1), int64(0), 3600*second, 24*3600*second, second/20, 4, "turns:[2001:db8::1]?transport=tcp")
	f.Add("\x00", 10_001, 10_001, -1, 0, int64(math.MinInt64), int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MinInt64), int64(1), -1, "http://host")
	f.Fuzz(func(t *testing.T, path string, processes, certificates, buffer, checks int, connect, delay, disconnect, failed, keepalive int64, network int,
		server string,
	) {
		client, err := gotgcall.New(
			gotgcall.WithFFmpegPath(path), gotgcall.WithMaxProcesses(processes), gotgcall.WithDTLSCertPool(certificates), gotgcall.WithDispatchBuffer(buffer),
			gotgcall.WithICEMaxBindingRequests(checks), gotgcall.WithConnectTimeout(time.Duration(connect)), gotgcall.WithICEPreConnectDelay(time.Duration(delay)),
			gotgcall.WithICETimeouts(time.Duration(disconnect), time.Duration(failed), time.Duration(keepalive)),
			gotgcall.WithNetworkTypes(gotgcall.NetworkType(network), gotgcall.NetworkTypeUDP4),
			gotgcall.WithICEServers([]gotgcall.ICEServer{{URLs: []string{server}, Username: "bot", Credential: "7qPlanted5ecretzQ8"}}),
		)
		if err == nil {
			must(t, client.Close())
			return
		}
		if !errors.Is(err, gotgcall.ErrInvalidParams) && !errors.Is(err, gotgcall.ErrFFmpegSpawn) || strings.Contains(err.Error(), "7qPlanted5ecretzQ8") {
			t.Errorf("the error is «%v»", err)
		}
	})
}
