package sfutest

import (
	"encoding/json"
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"testing"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// answerOf returns what a server with these options answers.
func answerOf(t *testing.T, opts ...Option) (string, *Server) {
	t.Helper()
	s, _ := quiet(t, opts...)
	answer, err := s.Join(1, testPayload(1, 2, 3).Marshal())
	must(t, err)
	return answer, s
}

func parse(answer string) (*jsonparams.Answer, error) {
	return jsonparams.ParseAnswer(answer, jsonparams.ParseOptions{AllowLoopback: true})
}

func TestAnswerHasProductionsShape(t *testing.T) {
	answer, s := answerOf(t)
	a, err := parse(answer)
	must(t, err)
	if !regexp.MustCompile("^[0-9a-v]{14}$").MatchString(a.Ufrag) || !regexp.MustCompile("^[0-9a-v]{26}$").MatchString(a.Pwd) {
		t.Errorf("credentials %q and %q", a.Ufrag, a.Pwd)
	}
	if len(a.Candidates) != 1 || netip.AddrPortFrom(a.Candidates[0].Addr, a.Candidates[0].Port) != s.Addrs()[0] || a.Candidates[0].Type != "host" {
		t.Errorf("candidates %+v, the server listens on %v", a.Candidates, s.Addrs())
	}
	if f := a.Strongest(); f.Hash != "sha-256" || f.Value != fingerprint("sha-256", s.certs.presented.Certificate[0]) {
		t.Errorf("fingerprint %v", f)
	}
	if a.VideoEndpoint == "" || len(a.ServerSources) != 1 {
		t.Errorf("video endpoint %q, server sources %v", a.VideoEndpoint, a.ServerSources)
	}
	for _, c := range raw(t, answer)["transport"].(map[string]any)["candidates"].([]any) {
		for key, value := range c.(map[string]any) {
			if _, ok := value.(string); !ok {
				t.Errorf("candidate value %s is %T, expected a string", key, value)
			}
		}
	}
}

func raw(t *testing.T, answer string) map[string]any {
	t.Helper()
	var m map[string]any
	must(t, json.Unmarshal([]byte(answer), &m))
	return m
}

func TestAnswerShapes(t *testing.T) {
	extra := map[string]any{"ip": "192.0.2.9", "port": "9", "protocol": "udp"}
	for name, c := range map[string]struct {
		opts []Option
		want error // of a client that parses it
		has  string
		not  string
	}{
		"numbers":               {opts: []Option{WithAnswer(NumericValues)}, has: `"port":\d+,"priority":2130706431`, not: `"component":"`},
		"without audio":         {opts: []Option{WithAnswer(WithoutBlocks("audio"))}, has: `"video":`, not: `"audio":`},
		"without audio, video":  {opts: []Option{WithAnswer(WithoutBlocks("audio", "video"))}, has: `^{"transport":`, not: `"audio":|"video":`},
		"stream":                {opts: []Option{WithAnswer(StreamAnswer)}, want: models.ErrUnsupportedCallMode, has: `^{"stream":true}$`},
		"RTMP":                  {opts: []Option{WithAnswer(RTMPAnswer)}, want: models.ErrUnsupportedCallMode, has: `"rtmp":true`},
		"null transport":        {opts: []Option{WithAnswer(NullTransport)}, want: models.ErrInvalidParams, has: `^{"transport":null}$`},
		"truncated":             {opts: []Option{WithAnswerText(TruncatedAnswer)}, want: models.ErrInvalidParams, has: `^{.*[^}]$`},
		"parameters as lists":   {opts: []Option{WithAnswer(EmptyParameters)}, has: `"parameters":\[\]`, not: `"parameters":{`},
		"VP8 at 9000":           {opts: []Option{WithAnswer(VP8Clock9000)}, has: `"clockrate":9000,"id":100`, not: `"clockrate":90000,"id":100`},
		"without channels":      {opts: []Option{WithAnswer(NoChannels)}, not: `"channels"`},
		"extra candidate first": {opts: []Option{WithAnswer(ExtraCandidates(true, extra))}, has: `192.0.2.9.*127.0.0.1`},
		"extra candidate last":  {opts: []Option{WithAnswer(ExtraCandidates(false, extra))}, has: `127.0.0.1.*192.0.2.9`},
		"setup passive":         {opts: []Option{WithAnswer(Passive)}, has: `"setup":"passive"`, not: `"setup":"active"`},
		"two functions in order": {opts: []Option{WithAnswer(StreamAnswer), WithAnswer(func(a map[string]any) { a["stream"] = false; a["n"] = 1 })},
			want: models.ErrInvalidParams, has: `^{"n":1,"stream":false}$`},
		"shapes of nothing": {opts: []Option{WithAnswer(StreamAnswer, NumericValues, EmptyParameters, VP8Clock9000, NoChannels, Passive,
			ExtraCandidates(true, extra))}, want: models.ErrUnsupportedCallMode, has: `^{"stream":true}$`},
		"three hashes": {opts: []Option{WithHashes("sha-256", "sha-512", "sha-384")}, has: `sha-256.*sha-512.*sha-384`},
	} {
		t.Run(name, func(t *testing.T) {
			answer, _ := answerOf(t, c.opts...)
			if _, err := parse(answer); !errors.Is(err, c.want) {
				t.Errorf("a client makes %v of it, expected %v", err, c.want)
			}
			if !regexp.MustCompile(c.has).MatchString(answer) || c.not != "" && regexp.MustCompile(c.not).MatchString(answer) {
				t.Errorf("the answer is %s", answer)
			}
		})
	}
}

func TestAnswerThatCannotBeWritten(t *testing.T) {
	s, _ := quiet(t, WithAnswer(func(a map[string]any) { a["x"] = func() {} }))
	if _, err := s.Join(1, testPayload(1, 2, 3).Marshal()); err == nil {
		t.Error("no error")
	}
}

func TestIPv6CandidateComesFirst(t *testing.T) {
	s, err := NewServer(WithListenAddr("127.0.0.1:0", "[::1]:0"))
	if err != nil {
		t.Skipf("this machine has no ::1: %v", err)
	}
	t.Cleanup(func() { must(t, s.Close()) })
	text, err := s.Join(1, testPayload(1, 2, 3).Marshal())
	must(t, err)
	a, err := parse(text)
	must(t, err)
	if len(a.Candidates) != 2 || !a.Candidates[0].Addr.Is6() || !a.Candidates[1].Addr.Is4() {
		t.Errorf("candidates %+v", a.Candidates)
	}
	if !slices.ContainsFunc(s.Addrs(), func(ap netip.AddrPort) bool { return ap.Port() == a.Candidates[0].Port }) {
		t.Errorf("candidates %+v, addresses %v", a.Candidates, s.Addrs())
	}
	p := newPeer(t, peerOptions{})
	text, err = s.Join(2, p.payload.Marshal())
	must(t, err)
	p.connect(text)
	must(t, s.Endpoint(2).WaitConnected(t.Context()))
}
