package main

import (
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gotgcall/jsonparams"
)

// chromium is the answer of a Chromium.
func chromium(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/chromium.sdp")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// addrs parses addresses.
func addrs(s ...string) (list []netip.Addr) {
	for _, a := range s {
		list = append(list, netip.MustParseAddr(a))
	}
	return list
}

// parsed is an answer as Connect reads it.
func parsed(t *testing.T, text string) *jsonparams.Answer {
	t.Helper()
	a, err := jsonparams.ParseAnswer(text, jsonparams.ParseOptions{AllowLoopback: true})
	if err != nil {
		t.Fatalf("Connect would refuse it: %v\n%s", err, text)
	}
	return a
}

func where(a *jsonparams.Answer) (list []string) {
	for _, c := range a.Candidates {
		list = append(list, netip.AddrPortFrom(c.Addr, c.Port).String())
	}
	return list
}

func TestTheAnswerOfABrowserBecomesOneForConnect(t *testing.T) {
	text, err := answerOf(chromium(t), addrs("192.0.2.7", "2001:db8::7", "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	a := parsed(t, text)
	if a.Ufrag != "kVpQ" || a.Pwd != "8Zu7C5MnXWlzpTR0oUUJyJwM" || a.Fingerprints[0].Hash != "sha-256" || a.Fingerprints[0].Setup != "active" {
		t.Errorf("%+v", a)
	}
	// The two hidden names have a port each; TCP is left out.
	want := []string{
		"192.0.2.7:50001", "[2001:db8::7]:50001", "127.0.0.1:50001", "192.0.2.7:50002", "[2001:db8::7]:50002", "127.0.0.1:50002",
	}
	if got := where(a); !slices.Equal(got, want) {
		t.Errorf("candidates %q, want %q", got, want)
	}
	for _, part := range []string{`"id":111`, `"id":100`, `"id":101`, `"apt":"100"`, `"endpoint"`} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in %s", part, text)
		}
	}
}

func TestAddressesThatAreNotHiddenStayAndNoneStandsTwice(t *testing.T) {
	sdp := "a=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\na=fingerprint:SHA-256 " + strings.ToLower(digest) + "\n" +
		"a=candidate:1 1 UDP 5 192.0.2.1 4000 typ host\na=candidate:2 1 udp 5 192.0.2.1 4000 typ host\na=candidate:3 1 udp 4 x.local 4000 typ host\n" +
		"a=candidate:4 2 udp 5 192.0.2.9 4000 typ host\na=candidate:5 1 tcp 5 192.0.2.9 9 typ host tcptype active\n"
	text, err := answerOf(sdp, addrs("192.0.2.1", "192.0.2.2"))
	if err != nil {
		t.Fatal(err)
	}
	if got := where(parsed(t, text)); !slices.Equal(got, []string{"192.0.2.1:4000", "192.0.2.2:4000"}) {
		t.Errorf("candidates %q", got)
	}
}

func TestThereAreNotMoreAddressesThanConnectTakes(t *testing.T) {
	var own []netip.Addr
	for i := range 100 {
		own = append(own, netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}))
	}
	text, err := answerOf(chromium(t), own)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(parsed(t, text).Candidates); n != maxCandidates {
		t.Errorf("%d candidates", n)
	}
}

const digest = "9A:18:A4:DF:6A:11:EA:E5:BF:E3:8A:18:E7:69:3D:7B:42:D8:9D:32:2F:57:7B:3D:6E:09:6C:A7:45:D7:78:0D"

func TestAnSDPThatCannotBeUsedIsRefusedInWords(t *testing.T) {
	whole := chromium(t)
	without := func(line string) string {
		var kept []string
		for l := range strings.Lines(whole) {
			if !strings.HasPrefix(l, line) {
				kept = append(kept, l)
			}
		}
		return strings.Join(kept, "")
	}
	for _, c := range []struct{ what, sdp, says string }{
		{"nothing", "", "lacks a=ice-ufrag"},
		{"no ufrag", without("a=ice-ufrag"), "lacks"},
		{"no password", without("a=ice-pwd"), "lacks"},
		{"no fingerprint", without("a=fingerprint"), "lacks"},
		{"no candidates", without("a=candidate"), "no address over UDP"},
		{"too long", whole + strings.Repeat("a=x\n", maxSDP/4), "expected at most 65536"},
	} {
		if text, err := answerOf(c.sdp, addrs("127.0.0.1")); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q, %v; expected words about %q", c.what, text, err, c.says)
		}
	}
	if _, err := answerOf(whole, nil); err == nil {
		t.Error("a machine without addresses has an answer")
	}
}

func TestMalformedCandidatesAreLeftOut(t *testing.T) {
	for _, line := range []string{
		"", "1 1 udp 5 192.0.2.1 4000", "1 1 udp 5 192.0.2.1 0 typ host", "1 1 udp 5 192.0.2.1 65536 typ host", "1 1 udp -1 192.0.2.1 1 typ host",
		"1 1 udp 5 192.0.2.1 x typ host", "1 1 udp 5 example.com 1 typ host", "1 1 udp 5 fe80::1%eth0 1 typ host", "1 1 udp 4294967296 192.0.2.1 1 typ host",
	} {
		if c, ok := readCandidate(line); ok {
			t.Errorf("%q is %+v", line, c)
		}
	}
}

func TestTheAddressesOfThisMachineEndWithTheLoopbackOnes(t *testing.T) {
	own := ownAddrs()
	if len(own) == 0 {
		t.Fatal("there are none")
	}
	if first := slices.IndexFunc(own, netip.Addr.IsLoopback); first >= 0 {
		for _, a := range own[first:] {
			if !a.IsLoopback() {
				t.Errorf("%v stands behind a loopback address in %v", a, own)
			}
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(chromium(f))
	f.Add("a=ice-ufrag:\na=ice-pwd:\na=fingerprint: \na=candidate:1 1 udp 5 .local 4000 typ")
	f.Add("a=candidate:1 1 udp 5 ::ffff:192.0.2.1 4000 typ host\r\na=ice-ufrag:\"<")
	own := addrs("192.0.2.7", "127.0.0.1")
	f.Fuzz(func(t *testing.T, sdp string) {
		text, err := answerOf(sdp, own)
		if err != nil {
			return
		}
		var answer struct {
			Transport struct {
				Ufrag      string
				Candidates []struct{ IP, Port string }
			}
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if n := len(answer.Transport.Candidates); n == 0 || n > maxCandidates || answer.Transport.Ufrag == "" {
			t.Fatalf("%d candidates, ufrag %q", n, answer.Transport.Ufrag)
		}
		for _, c := range answer.Transport.Candidates {
			if _, err := netip.ParseAddr(c.IP); err != nil {
				t.Fatal(err)
			}
			if port, err := strconv.Atoi(c.Port); err != nil || port < 1 || port > lastPort {
				t.Fatalf("port %q", c.Port)
			}
		}
	})
}
