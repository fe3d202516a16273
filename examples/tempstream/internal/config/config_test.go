package config

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"
)

func TestTheDefaultsOfAnEmptyEnvironmentAreUsable(t *testing.T) {
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTPAddr != ":8080" || c.Media != FFmpeg || !c.CookieSecure || c.DefaultLinkTTL != time.Hour || len(c.LinkTTLOptions) != 3 || c.TimeZone.String() != "UTC" {
		t.Errorf("got %+v", c)
	}
	if c, err = Load(map[string]string{"LINK_TTL_OPTIONS": "", "HTTP_ADDR": " ", "BASE_URL": "https://live.example.org/"}); err != nil {
		t.Fatal(err)
	}
	if len(c.LinkTTLOptions) != 0 || c.HTTPAddr != ":8080" || c.BaseURL != "https://live.example.org" {
		t.Errorf("an empty list is no list, an empty variable is one that is not set: %+v", c)
	}
}

func TestWhatCannotWorkNamesVariableValueAndFix(t *testing.T) {
	mtx := map[string]string{"MEDIA": "mediamtx", "MEDIAMTX_HLS_BASE_URL": "http://127.0.0.1:8888", "MEDIAMTX_HLS_CDN_SECRET": "0123456789abcdef"}
	if _, err := Load(mtx); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ variable, value, fix string }{
		{"BASE_URL", "live.example.org", "https://"},
		{"BASE_URL", "https://live.example.org/path", "host alone"},
		{"HTTP_ADDR", "8080", ":PORT"},
		{"RTMP_ADDR", ":1935", "loopback"},
		{"RTMP_ADDR", "192.168.1.2:1935", "checks no stream key"},
		{"MEDIA", "nginx", "ffmpeg"},
		{"TIME_ZONE", "Mars", "Europe/Berlin"},
		{"LOG_LEVEL", "loud", "info"},
		{"COOKIE_SECURE", "maybe", "false"},
		{"DEFAULT_LINK_TTL", "soon", "1h"},
		{"LINK_TTL_OPTIONS", "30m,soon", "30m,1h,3h"},
		{"LINK_TTL_OPTIONS", "1s", "10s"},
		{"ALLOWED_CHAT_IDS", "me", "12345"},
		{"TRUSTED_PROXIES", "here", "127.0.0.0/8"},
		{"TLS_DOMAIN", "https://x", "bare host"},
		{"MEDIAMTX_HLS_BASE_URL", "127.0.0.1:8888", "http://"},
		{"MEDIAMTX_HLS_CDN_SECRET", "short", "16"},
	} {
		environ := maps.Clone(mtx)
		if !strings.HasPrefix(c.variable, "MEDIAMTX") {
			clear(environ)
		}
		environ[c.variable] = c.value
		_, err := Load(environ)
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Variable != c.variable || !strings.Contains(err.Error(), c.fix) {
			t.Errorf("%s=%s: %v", c.variable, c.value, err)
			continue
		}
		if c.variable == "MEDIAMTX_HLS_CDN_SECRET" && strings.Contains(err.Error(), c.value) {
			t.Errorf("a secret is shown: %v", err)
		}
	}
}

func TestEverythingThatIsWrongIsToldAtOnceAndNoTokenShown(t *testing.T) {
	_, err := Load(map[string]string{"TELEGRAM_BOT_TOKEN": "123:planted", "BASE_URL": "x", "MEDIA": "y"})
	for _, part := range []string{"ALLOWED_CHAT_IDS", "BASE_URL", "MEDIA"} {
		if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "planted") {
			t.Errorf("expected %s in %v", part, err)
		}
	}
	none := Config{}
	if err := none.NeedBaseURL(); err == nil || !strings.Contains(err.Error(), "BASE_URL") {
		t.Errorf("a missing BASE_URL: %v", err)
	}
}

func TestTheLengthOfALinkIsReadOrRefusedWithAnExample(t *testing.T) {
	if ttl, err := ParseTTL("90m"); err != nil || ttl != 90*time.Minute {
		t.Errorf("%v, %v", ttl, err)
	}
	for _, bad := range []string{"soon", "", "-1h", "1s", "90000h", "1h\n"} {
		if _, err := ParseTTL(bad); err == nil || !strings.Contains(err.Error(), "30m") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("BASE_URL", "https://live.example.org")
	f.Add("RTMP_ADDR", "[::1]:1935")
	f.Add("TRUSTED_PROXIES", "::1/128,10.0.0.0/8")
	f.Fuzz(func(t *testing.T, variable, value string) {
		c, err := Load(map[string]string{variable: value})
		if err == nil && (!isLoopback(c.RTMPAddr) || c.BaseURL != "" && !strings.HasPrefix(c.BaseURL, "http")) {
			t.Errorf("%s=%q was taken: %+v", variable, value, c)
		}
	})
}
