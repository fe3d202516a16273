package media

import (
	"slices"
	"strings"
	"testing"

	"gotgcall/models"
)

func TestThePartsOfAnRTMPURLThatAreSecret(t *testing.T) {
	for url, c := range map[string]struct {
		shown   string
		secrets []string // each alone is masked in what ffmpeg says
	}{
		"rtmps://dc4-1.rtmp.t.me/s/2345:AbCdEfGh":           {"rtmps://dc4-1.rtmp.t.me/s/***", []string{"2345:AbCdEfGh"}},
		"rtmp://h/app/abcd-efgh?tk=qwerty12&x=zyxwvut":      {"rtmp://h/app/***", []string{"abcd-efgh", "qwerty12", "zyxwvut"}},
		"rtmp://user:passw0rd@h:1935/app/inst/key-12345":    {"rtmp://h:1935/app/***", []string{"inst", "key-12345"}},
		"rtmp://h/only-a-key":                               {"rtmp://h/***", []string{"only-a-key"}},
		"rtmp://h/app/key-1/?token=abcdefgh":                {"rtmp://h/app/***", []string{"key-1", "abcdefgh"}},
		"RTMP://[2001:db8::1]:1935/live/stream-key-0001#fg": {"rtmp://[2001:db8::1]:1935/live/***", []string{"stream-key-0001"}},
	} {
		target, err := ParsePushTarget(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if target.String() != c.shown {
			t.Errorf("%s is shown as %s, expected %s", url, target, c.shown)
		}
		for _, secret := range c.secrets {
			if !slices.Contains(target.secrets, secret) || strings.Contains(target.String(), secret) {
				t.Errorf("%s: %q is not kept secret: %q", url, secret, target.secrets)
			}
		}
	}
}

func FuzzParsePushTarget(f *testing.F) {
	for _, s := range []string{
		"rtmps://dc4-1.rtmp.t.me/s/2345:AbCdEfGh", "rtmp://u:p@h:1/a/b/c?k=v;l=w#f", "RTMP://[::1]/x", "rtmp://h/%2F/?", "rtmp://h//", "rtmp,rtmps://h/a", "rtmp://h/a\x00b",
		"rtmp://@h/a", "rtmp://h:0/a", "http://h/a", "", "-y",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		target, err := ParsePushTarget(s)
		if err != nil {
			mustBe(t, err, models.ErrInvalidParams)
			return
		}
		if scheme, _, ok := strings.Cut(target.url, "://"); !ok || scheme != "rtmp" && scheme != "rtmps" || target.tls != (scheme == "rtmps") ||
			strings.ContainsFunc(target.url, forbidden) || !strings.EqualFold(target.url, s) {
			t.Fatalf("%q became %+v", s, target)
		}
		host := strings.TrimPrefix(strings.TrimPrefix(target.shown, "rtmp://"), "rtmps://")
		host, path, ok := strings.Cut(host, "/")
		if !ok || !strings.HasSuffix(path, "***") || strings.ContainsAny(target.shown, "?#") || strings.Contains(host, "@") || host == "" {
			t.Fatalf("%q is shown as %q", s, target.shown)
		}
		// What is shown besides scheme and host is the application's name, and that only where a key follows.
		if app, found := strings.CutSuffix(path, "/***"); found && strings.Contains(app, "/") || !found && path != "***" {
			t.Fatalf("%q is shown as %q", s, target.shown)
		}
		if args := target.args(EncodeOptions{}.Complete()); args[len(args)-1] != target.url {
			t.Fatalf("%q is the last of %q", s, args)
		}
	})
}
