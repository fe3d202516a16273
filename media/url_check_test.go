package media

import (
	"slices"
	"strings"
	"testing"

	"gotgcall/models"
)

func TestURLsOfOtherKindsAreRefusedBeforeAnythingIsSpawned(t *testing.T) {
	for url, part := range map[string]string{
		"":                               "empty",
		"song.mp3":                       "no scheme",
		"/etc/passwd":                    "FromFile",
		"-y":                             "no scheme",
		"//example.com/x":                "no scheme",
		"file:///etc/passwd":             "FromFile",
		"FILE:/etc/passwd":               `"file"`,
		"concat:http://a/b|http://a/c":   `"concat"`,
		"subfile,,start,0,end,9,,:/x":    `"subfile"`,
		"data:audio/mpeg;base64,AAAA":    `"data"`,
		"gopher://example.com/":          `"gopher"`,
		"pipe:0":                         `"pipe"`,
		"crypto+http://example.com/":     `"crypto+http"`,
		"hls+http://example.com/":        `"hls+http"`,
		"rtmpt://example.com/a":          `"rtmpt"`,
		"ftp://example.com/x":            "http, https, rtmp",
		`C:\music\song.mp3`:              `"c"`,
		"http:example.com":               "lacks the //",
		"http:/example.com":              "lacks the //",
		"http://":                        "no host",
		"http:///x":                      "no host",
		"http://:80/x":                   "no host",
		"http://user@/x":                 "no host",
		"http://example.com:0/":          "port 0",
		"http://example.com:65536/":      "port 65536",
		"http://example.com:x/":          "not well-formed",
		"http://[::1/":                   "not well-formed",
		"http://example.com/a b":         "%20",
		" http://example.com/":           "no scheme",
		"http://example.com/x\n":         "%0A",
		"http://example.com/\x00":        "%00",
		"http://example.com/\u00a0":      "byte 19",
		"rtmp://example.com/a live=1":    "%20",
		"http://example.com/\r\nHost: x": "%0D",
	} {
		t.Run(url, func(t *testing.T) {
			r := counting(t)
			_, err := FromURL(url).Open(WithRunner(t.Context(), r.Runner))
			mustBe(t, err, models.ErrInvalidParams, part)
			r.expectNone()
		})
	}
}

func TestTheCountingRunnerCounts(t *testing.T) {
	r := counting(t)
	open(t, WithRunner(t.Context(), r.Runner), FromFile(song))
	if r.records.n.Load() == 0 {
		t.Error("a start was not noticed, so nothing is proven elsewhere")
	}
}

func TestKeysInAPathAreSecret(t *testing.T) {
	for path, want := range map[string][]string{
		"h/music/never-gonna-give-you-up-1987.mp3": nil,
		"h/file/bot123456:AAF-x/music/file_1.mp3":  {"bot123456:AAF-x"},
		"h/550e8400-e29b-41d4-a716-446655440abc/a": {"550e8400-e29b-41d4-a716-446655440abc"},
		"h/a/0123456789abcdef?x=0123456789abcdef":  {"0123456789abcdef"},
		"h": nil,
		"h/extraordinarilylongword/track01/a#b:c/d:": nil,
	} {
		if got := pathSecrets(path); !slices.Equal(got, want) {
			t.Errorf("%s: %q, expected %q", path, got, want)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{
		"http://example.com/", "HTTPS://u:p@h:1/x?y#z", "srt://[::1]:9000", "file:///x", "subfile,,start,0,end,1,,:x", "http://h/\xff", "rtmp://h",
		"http://h:99999999999999999999/", "h\u00f6st:x", "http://h/%zz", "crypto+file:/x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in, secrets, err := checkURL(s)
		if err != nil {
			mustBe(t, err, models.ErrInvalidParams)
			return
		}
		scheme, rest, ok := strings.Cut(in.target, "://")
		if class, known := schemes[scheme]; !ok || !known || class != in.class || rest == "" {
			t.Fatalf("%q became %+v", s, in)
		}
		if strings.ContainsFunc(in.target, forbidden) || !strings.EqualFold(in.target, s) {
			t.Fatalf("%q became %q", s, in.target)
		}
		shown := urlSubject(s, secrets)
		for _, secret := range secrets {
			if strings.Contains(shown, secret) {
				t.Fatalf("%s shows %q", shown, secret)
			}
		}
	})
}
