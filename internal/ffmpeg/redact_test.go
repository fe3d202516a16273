package ffmpeg

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestRedactHidesSecretsByTheirPlace(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"no secret", "song.mp3: Invalid data found when processing input", ""},
		{"empty", "", ""},
		{"user and password", "https://bob:hunter2@host/x.mp3", "https://***@host/x.mp3"},
		{"user alone", "https://token@host/x.mp3", "https://***@host/x.mp3"},
		{"password with an @", "https://bob:p@ss@host/x", "https://***@host/x"},
		{"password with a slash", "https://bob:pa/ss@host/x", "https://***@host/x"},
		{"an @ in the path is none", "https://www.host.com:443/@channel/x", ""},
		{"IPv6", "http://[2001:db8::1]:8080/@x", ""},
		{"IPv6 with user", "http://u:p@[2001:db8::1]:8080/x", "http://***@[2001:db8::1]:8080/x"},
		{"query values", "https://host/x?token=abc&sig=d%2Fe&empty=&n=1", "https://host/x?token=***&sig=***&empty=&n=***"},
		{"query with semicolons", "https://host/x?a=1;b=2", "https://host/x?a=***"},
		{"query without a name", "https://host/x?c2VjcmV0", "https://host/x?***"},
		{"fragment", "https://host/x#access_token=abc", "https://host/x#***"},
		{"SRT", "srt://host:9000?passphrase=abc&mode=caller", "srt://host:9000?passphrase=***&mode=***"},
		{"RTMP key", "rtmps://dc4-1.rtmp.t.me/s/1234:AbC_d", "rtmps://dc4-1.rtmp.t.me/s/***"},
		{"RTMP key in two elements", "rtmp://host:1935/app/inst/key?x=y", "rtmp://host:1935/app/***"},
		{"RTMP, nothing but a key", "rtmp://host/key", "rtmp://host/***"},
		{"RTMP server without a key", "rtmp://host/app/", ""},
		{"RTMP with user", "rtmp://u:p@host/app/key", "rtmp://***@host/app/***"},
		{"capital scheme", "RTMP://host/app/key", "RTMP://host/app/***"},
		{"in a sentence", "[https @ 0x55] Opening 'https://u:p@h/a?k=v' for reading", "[https @ 0x55] Opening 'https://***@h/a?k=***' for reading"},
		{"before a colon", "rtmp://h/app/key: Connection refused", "rtmp://h/app/***: Connection refused"},
		{"two URLs in one word", "concat:https://u:p@h/a|https://v:q@i/b", "concat:https://***@h/a|https://***@i/b"},
		{"URL in a URL", "https://proxy/https://u:p@h/x", "https://proxy/https://***@h/x"},
		{"without a scheme", "//u:p@host/x", "//***@host/x"},
		{"path with parameters", "GET /x.ts?token=abc&n=1 HTTP/1.1", "GET /x.ts?token=***&n=*** HTTP/1.1"},
		{"header", "Authorization: Bearer abc\r\nHost: h", "Authorization: ***\r\nHost: h"},
		{"cookies", "Set-Cookie: sid=abc; path=/", "Set-Cookie: ***"},
		{"local file", "file:///music/a?b=1@c.mp3", "file:///music/a?b=***"},
		{"local path", "/music/@me/what.mp3", ""},
		{"the codec list", "Stream #0:0: Audio: mp3, 44100 Hz, stereo, fltp, 128 kb/s", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want == "" {
				want = tt.in
			}
			got := Redact(tt.in)
			if got != want {
				t.Errorf("Redact(%q) = %q, want %q", tt.in, got, want)
			}
			if again := Redact(got); again != got {
				t.Errorf("redacted twice it is %q", again)
			}
		})
	}
}

func TestRedactArgsHidesTheValuesOfSecretOptions(t *testing.T) {
	args := []string{"-v", "error", "-headers", "Authorization: Bearer abc\r\nX-Key: def\r\n", "-user_agent", "Mozilla/5.0", "-cookies", "sid=abc; path=/",
		"--password=hunter2", "-keyint_min", "50", "-i", "https://u:my pass@h/x y?k=v w", "pipe:1"}
	want := []string{"-v", "error", "-headers", "Authorization: ***\r\nX-Key: ***", "-user_agent", "Mozilla/5.0", "-cookies", "***",
		"--password=***", "-keyint_min", "50", "-i", "https://***@h/x y?k=***", "pipe:1"}
	before := slices.Clone(args)
	if got := RedactArgs(args); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !slices.Equal(args, before) {
		t.Error("the arguments were changed")
	}
}

func TestSecretsAreFoundInEveryForm(t *testing.T) {
	secrets := []string{"s3cr/t wörd", "a%2Fb%20c", "line one\r\nline two", "nul\x00inside", ""}
	r := newRedactor(secrets)
	for _, text := range []string{
		"plain s3cr/t wörd.",
		"path " + url.PathEscape("s3cr/t wörd") + ".",
		"query " + url.QueryEscape("s3cr/t wörd") + ".",
		"lower " + strings.ToLower(url.QueryEscape("s3cr/t wörd")) + ".",
		"escaped a%2Fb%20c.",
		"unescaped a/b c.",
		"first line one.",
		"second line two.",
		"cleaned nulinside.",
	} {
		first, _, _ := strings.Cut(text, " ")
		if got, want := r.text(text), first+" ***."; got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := r.text("nothing to hide"); got != "nothing to hide" {
		t.Errorf("became %q", got)
	}
}

func TestSecretsOfTheArgumentsAreKnownWhereverTheyAppear(t *testing.T) {
	r := newRedactor(secretsOf([]string{"-headers", "X-Key: headersecret\r\n", "--token=optionsecret",
		"-i", "https://bob:hunter2@host/x?token=querysecret&n=1", "rtmp://host/app/streamsecret"}))
	in := "403 for headersecret, optionsecret, hunter2, querysecret, streamsecret; bob, host, n=1"
	if got, want := r.text(in), "403 for ***, ***, ***, ***, ***; bob, host, n=1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// BenchmarkRedact shows that the time per byte does not grow with the size of texts made to be slow.
func BenchmarkRedact(b *testing.B) {
	for _, part := range []string{"//", "//a:b", "http://a:b/", "http://h/?a=b&", "rtmp://h/a/", "@//", "?a=", "cookie:", "a "} {
		for _, size := range []int{1 << 12, 1 << 17} {
			b.Run(fmt.Sprintf("%q×%d", part, size), func(b *testing.B) {
				text := strings.Repeat(part, size/len(part))
				b.SetBytes(int64(size))
				for b.Loop() {
					Redact(text)
				}
			})
		}
	}
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"hunter2", "a/b", "a@b", "a b", "?", "%2F", "", "://", "x&y=z", "\x00\xff", "日本", "'\"", "#", ";", "//", "rtmp://h/a"} {
		f.Add(seed, "", "")
		f.Add(seed, "Opening 'http://h/?x=", "' for reading")
		f.Add(seed, "//", "@")
	}
	f.Fuzz(func(t *testing.T, s, before, after string) {
		const mark = "7qZ"
		secret := mark + s + mark
		if strings.Contains(before+after, mark) {
			return
		}
		escaped := url.QueryEscape(secret)
		plain := strings.Map(func(r rune) rune { // as it may stand in a URL's text
			if isBreak(r) || strings.ContainsRune("&;#?/", r) {
				return '.'
			}
			return r
		}, secret)
		for _, u := range []string{
			"https://" + url.UserPassword("bob", secret).String() + "@host/x",
			"https://" + url.User(secret).String() + "@host/x",
			"https://bob:" + plain + "@host/x",
			"https://bob:" + mark + "/" + plain + "@host/x",
			"https://host/x?token=" + escaped,
			"https://host/x?a=1&token=" + escaped + "&b=2",
			"https://host/x?token=" + plain + "&b=2",
			"https://host/x#" + escaped,
			"srt://host:9000?passphrase=" + escaped,
			"rtmps://host/app/" + escaped,
			"rtmp://host:1935/app/inst/" + escaped + "?x=" + escaped,
		} {
			// In a sentence, and alone.
			for _, text := range []string{before + " " + u + " " + after, u} {
				if got := Redact(text); strings.Contains(got, mark) {
					t.Errorf("Redact(%q) = %q", text, got)
				}
			}
			if got := strings.Join(RedactArgs([]string{"-i", u, before, after}), " "); strings.Contains(got, mark) {
				t.Errorf("RedactArgs(%q) = %q", u, got)
			}
		}
		// A secret that was named, anywhere.
		if got := newRedactor([]string{secret}).text(before + secret + after + escaped); strings.Contains(got, secret) || strings.Contains(got, escaped) {
			t.Errorf("with the secret %q: %q", secret, got)
		}
	})
}
