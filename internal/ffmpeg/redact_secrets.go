package ffmpeg

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// forms lists how a secret may come back from a program: as it is, line by line, cleaned of what cannot be shown, escaped and unescaped.
func forms(secret string) []string {
	var out []string
	add := func(s string) {
		if s != "" && s != mask {
			out = append(out, s, clean(s))
		}
	}
	parts := strings.FieldsFunc(secret, func(r rune) bool { return r == '\n' || r == '\r' })
	for _, s := range append(parts, secret) {
		plain := []string{s}
		if u, err := url.PathUnescape(s); err == nil {
			plain = append(plain, u)
		}
		if u, err := url.QueryUnescape(s); err == nil {
			plain = append(plain, u)
		}
		for _, p := range plain {
			add(p)
			for _, escaped := range []string{url.PathEscape(p), url.QueryEscape(p), url.User(p).String()} {
				add(escaped)
				add(lowerEscapes(escaped))
			}
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

var escapeRE = regexp.MustCompile(`%[0-9A-F]{2}`)

func lowerEscapes(s string) string { return escapeRE.ReplaceAllStringFunc(s, strings.ToLower) }

// Values shorter than this are too common to be looked for all over a text; they are masked where they stand.
const (
	minPassword = 4
	minParam    = 8
)

// secretsOf collects from a program's arguments what it may repeat where its place does not give it away: a path without its host, say.
func secretsOf(args []string) []string {
	var out []string
	add := func(s string, least int) {
		if len(s) >= least {
			out = append(out, s)
		}
	}
	for i, a := range args {
		for _, p := range optionSpans(args, i) {
			for line := range strings.FieldsFuncSeq(a[p.from:p.to], func(r rune) bool { return r == '\n' || r == '\r' }) {
				add(strings.TrimSpace(line), minPassword)
			}
		}
		for _, p := range urlSpans(a, true) {
			value := a[p.from:p.to]
			if p.to < len(a) && a[p.to] == '@' {
				_, password, _ := strings.Cut(value, ":")
				add(password, minPassword)
				continue
			}
			add(value, minParam)
			add(value[strings.LastIndexByte(value, '/')+1:], minParam) // of a path, the stream key
		}
	}
	return out
}

// secretWords mark an option whose value is a secret when they are a part of its name.
var secretWords = []string{"auth", "authorization", "cookie", "cookies", "cryptokey", "header", "headers", "key", "pass", "passphrase",
	"password", "passwd", "playpath", "secret", "token", "username"}

// optionSpans finds in args[i] the value of a secret option: the whole argument after "-headers", or what follows "=" in "--password=x".
// Values of the form "Name: value" keep the name.
func optionSpans(args []string, i int) []span {
	a := args[i]
	if i > 0 && isSecretOption(args[i-1]) {
		return headerValues(a)
	}
	if name, _, ok := strings.Cut(a, "="); ok && isSecretOption(name) {
		return []span{{len(name) + 1, len(a)}}
	}
	return nil
}

func isSecretOption(name string) bool {
	if !strings.HasPrefix(name, "-") || strings.ContainsAny(name, " /=") {
		return false
	}
	words := strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })
	for w := range words {
		if slices.Contains(secretWords, w) {
			return true
		}
	}
	return false
}

var headerNameRE = regexp.MustCompile(`(?m)^[\w-]+:[ \t]*`)

// headerValues covers a text but for the names of its header lines.
func headerValues(s string) []span {
	var spans []span
	from := 0
	for _, m := range headerNameRE.FindAllStringIndex(s, -1) {
		spans = append(spans, span{from, lineStart(s, from, m[0])})
		from = m[1]
	}
	return append(spans, span{from, len(s)})
}

// lineStart moves to back over the line ending before it, which may stay visible.
func lineStart(s string, from, to int) int {
	return from + len(strings.TrimRight(s[from:to], "\r\n"))
}
