package media

import (
	"slices"
	"strings"
	"testing"
)

func TestThePartsOfAnRTMPURLThatAreSecret(t *testing.T) {
	for url, c := range map[string]struct {
		shown   string
		secrets []string // each alone is masked in what ffmpeg says
	}{
		"rtmps://dc4-1.rtmp.t.me/s/2345:AbCdEfGh":           {"rtmps://dc4-1.rtmp.t.me/s/***", []string{"2345:AbCdEfGh"}},
		"rtmp://h/app/abcd-efgh?tk=qwerty12&x=zyxwvut":      {"rtmp://h/app/***", []string{"abcd-efgh", "qwerty12", "zyxwvut"}},
		"rtmp://user:passw0rd@h:1935/app/inst/key-12345":    {"rtmp://h:1935/app/***", []string{"inst", "key-12345"}},
		"rtmp://h/only-a-key/":                              {"rtmp://h/***", []string{"only-a-key"}},
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
