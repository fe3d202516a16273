package ffmpeg

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// schemeRE is a URL's scheme, or the end of a long one, at the end of what precedes its "://".
var schemeRE = regexp.MustCompile(`[A-Za-z0-9+.-]{1,32}$`)

// urlSpans finds the secret parts of the URLs in a text. A whole string that contains a URL is one, spaces included; in a text spaces end it.
func urlSpans(s string, whole bool) []span {
	if whole && strings.Contains(s, "://") {
		return wordSpans(s, 0, len(s))
	}
	var spans []span
	for from := 0; from < len(s); {
		end := from + indexBreak(s[from:])
		spans = append(spans, wordSpans(s, from, end)...)
		_, size := utf8.DecodeRuneInString(s[end:])
		from = end + size
	}
	return spans
}

func isBreak(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func indexBreak(s string) int {
	if i := strings.IndexFunc(s, isBreak); i >= 0 {
		return i
	}
	return len(s)
}

// wordSpans takes every "//" in s[from:end] for the beginning of a URL's authority: URLs are nested in paths and lists, and messages leave
// schemes out. It looks at each byte a few times at most, however many there are.
func wordSpans(s string, from, end int) []span {
	var spans []span
	lastAt := from + strings.LastIndexByte(s[from:end], '@')
	params := false // those of the first URL, which go on to the end
	for {
		i := strings.Index(s[from:end], "//")
		if i < 0 {
			return spans
		}
		scheme := schemeBefore(s[:from+i])
		from += i + 2
		path := from + indexAny(s[from:end], "/?#")
		if at := strings.LastIndexByte(s[from:path], '@'); at >= 0 {
			spans = append(spans, span{from, from + at})
		} else if lastAt > path && !hasPort(s[from:path]) {
			// "user:pass/word@host": a password that should have been escaped.
			spans = append(spans, span{from, lastAt})
		}
		switch {
		case strings.HasPrefix(scheme, "rtmp"):
			spans = append(spans, trimmed(s, streamKey(s, path, end), end))
			params = true
		case params || scheme == "" || scheme == "file": // a local path's "?" is a letter
		default:
			spans = append(spans, paramSpans(s, path, end)...)
			params = true
		}
		from = path
	}
}

// schemeBefore returns the scheme that ends with the colon at the end of s, in lower case; "" when there is none.
func schemeBefore(s string) string {
	s, ok := strings.CutSuffix(s, ":")
	if !ok {
		return ""
	}
	return strings.ToLower(schemeRE.FindString(s[max(0, len(s)-32):]))
}

// paramSpans covers the values of the query parameters, and the fragment, of the URL whose path begins at path.
func paramSpans(s string, path, end int) []span {
	var spans []span
	hash := path + indexAny(s[path:end], "#")
	query := path + indexAny(s[path:hash], "?") + 1
	for query < hash {
		next := query + indexAny(s[query:hash], "&")
		value := query
		if eq := strings.IndexByte(s[query:next], '='); eq >= 0 {
			value = query + eq + 1
		}
		spans = append(spans, trimmed(s, value, next))
		query = next + 1
	}
	if hash < end {
		spans = append(spans, trimmed(s, hash+1, end))
	}
	return spans
}

// streamKey returns where the secret part of an RTMP URL's path begins: after the application, which is its first element. A path of one
// element is taken for a key.
func streamKey(s string, path, end int) int {
	app := path
	for app < end && s[app] == '/' {
		app++
	}
	key := app + indexAny(s[app:end], "/?#")
	if key == end {
		return app
	}
	return key + 1
}

// hasPort reports whether an authority without user ends like "host", "host:" or "host:8080", punctuation after it ignored.
func hasPort(authority string) bool {
	authority = authority[strings.LastIndexByte(authority, ']')+1:] // IPv6
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 {
		return true
	}
	return strings.Trim(authority[colon+1:], `0123456789"',)>`) == ""
}

// indexAny is strings.IndexAny with the length for "nowhere".
func indexAny(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}
