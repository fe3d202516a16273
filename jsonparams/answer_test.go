package jsonparams_test

import (
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// sampleResults says what becomes of each captured answer; testdata/answers/README.md says where they come from.
var sampleResults = map[string]struct {
	err        error
	candidates []string // as the SDP shows them
	sources    []uint32
	endpoint   string
}{
	"R1-full-2021": {
		candidates: []string{
			"1 1 udp 2130706431 2001:db8:e8:f102:6:0:285:207 32000 typ host",
			"2 1 udp 2130706431 203.0.113.103 32000 typ host",
		},
		sources: []uint32{1102101285}, endpoint: "e0e7414dcff430d1",
	},
	"R2-transport-only-2021": {candidates: []string{
		"1 1 udp 2130706431 2001:db8:e8:f102:7:0:285:703 32001 typ host",
		"2 1 udp 2130706431 203.0.113.115 32001 typ host",
	}},
	"R3-partial-2026": {
		candidates: []string{"1 1 udp 2130706431 203.0.113.161 32000 typ host"},
		sources:    []uint32{1017713629}, endpoint: "x",
	},
	"S2-numeric-candidate-fields": {
		candidates: []string{"3 1 udp 1677724415 203.0.113.77 10000 typ srflx raddr 192.0.2.1 rport 10000"},
	},
	"E1-no-audio-block": {
		candidates: []string{"1 1 udp 2130706431 203.0.113.10 2403 typ host"}, endpoint: "audio-123456789",
	},
	"E3-rtmp-admin":      {err: models.ErrUnsupportedCallMode},
	"E4-stream-listener": {err: models.ErrUnsupportedCallMode},
	"E5-null-transport":  {err: models.ErrInvalidParams},
}

func TestEveryCapturedAnswerHasItsDocumentedResult(t *testing.T) {
	names := sampleNames(t)
	if len(names) != len(sampleResults) {
		t.Errorf("%d files and %d expected results", len(names), len(sampleResults))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			want, known := sampleResults[name]
			if !known {
				t.Fatal("no result is written down for this file")
			}
			a, err := jsonparams.ParseAnswer(sample(t, name), jsonparams.ParseOptions{})
			if !errors.Is(err, want.err) {
				t.Fatalf("error %v, want %v", err, want.err)
			}
			if want.err != nil {
				return
			}
			if got := lines(a.Candidates); !slices.Equal(got, want.candidates) {
				t.Errorf("candidates %q\nwant %q", got, want.candidates)
			}
			if a.VideoEndpoint != want.endpoint || !slices.Equal(a.ServerSources, want.sources) {
				t.Errorf("video %q %v, want %q %v", a.VideoEndpoint, a.ServerSources, want.endpoint, want.sources)
			}
			if len(a.Skipped) != 0 {
				t.Errorf("skipped %q", a.Skipped)
			}
		})
	}
}

func lines(candidates []jsonparams.Candidate) []string {
	var s []string
	for _, c := range candidates {
		s = append(s, c.String())
	}
	return s
}

// answerCase is an answer and what becomes of it; the fuzz target starts from these too.
type answerCase struct {
	name, data string
	err        error
	says       string // part of the error
}

func acceptedAnswers() []answerCase {
	transport := func(key string, value any) string {
		return plainAnswer(func(transport fields) { transport[key] = value })
	}
	extended := func(rest string) string { return strings.TrimSuffix(plainAnswer(nil), "}") + "," + rest + "}" }
	return []answerCase{
		{name: "plain", data: plainAnswer(nil)},
		{name: "white space around it", data: " \r\n\t" + plainAnswer(nil) + "\n"},
		{name: "stream false", data: extended(`"stream":false,"rtmp":false`)},
		{name: "stream null", data: extended(`"stream":null,"rtmp":null`)},
		{name: "unknown keys", data: extended(`"x":{"y":[1,{"z":null}]}`)},
		{name: "audio and video null", data: extended(`"audio":null,"video":null`)},
		{name: "video of other types", data: extended(`"audio":1,"video":[]`)},
		{name: "video's values of other types", data: extended(`"video":{"endpoint":{},"server_sources":"a"}`)},
		{name: "deep in what is not read", data: extended(`"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000))},
		{name: "a key twice in what is not read", data: extended(`"x":{"y":1,"y":2}`)},
		{name: "as long as allowed", data: plainAnswer(nil) + strings.Repeat(" ", jsonparams.MaxDataBytes-len(plainAnswer(nil)))},
		{name: "ufrag of 1", data: transport("ufrag", "u")},
		{name: "ufrag of 256", data: transport("ufrag", strings.Repeat("+", 256))},
		{name: "pwd of 22", data: transport("pwd", strings.Repeat("/", 22))},
		{name: "pwd of 256", data: transport("pwd", strings.Repeat("Z", 256))},
	}
}

func refusedAnswers() []answerCase {
	transport := func(key string, value any) string {
		return plainAnswer(func(transport fields) {
			if transport[key] = value; value == nil {
				delete(transport, key)
			}
		})
	}
	plain := plainAnswer(nil)
	twice := func(key string) string { return strings.Replace(plain, `"`+key+`":`, `"`+key+`":"0","`+key+`":`, 1) }
	invalid, unsupported := models.ErrInvalidParams, models.ErrUnsupportedCallMode
	return []answerCase{
		{"empty", "", invalid, "it is empty"},
		{"white space", " \n", invalid, "it is empty"},
		{"null", "null", invalid, "it is null, expected an object"},
		{"list", "[]", invalid, "it is a list, expected an object"},
		{"a string", `"{}"`, invalid, "it is a string, expected an object"},
		{"truncated", plain[:len(plain)/2], invalid, "not valid JSON at byte"},
		{"trailing garbage", plain + "x", invalid, "not valid JSON at byte"},
		{"two answers", plain + plain, invalid, "not valid JSON at byte"},
		{"HTML", "<html></html>", invalid, "not valid JSON at byte 1"},
		{"5 million brackets", strings.Repeat("[", 5_000_000), invalid, "it has 5000000 bytes, expected at most 65536"},
		{"65 536 brackets", strings.Repeat("[", 65536), invalid, "depth"},
		{"balanced brackets", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), invalid, "it is a list, expected an object"},
		{"balanced brackets in the transport", `{"transport":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", invalid,
			"transport is a list"},
		{"one byte too long", plain + strings.Repeat(" ", jsonparams.MaxDataBytes+1-len(plain)), invalid, "it has 65537 bytes"},
		{"invalid UTF-8", `{"transport":"` + "\xff" + `"}`, invalid, "byte 15 is not valid UTF-8"},
		{"UTF-8 cut off", "{\"é\xc3", invalid, "byte 5 is not valid UTF-8"},
		{"a key twice", `{"transport":{},"transport":{}}`, invalid, `it has the key "transport" twice`},
		{"a key twice, spelt differently", `{"transport":{"pwd":"a","p\u0077d":"a"}}`, invalid, `transport has the key "pwd" twice`},
		{"a key of stream twice", `{"stream":false,"stream":true}`, invalid, `it has the key "stream" twice`},
		{"a fingerprint's key twice", twice("setup"), invalid, `transport.fingerprints[0]: it has the key "setup" twice`},
		{"a candidate's key twice", twice("port"), invalid, `transport.candidates[0]: it has the key "port" twice`},
		{"video's key twice", strings.Replace(plain, "{", `{"video":{"endpoint":"a","endpoint":"b"},`, 1), invalid,
			`video has the key "endpoint" twice`},

		{"stream", `{"stream":true}`, unsupported, "listener of a large call"},
		{"stream with a transport", strings.Replace(plain, "{", `{"stream":true,`, 1), unsupported, "join again"},
		{"rtmp", `{"stream":true,"rtmp":true,"rtmp_stream_key":"planted"}`, unsupported, "RTMP livestream: push"},
		{"rtmp alone", `{"rtmp":true,"rtmp_stream_key":"planted"}`, unsupported, "phone.getGroupCallStreamRtmpUrl"},

		{"no transport", "{}", invalid, "transport is missing, expected an object"},
		{"transport null", `{"transport":null}`, invalid, "transport is null, expected an object"},
		{"transport a list", `{"transport":[]}`, invalid, "transport is a list, expected an object"},
		{"keys in upper case", strings.ToUpper(plain), invalid, "transport is missing"},

		{"no ufrag", transport("ufrag", nil), invalid, "transport.ufrag is missing, expected a string"},
		{"ufrag empty", transport("ufrag", ""), invalid, "transport.ufrag has 0 characters, expected 1 to 256"},
		{"ufrag long", transport("ufrag", strings.Repeat("a", 257)), invalid, "transport.ufrag has 257 characters"},
		{"ufrag number", transport("ufrag", 12345), invalid, "transport.ufrag is a number, expected a string"},
		{"ufrag with a line break", transport("ufrag", "ab\r\na=x"), invalid, "transport.ufrag has a character at position 3"},
		{"ufrag with a line feed", transport("ufrag", "abcd\n"), invalid, "transport.ufrag has a character at position 5"},
		{"ufrag foreign", transport("ufrag", "abcé"), invalid, "transport.ufrag has a character at position 4"},
		{"no pwd", transport("pwd", nil), invalid, "transport.pwd is missing, expected a string"},
		{"pwd short", transport("pwd", "planted6789012345678x"), invalid, "transport.pwd has 21 characters, expected 22 to 256"},
		{"pwd long", transport("pwd", strings.Repeat("planted", 40)), invalid, "transport.pwd has 280 characters"},
		{"pwd with a line break", transport("pwd", "planted890123456789012\r\na=ice-lite"), invalid,
			"transport.pwd has a character at position 23"},
		{"pwd with a space", transport("pwd", "planted 90123456789012"), invalid, "position 8"},
		{"pwd a list", transport("pwd", []any{"planted"}), invalid, "transport.pwd is a list"},

		{"no fingerprints", transport("fingerprints", nil), invalid, "transport.fingerprints is missing, expected a list"},
		{"fingerprints an object", transport("fingerprints", fields{}), invalid, "transport.fingerprints is an object"},
		{"fingerprints empty", withFingerprints(), invalid, "transport.fingerprints is an empty list"},
		{"fingerprint a string", withFingerprints(sha256), invalid, "transport.fingerprints[0]: it is a string"},
		{"unknown hashes only", withFingerprints(fields{"hash": "sha-1"}, fields{"hash": "md5\r\na=x"}, fields{}), invalid,
			`only unknown hashes ("sha-1", "md5\r\na=x", missing), expected sha-256`},
		{"digest missing", withFingerprints(fields{"hash": "sha-256"}), invalid, "transport.fingerprints[0].fingerprint is missing"},
		{"digest short", withFingerprints(fields{"hash": "sha-256", "fingerprint": sha256[3:]}), invalid, "92 characters instead of 95"},
		{"digest long", withFingerprints(fields{"hash": "sha-256", "fingerprint": sha256 + ":00"}), invalid, "98 characters instead of 95"},
		{"digest of another hash", withFingerprints(fields{"hash": "sha-512", "fingerprint": sha256}), invalid, "95 characters instead of 191"},
		{"digest without colons", withFingerprints(fields{"hash": "sha-256", "fingerprint": strings.ReplaceAll(sha256, ":", "")}),
			invalid, "64 characters instead of 95"},
		{"digest with another separator", withFingerprints(fields{"hash": "sha-256", "fingerprint": strings.ReplaceAll(sha256, ":", "-")}),
			invalid, "wrong at position 3"},
		{"digest not hexadecimal", withFingerprints(fields{"hash": "sha-256", "fingerprint": sha256[:93] + "0G"}), invalid,
			"wrong at position 95"},
		{"digest with a line break", withFingerprints(fields{"hash": "sha-256", "fingerprint": sha256[:93] + "\r\n"}), invalid,
			"wrong at position 94"},
		{"a good digest beside a malformed one", withFingerprints(fields{"hash": "sha-256", "fingerprint": sha256},
			fields{"hash": "sha-512", "fingerprint": sha384}), invalid, "transport.fingerprints[1].fingerprint"},

		{"no candidates", transport("candidates", nil), invalid, "transport.candidates is missing, expected a list"},
		{"candidates a string", transport("candidates", "x"), invalid, "transport.candidates is a string"},
		{"candidates empty", withCandidates(), invalid, "transport.candidates is an empty list, expected at least one UDP address"},
		{"candidates all useless", withCandidates(plainCandidate(fields{"ip": "127.0.0.1"}), 5), invalid,
			"no usable UDP address: candidate 1: ip 127.0.0.1 is loopback, which only tests may use (WithLoopback), candidate 2: it is a number"},
	}
}

func TestWhatMeansNothingIsTolerated(t *testing.T) {
	for _, c := range acceptedAnswers() {
		t.Run(c.name, func(t *testing.T) { parse(t, c.data) })
	}
}

func TestARefusalNamesTheValueAndKeepsSecrets(t *testing.T) {
	for _, c := range refusedAnswers() {
		t.Run(c.name, func(t *testing.T) {
			a, err := jsonparams.ParseAnswer(c.data, jsonparams.ParseOptions{})
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if a != nil {
				t.Errorf("an error comes with the answer %+v", a)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not say %q", err, c.says)
			}
			if strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), pwd) {
				t.Errorf("error %q shows a secret", err)
			}
			if len(err.Error()) > 2000 || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("error of %d bytes is not one readable line: %q", len(err.Error()), err)
			}
			if errors.Is(err, models.ErrInvalidParams) && !strings.Contains(err.Error(), "join again") {
				t.Errorf("error %q does not say what to do", err)
			}
		})
	}
}

// TestAnAnswerIsRefusedAtOnceWhateverItIs: it takes less than 10 ms. The limit is a hundred times that, for the fastest of some tries: it tells what grows
// with the square of an answer, and not how busy the machine is.
func TestAnAnswerIsRefusedAtOnceWhateverItIs(t *testing.T) {
	const tries, limit = 5, time.Second
	for _, c := range append(refusedAnswers(),
		answerCase{name: "60 000 candidates", data: withCandidates(slices.Repeat([]any{1}, 30_000)...)},
		answerCase{name: "60 000 keys", data: `{"x":{` + strings.Repeat(`"":0,`, 13_000) + `"":0}}`},
		answerCase{name: "a string of escapes", data: `{"x":"` + strings.Repeat(`\u0041`, 10_900) + `"}`},
	) {
		fastest := time.Hour
		for range tries {
			begin := time.Now()
			if _, err := jsonparams.ParseAnswer(c.data, jsonparams.ParseOptions{}); err == nil {
				t.Fatalf("%s is accepted", c.name)
			}
			fastest = min(fastest, time.Since(begin))
		}
		if fastest > limit {
			t.Errorf("%s: it takes %s to be refused", c.name, fastest)
		}
	}
}

func TestAnswersAreReadWhole(t *testing.T) {
	data := `{"video":{"server_sources":[-1,"-2",3,0,4294967295,1.5,null,"x"],"endpoint":"me"},"transport":{
		"candidates":[{"ip":"203.0.113.9","port":9}],"pwd":"` + pwd + `","ufrag":"` + ufrag + `",
		"fingerprints":[{"hash":"SHA-256","fingerprint":"` + strings.ToLower(sha256) + `","setup":"actpass"}]}}`
	want := &jsonparams.Answer{
		Ufrag:        ufrag,
		Pwd:          pwd,
		Fingerprints: []jsonparams.Fingerprint{{Hash: "sha-256", Setup: "actpass", Value: sha256}},
		Candidates: []jsonparams.Candidate{{
			Foundation: "1", Component: 1, Protocol: "udp", Priority: 2130706431,
			Addr: netip.MustParseAddr("203.0.113.9"), Port: 9, Type: "host",
		}},
		VideoEndpoint: "me",
		ServerSources: []uint32{0xffffffff, 0xfffffffe, 3},
	}
	if a := parse(t, data); !reflect.DeepEqual(a, want) {
		t.Errorf("got %+v\nwant %+v", a, want)
	}
}

func TestServerSourcesAndEndpointAreBounded(t *testing.T) {
	video := `{"video":{"endpoint":"` + strings.Repeat("e", 257) + `","server_sources":[1` + strings.Repeat(",2", 100) + `]},`
	a := parse(t, strings.Replace(plainAnswer(nil), "{", video, 1))
	if len(a.ServerSources) != jsonparams.MaxServerSources || a.VideoEndpoint != "" {
		t.Errorf("%d sources and an endpoint of %d bytes", len(a.ServerSources), len(a.VideoEndpoint))
	}
}
