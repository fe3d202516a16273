package jsonparams_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

func TestCandidatesThatCannotBeUsedAreSkippedWithAReason(t *testing.T) {
	const notIP = "expected an IPv4 or IPv6 address"
	for _, c := range []struct {
		name string
		item any
		says string
	}{
		{"IPv4 loopback", plainCandidate(fields{"ip": "127.8.0.1"}), "127.8.0.1 is loopback, which only tests"},
		{"IPv6 loopback", plainCandidate(fields{"ip": "::1"}), "::1 is loopback, which only tests"},
		{"mapped loopback", plainCandidate(fields{"ip": "::ffff:127.0.0.1"}), "127.0.0.1 is loopback, which only tests"},
		{"IPv4 unspecified", plainCandidate(fields{"ip": "0.0.0.0"}), "0.0.0.0 is unspecified"},
		{"IPv6 unspecified", plainCandidate(fields{"ip": "::"}), ":: is unspecified"},
		{"IPv4 multicast", plainCandidate(fields{"ip": "224.0.0.1"}), "multicast"},
		{"IPv6 multicast", plainCandidate(fields{"ip": "ff02::1"}), "multicast"},
		{"IPv4 link-local", plainCandidate(fields{"ip": "169.254.169.254"}), "link-local"},
		{"mapped link-local", plainCandidate(fields{"ip": "::ffff:a9fe:a9fe"}), "link-local"},
		{"IPv6 link-local", plainCandidate(fields{"ip": "fe80::1"}), "link-local"},
		{"broadcast", plainCandidate(fields{"ip": "255.255.255.255"}), "broadcast"},
		{"zone", plainCandidate(fields{"ip": "fe80::1%eth0"}), notIP},
		{"mDNS name", plainCandidate(fields{"ip": "0f8a.local"}), `"0f8a.local", ` + notIP},
		{"very long name", plainCandidate(fields{"ip": "x" + strings.Repeat("é", 500)}), `"x` + strings.Repeat("é", 31) + `"…, ` + notIP},
		{"very long number", plainCandidate(fields{"port": json.Number(strings.Repeat("7", 500))}), "port " + strings.Repeat("7", 64) + ","},
		{"host name", plainCandidate(fields{"ip": "example.org"}), notIP},
		{"brackets", plainCandidate(fields{"ip": "[2001:db8::1]"}), notIP},
		{"leading zeros", plainCandidate(fields{"ip": "203.0.113.010"}), notIP},
		{"line break", plainCandidate(fields{"ip": "203.0.113.1\r\na=x"}), notIP},
		{"address a number", plainCandidate(fields{"ip": json.Number("3405803777")}), notIP},
		{"no address", plainCandidate(fields{"ip": nil}), "it has no ip"},
		{"tcp", plainCandidate(fields{"protocol": "tcp"}), `protocol "tcp", expected udp`},
		{"ssltcp", plainCandidate(fields{"protocol": "ssltcp"}), "expected udp"},
		{"tcptype", plainCandidate(fields{"protocol": nil, "tcptype": "passive"}), `tcptype "passive"`},
		{"component 2", plainCandidate(fields{"component": 2}), "component 2, expected 1"},
		{"component text", plainCandidate(fields{"component": "rtp"}), "component \"rtp\""},
		{"port 0", plainCandidate(fields{"port": "0"}), `port "0", expected 1 to 65535`},
		{"port 65536", plainCandidate(fields{"port": 65536}), "port 65536"},
		{"port 70000", plainCandidate(fields{"port": "70000"}), `port "70000"`},
		{"port negative", plainCandidate(fields{"port": -1}), "port -1"},
		{"port fraction", plainCandidate(fields{"port": 1.5}), "port 1.5"},
		{"port text", plainCandidate(fields{"port": "http"}), `port "http"`},
		{"no port", plainCandidate(fields{"port": nil}), "port missing"},
		{"port a list", plainCandidate(fields{"port": []any{1}}), "port a list"},
		{"type unknown", plainCandidate(fields{"type": "hosts"}), `type "hosts", expected host`},
		{"type an object", plainCandidate(fields{"type": fields{}}), "type an object"},
		{"null", nil, "it is null, expected an object"},
		{"a list", []any{}, "it is a list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Behind a good one it is skipped …
			a := parse(t, withCandidates(plainCandidate(nil), c.item))
			if len(a.Candidates) != 1 || len(a.Skipped) != 1 {
				t.Fatalf("%d kept, skipped %q", len(a.Candidates), a.Skipped)
			}
			if !strings.HasPrefix(a.Skipped[0], "candidate 2: ") || !strings.Contains(a.Skipped[0], c.says) {
				t.Errorf("skipped with %q, want %q", a.Skipped[0], c.says)
			}
			// … and alone it is a refusal that says the same.
			_, err := jsonparams.ParseAnswer(withCandidates(c.item), jsonparams.ParseOptions{})
			if !errors.Is(err, models.ErrInvalidParams) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("alone: %v", err)
			}
		})
	}
}

func TestCandidatesAreReadWithTheirDefaults(t *testing.T) {
	for _, c := range []struct {
		name string
		edit fields
		want string
	}{
		{"as production writes it", nil, "2 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"numbers", fields{"component": 1, "port": 1, "priority": 7, "generation": 0, "network": 1, "foundation": 9},
			"9 1 udp 7 203.0.113.103 1 typ host"},
		{"highest port", fields{"port": "65535"}, "2 1 udp 2130706431 203.0.113.103 65535 typ host"},
		{"upper case", fields{"protocol": "UDP", "type": "HOST"}, "2 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"mapped IPv4", fields{"ip": "::ffff:203.0.113.5"}, "2 1 udp 2130706431 203.0.113.5 32000 typ host"},
		{"long IPv6", fields{"ip": "2001:0DB8:0:0:0:0:0:0001"}, "2 1 udp 2130706431 2001:db8::1 32000 typ host"},
		{"private", fields{"ip": "10.1.2.3"}, "2 1 udp 2130706431 10.1.2.3 32000 typ host"},
		{"nothing but an address", fields{"component": nil, "protocol": nil, "priority": nil, "type": nil, "foundation": nil},
			"1 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"null values", fields{"component": []any(nil), "tcptype": []any(nil)}, "2 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"priority 0", fields{"priority": 0}, "2 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"priority too high", fields{"priority": json.Number("2147483648")}, "2 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"priority at its highest", fields{"priority": 1<<31 - 1}, "2 1 udp 2147483647 203.0.113.103 32000 typ host"},
		{"priority a list", fields{"priority": []any{}}, "2 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"foundation with a line break", fields{"foundation": "a\r\nb"}, "1 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"foundation with a space", fields{"foundation": "a b"}, "1 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"foundation empty", fields{"foundation": ""}, "1 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"foundation of 32", fields{"foundation": strings.Repeat("f", 32)},
			strings.Repeat("f", 32) + " 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"foundation of 33", fields{"foundation": strings.Repeat("f", 33)}, "1 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"prflx without priority", fields{"type": "prflx", "priority": nil},
			"2 1 udp 1862270975 203.0.113.103 32000 typ prflx raddr 0.0.0.0 rport 9"},
		{"srflx without priority", fields{"type": "srflx", "priority": nil},
			"2 1 udp 1694498815 203.0.113.103 32000 typ srflx raddr 0.0.0.0 rport 9"},
		{"relay without priority, IPv6", fields{"type": "relay", "priority": nil, "ip": "2001:db8::1"},
			"2 1 udp 16777215 2001:db8::1 32000 typ relay raddr :: rport 9"},
		{"related address", fields{"type": "srflx", "rel-addr": "::ffff:10.0.0.1", "rel-port": "70"},
			"2 1 udp 2130706431 203.0.113.103 32000 typ srflx raddr 10.0.0.1 rport 70"},
		{"related address of a host", fields{"rel-addr": "10.0.0.1", "rel-port": "70"},
			"2 1 udp 2130706431 203.0.113.103 32000 typ host"},
		{"related address that is none", fields{"type": "srflx", "rel-addr": "x\r\n", "rel-port": "70"},
			"2 1 udp 2130706431 203.0.113.103 32000 typ srflx raddr 0.0.0.0 rport 9"},
		{"related port that is none", fields{"type": "srflx", "rel-addr": "10.0.0.1", "rel-port": "0"},
			"2 1 udp 2130706431 203.0.113.103 32000 typ srflx raddr 0.0.0.0 rport 9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := parse(t, withCandidates(plainCandidate(c.edit)))
			if got := a.Candidates[0].String(); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if c := a.Candidates[0]; c.RelAddr.IsValid() != (c.RelPort != 0) || c.Type == "host" && c.RelPort != 0 {
				t.Errorf("related to %v port %d", c.RelAddr, c.RelPort)
			}
		})
	}
}

func TestLoopbackIsTakenOnRequest(t *testing.T) {
	data := withCandidates(plainCandidate(fields{"ip": "127.0.0.1"}), plainCandidate(fields{"ip": "::1"}), plainCandidate(fields{"ip": "224.0.0.1"}))
	a, err := jsonparams.ParseAnswer(data, jsonparams.ParseOptions{AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Candidates) != 2 || a.Candidates[0].Addr != netip.MustParseAddr("127.0.0.1") || a.Candidates[1].Addr != netip.IPv6Loopback() {
		t.Errorf("candidates %v", a.Candidates)
	}
}

func TestTheFirst32UsableCandidatesAreKeptInOrder(t *testing.T) {
	var items []any
	var want []string
	for i := range 400 {
		items = append(items, fields{"ip": "x.local", "port": 5}, fields{"ip": fmt.Sprintf("10.0.%d.1", i%256), "port": i + 1})
		if i < jsonparams.MaxCandidates {
			want = append(want, fmt.Sprintf("10.0.%d.1:%d", i, i+1))
		}
	}
	a := parse(t, withCandidates(items...))
	var got []string
	for _, c := range a.Candidates {
		got = append(got, netip.AddrPortFrom(c.Addr, c.Port).String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if n := len(a.Skipped); n != 33 || a.Skipped[n-1] != "and 736 more" { // 800 - 32 kept - 32 described
		t.Errorf("%d lines about what was skipped, the last %q", n, a.Skipped[n-1])
	}
}

func TestAUsableCandidateIsFoundBehindThousandsOfOthers(t *testing.T) {
	items := slices.Repeat([]any{fields{}}, 20_000)
	a := parse(t, withCandidates(append(items, plainCandidate(nil))...))
	if len(a.Candidates) != 1 || len(a.Skipped) != 33 || a.Skipped[32] != "and 19968 more" {
		t.Errorf("%d kept, %d lines about the others, the last %q", len(a.Candidates), len(a.Skipped), a.Skipped[len(a.Skipped)-1])
	}
}
