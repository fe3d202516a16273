package telegram

import (
	"strings"
	"testing"
	"time"
)

func TestACommandIsTakenApart(t *testing.T) {
	for text, want := range map[string]command{
		"/new":                     {name: "new"},
		"/New@Bot  1h  film night": {name: "new", to: "Bot", args: "1h  film night"},
		"/off\n12 ":                {name: "off", args: "12"},
		"/off\u00a012":             {name: "off", args: "12"},
		"/a@b@c":                   {name: "a", to: "b@c"},
	} {
		if c, ok := parseCommand(text); !ok || c != want {
			t.Errorf("%q is %+v, %v, expected %+v", text, c, ok, want)
		}
	}
	for _, text := range []string{"", "/", " / ", "/@bot", "new", "😀/new"} {
		if c, ok := parseCommand(text); ok {
			t.Errorf("%q is a command: %+v", text, c)
		}
	}
}

func TestADurationStandsBeforeTheLabel(t *testing.T) {
	for _, c := range []struct {
		args  string
		ttl   time.Duration
		label string
		ok    bool
	}{
		{"1h30m  film  night", 90 * time.Minute, "film  night", true},
		{"45m", 45 * time.Minute, "", true},
		{"film 1h", 0, "1h", false},
		{"0s", 0, "", false},
		{"-1h", -time.Hour, "", false},
		{"", 0, "", false},
	} {
		if ttl, label, ok := parseTTL(c.args); ttl != c.ttl || label != c.label || ok != c.ok {
			t.Errorf("%q is %v, %q, %v", c.args, ttl, label, ok)
		}
	}
}

func TestDurationsAreWrittenWithoutZeros(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Minute: "30m", time.Hour: "1h", 90 * time.Minute: "1h30m", 48 * time.Hour: "48h", 45 * time.Second: "45s", 10 * time.Minute: "10m",
		time.Hour + time.Second: "1h0m1s",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is written %q, expected %q", d, got, want)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"/new", "/off 12", "/new@bot 1h x", "/\x00", "//", "/ @", "/é@ü\u00a0ß"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseCommand(text)
		if ok != (c.name != "") {
			t.Errorf("%q: %+v, %v", text, c, ok)
		}
		if strings.ContainsFunc(c.name+c.to, isSpace) || strings.TrimSpace(c.args) != c.args {
			t.Errorf("%q leaves white space: %+v", text, c)
		}
		parseTTL(c.args)
		if n := len([]rune(shorten(c.args))); n > longest {
			t.Errorf("%q is shortened to %d runes", text, n)
		}
	})
}

func FuzzInspect(f *testing.F) {
	for _, s := range []string{`{"ok":true,"result":[]}`, `{"ok":true,"result":[{}, null]}`, tooMany, `{"parameters":{"retry_after":-1}}`, `[`, `{"ok":false,"parameters":{"retry_after":9e18}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		good, wait, err := inspect(body)
		if wait < 0 || wait > maxFloodWait {
			t.Errorf("a wait of %v", wait)
		}
		if good && (err != nil || wait != 0) {
			t.Errorf("good, with a wait of %v and the error %v", wait, err)
		}
	})
}
