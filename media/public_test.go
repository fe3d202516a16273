package media

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

func TestOnlyAddressesOfThePublicInternetArePublic(t *testing.T) {
	for address, why := range map[string]string{
		"0.0.0.0": "this host", "0.1.2.3": "this host", "10.0.0.1": "private", "100.64.0.1": "shared", "100.127.255.255": "shared", "127.0.0.1": "loopback",
		"127.255.255.254": "loopback", "169.254.169.254": "link-local", "172.16.0.1": "private", "172.31.255.255": "private", "192.0.0.192": "protocols",
		"192.0.2.1": "documentation", "192.88.99.1": "relays", "192.168.1.1": "private", "198.18.0.1": "benchmarks", "198.19.255.255": "benchmarks",
		"198.51.100.1": "documentation", "203.0.113.1": "documentation", "224.0.0.1": "multicast", "239.255.255.250": "multicast", "240.0.0.1": "reserved",
		"255.255.255.255": "reserved", "168.63.129.16": "Azure",
		"::": "this host", "::1": "loopback", "::127.0.0.1": "outside", "::ffff:10.0.0.1": "private", "::ffff:127.0.0.1": "loopback",
		"::ffff:0:127.0.0.1": "outside", "64:ff9b::127.0.0.1": "loopback", "64:ff9b::169.254.169.254": "link-local", "64:ff9b:1::8.8.8.8": "outside",
		"100::1": "outside", "2001::1": "protocols", "2001:2::1": "protocols", "2001:db8::1": "documentation", "2002:7f00:1::": "loopback",
		"2002:a9fe:a9fe::1": "link-local", "3fff::1": "documentation", "5f00::1": "outside", "fc00::1": "private", "fd00:ec2::254": "private",
		"fe80::1": "link-local", "fe80::1%eth0": "interface", "2606:4700::1%eth0": "interface", "fec0::1": "outside", "ff02::1": "multicast",
		"8.8.8.8": "", "1.1.1.1": "", "100.63.255.255": "", "100.128.0.0": "", "172.15.255.255": "", "172.32.0.0": "", "198.17.255.255": "", "198.20.0.0": "",
		"223.255.255.255": "", "2606:4700:4700::1111": "", "2a00:1450::1": "", "64:ff9b::8.8.8.8": "", "2002:808:808::1": "", "::ffff:8.8.8.8": "",
	} {
		if got := notPublic(netip.MustParseAddr(address)); (got == "") != (why == "") || !strings.Contains(got, why) {
			t.Errorf("%s is %q, expected %q", address, got, why)
		}
	}
}

// found is a lookup that finds the same for every name.
func found(addresses ...string) lookup {
	return func(context.Context, string, string) (list []netip.Addr, _ error) {
		for _, a := range addresses {
			list = append(list, netip.MustParseAddr(a))
		}
		return list, nil
	}
}

func TestHostsThatDoNotLeadToThePublicInternetAreRefused(t *testing.T) {
	for _, host := range []string{
		"127.0.0.1", "127.0.0.1.", "10.1.2.3:8080", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[fe80::1%25eth0]", "user:pass@192.168.0.1",
		"2130706433", "2130706433.", "0x7f000001", "0X7F000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "0177.1", "0x7f.0.0.0x1", "127.0.0.01", "017700000001",
		"0", "0x", "0.0", "00.0.0.0", "8.8.8.010", "1.1", "0x08080808", "256.256.256.256", "1.2.3.4.5",
		"localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "printer.local", "metadata.google.internal", "router.home.arpa",
		"redis", "_gateway", "a..b", ".", "a.", "..", "\u00ff.example", "\uff11\uff12\uff17.0.0.1", "\u212aelvin.example", "a'b.example", "a$b.example",
	} {
		u, err := url.Parse("http://" + host + "/x")
		if err != nil {
			t.Fatal(err)
		}
		err = publicHosts(u, found("8.8.8.8"))
		if err == nil {
			t.Errorf("%s is allowed", host)
			continue
		}
		if !strings.Contains(err.Error(), strconv.Quote(u.Hostname())) || !strings.Contains(err.Error(), "PublicHosts") || strings.Contains(err.Error(), "pass") {
			t.Errorf("%s: the error is «%v»", host, err)
		}
	}
	for _, host := range []string{"example.com", "Example.COM.", "xn--hst-sna.example", "8.8.8.8:80", "[2606:4700:4700::1111]", "a_b.example", "0x7f.example", "1.example"} {
		u, err := url.Parse("http://" + host + "/x")
		if err != nil {
			t.Fatal(err)
		}
		if err := publicHosts(u, found("8.8.8.8", "2606:4700:4700::1111")); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestANameIsJudgedByAllItsAddresses(t *testing.T) {
	u := &url.URL{Scheme: "http", Host: "music.example"}
	broken := errors.New("the DNS is broken")
	for name, c := range map[string]struct {
		look lookup
		says string // "" when it is allowed
	}{
		"public":              {found("8.8.8.8", "2606:4700:4700::1111"), ""},
		"one of them private": {found("8.8.8.8", "10.0.0.5"), `the host "music.example" has the address 10.0.0.5, which is private (10.0.0.0/8)`},
		"mapped":              {found("::ffff:169.254.169.254"), "link-local (169.254.0.0/16)"},
		"no address":          {found(), "are not known"},
		"not found":           {func(context.Context, string, string) ([]netip.Addr, error) { return nil, broken }, "the DNS is broken"},
	} {
		err := publicHosts(u, c.look)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := publicHosts(u, func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != lookupPatience {
			t.Errorf("a DNS that does not answer: %v after %v", err, time.Since(began))
		}
	})
}

// rebound is PublicHosts for a name that was public when it was asked about.
func rebound(u *url.URL) error {
	if u.Hostname() == "localhost" {
		return nil
	}
	return PublicHosts(u)
}

func TestANameThatLeadsElsewhereWhenItIsConnectedToIsRefused(t *testing.T) {
	leak.Check(t)
	s := serve(t, map[string]page{"/x": bytesPage(readFile(t, excerpt))})
	port := s.URL[strings.LastIndexByte(s.URL, ':')+1:]
	r := counting(t)
	_, err := FromURL("http://user:Geheim7777@localhost:" + port + "/x?key=Geheim7777").Open(WithURLPolicy(WithRunner(t.Context(), r.Runner), rebound))
	mustBe(t, err, models.ErrInvalidParams, "URL policy", `whose host "localhost" has the address `, "loopback", "PublicHosts")
	if strings.Contains(err.Error(), "Geheim") || s.requests("") != 0 {
		t.Errorf("%d requests; %v", s.requests(""), err)
	}
	r.expectNone()
}

func TestARedirectionThatLeadsElsewhereWhenItIsConnectedToIsRefused(t *testing.T) {
	leak.Check(t)
	inside := serve(t, map[string]page{"/x": bytesPage(readFile(t, excerpt))})
	target := strings.Replace(inside.URL, "127.0.0.1", "localhost", 1) + "/x"
	outside := serve(t, map[string]page{"/away": redirectPage(target)})
	r := counting(t)
	policy := func(u *url.URL) error {
		if u.Host == outside.Listener.Addr().String() { // stands for a public server
			return nil
		}
		return rebound(u)
	}
	_, err := FromURL(outside.URL + "/away").Open(WithURLPolicy(WithRunner(t.Context(), r.Runner), policy))
	mustBe(t, err, models.ErrInvalidParams, "URL policy", `whose host "localhost" has the address `)
	if inside.requests("") != 0 || outside.requests("") != 1 {
		t.Errorf("%d requests inside, %d outside", inside.requests(""), outside.requests(""))
	}
	r.expectNone()
}

func TestAnAddressIsJudgedOnceAndOneThatThePolicyKnowsIsConnectedTo(t *testing.T) {
	leak.Check(t)
	s := serve(t, map[string]page{"/x": bytesPage(readFile(t, excerpt))})
	for _, host := range []string{"127.0.0.1", "localhost"} {
		var seen []string
		policy := func(u *url.URL) error {
			seen = append(seen, u.Hostname())
			return nil
		}
		open(t, WithURLPolicy(t.Context(), policy), FromURL(strings.Replace(s.URL, "127.0.0.1", host, 1)+"/x", required))
		if seen[0] != host || len(seen) > 1 && host == "127.0.0.1" || len(seen) == 1 && host == "localhost" {
			t.Errorf("the policy saw %q", seen)
		}
	}
}

func TestAProxyMayBeAnywhere(t *testing.T) {
	leak.Check(t)
	data := readFile(t, excerpt)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { bytesPage(data)(w, r) }))
	defer proxy.Close()
	o := required
	o.Proxy = proxy.URL
	plays(t, WithURLPolicy(t.Context(), PublicHosts), FromURL("http://8.8.8.8/a", o), 5*time.Second)
}

// inetAton is the address that a system's resolver takes a host for without asking anybody: one to four numbers, decimal, octal or hexadecimal,
// of which the last fills what is left (POSIX inet_addr).
func inetAton(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, p := range parts {
		base := 10
		switch lower := strings.ToLower(p); {
		case strings.HasPrefix(lower, "0x"):
			p, base = lower[2:], 16
		case strings.HasPrefix(p, "0"):
			base = 8
		}
		n, err := strconv.ParseUint(p, base, 32)
		last := i == len(parts)-1
		if err != nil || !last && n > 255 || last && n>>(8*(5-len(parts))) != 0 {
			return netip.Addr{}, false
		}
		if last {
			sum |= n
		} else {
			sum |= n << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}), true
}

func FuzzPublicHosts(f *testing.F) {
	for _, s := range []string{
		"127.0.0.1", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "localhost.", "example.com", "8.8.8.8", "8.8.2056",
		"[2002:7f00:1::]", "a@127.1", "127.0.0.1.", "[fe80::1%25eth0]", "1.2.3", "%ef%bc%91.1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		u, err := url.Parse("http://" + host + "/x")
		if err != nil || publicHosts(u, found("8.8.8.8")) != nil {
			return
		}
		name := u.Hostname()
		if a, ok := inetAton(name); ok && (notPublic(a) != "" || a.String() != name) {
			t.Errorf("%q is allowed, which is the address %s", name, a)
		}
		if a, err := netip.ParseAddr(name); err == nil {
			if a = a.Unmap(); a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.Zone() != "" {
				t.Errorf("%q is allowed", name)
			}
		}
		for _, r := range name {
			if r > '~' || r <= ' ' {
				t.Errorf("%q is allowed", name)
			}
		}
		if lower := strings.ToLower(strings.TrimRight(name, ".")); lower == "localhost" || strings.HasSuffix(lower, ".localhost") {
			t.Errorf("%q is allowed", name)
		}
	})
}
