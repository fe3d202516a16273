package rtc

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

func TestNetworkTypesChooseCandidatesOnBothSides(t *testing.T) {
	v6, v4 := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("198.51.100.1")
	answer := &jsonparams.Answer{Candidates: []jsonparams.Candidate{{Addr: v6, Port: 1}, {Addr: v4, Port: 2}}}
	for _, c := range []struct {
		types []models.NetworkType
		want  []netip.Addr
		local []webrtc.NetworkType
	}{
		{nil, []netip.Addr{v6, v4}, []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}},
		{[]models.NetworkType{models.NetworkTypeUDP4}, []netip.Addr{v4}, []webrtc.NetworkType{webrtc.NetworkTypeUDP4}},
		{[]models.NetworkType{models.NetworkTypeTCP6, models.NetworkTypeUDP6}, []netip.Addr{v6}, []webrtc.NetworkType{webrtc.NetworkTypeUDP6}},
	} {
		e := newEngine(t, Config{NetworkTypes: c.types})
		a, err := e.reachable(answer)
		if err != nil {
			t.Fatal(err)
		}
		var got []netip.Addr
		for _, candidate := range a.Candidates {
			got = append(got, candidate.Addr)
		}
		if !slices.Equal(got, c.want) || !slices.Equal(e.networkTypes(), c.local) {
			t.Errorf("%v: the addresses are %v, and the local types %v; expected %v and %v", c.types, got, e.networkTypes(), c.want, c.local)
		}
		if len(answer.Candidates) != 2 {
			t.Fatal("the answer was changed")
		}
	}
}

func TestChecksPerPairStayWithinTheBudget(t *testing.T) {
	servers := []models.ICEServer{{URLs: []string{"stun:a", "stun:b"}}, {URLs: []string{"stun:c"}}}
	for _, c := range []struct {
		candidates, option int
		servers            []models.ICEServer
		want               int
	}{
		{1, 0, nil, 50}, {2, 0, nil, 32}, {32, 0, nil, 2}, {200, 0, nil, 1}, {0, 0, nil, 50},
		{1, 0, servers, 16}, {32, 0, servers, 1},
		{32, 7, servers, 7}, {1, 1000, nil, 1000},
	} {
		e := newEngine(t, Config{MaxBindingRequests: c.option, ICEServers: c.servers})
		if got := e.checksPerPair(c.candidates); got != c.want {
			t.Errorf("%+v: %d checks of each pair", c, got)
		}
	}
}

func TestURLsOfICEServersAreCheckedWithoutShowingPasswords(t *testing.T) {
	for _, c := range []struct {
		url  string
		says string // "": it is taken
	}{
		{"stun:host", ""}, {"stun:host:1", ""}, {"turn:198.51.100.1:3478?transport=tcp", ""}, {"turns:[2001:db8::1]:443?transport=udp", ""},
		{"", "is not an address"}, {"host:3478", "is not an address"}, {"stun://host", "is not an address"}, {"stun:", "is not an address"},
		{"stun:host?transport=udp", "is not an address"}, {"turn:host?transport=sctp", "is not an address"}, {"turn:host:65536", "is not an address"},
		{"turn:bot:planted-password@host", `"***", is not an address`}, {"planted@host", `"***", is not an address`},
		{"turn:[2001:db8::1]transport=tcp", "is not an address"}, {"stun:[::1]x", "is not an address"}, {"stun:[::1]", ""},
		{"stuns:host", "STUN over TLS"}, {"stun:" + strings.Repeat("x", 1000) + ":y", "x…"},
	} {
		err := CheckICEServers([]models.ICEServer{{URLs: []string{c.url}, Username: "bot", Credential: "planted-password"}})
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%q: %v", c.url, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "planted") || len(err.Error()) > 500):
			t.Errorf("%q: the error is %v, expected one that says %q", c.url, err, c.says)
		}
	}
}

func TestTooManyICEServersAreRefused(t *testing.T) {
	one := models.ICEServer{URLs: []string{"stun:a"}}
	if err := CheckICEServers(slices.Repeat([]models.ICEServer{one}, 8)); err != nil {
		t.Error(err)
	}
	for _, servers := range [][]models.ICEServer{
		nil, slices.Repeat([]models.ICEServer{one}, 9), {{}}, {{URLs: slices.Repeat(one.URLs, 9)}},
	} {
		if err := CheckICEServers(servers); err == nil {
			t.Errorf("%d servers were taken", len(servers))
		}
	}
}

func FuzzCheckICEServers(f *testing.F) {
	f.Add("turn:host:1?transport=tcp", "bot")
	f.Add("stuns:x", "")
	f.Add("turn:a:b@c", "\x00")
	f.Fuzz(func(t *testing.T, u, name string) {
		const password = "planted-password"
		servers := []models.ICEServer{{URLs: []string{u}, Username: name, Credential: password}}
		if err := CheckICEServers(servers); err != nil {
			if strings.Contains(err.Error(), password) && !strings.Contains(u, password) {
				t.Errorf("%v shows the password", err)
			}
			return
		}
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{ICEServers: iceServers(servers)})
		if err != nil {
			t.Fatalf("%q was taken, but pion does not: %v", u, err)
		}
		_ = pc.Close()
	})
}

func TestAWaitBeforeTheFirstCheckTellsWhyItEnded(t *testing.T) {
	if err := pause(t.Context(), 0); err != nil {
		t.Error(err)
	}
	if err := pause(within(t, 1), hang); !errors.Is(err, models.ErrConnectionTimeout) {
		t.Errorf("the error is %v", err)
	}
}
