package media

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

// schemes are what FromURL accepts.
var schemes = map[string]class{
	"http": classHTTP, "https": classHTTP,
	"rtmp": classRTMP, "rtmps": classRTMP,
	"rtsp": classRTSP, "rtsps": classRTSP,
	"srt": classSRT,
}

const schemeList = "http, https, rtmp, rtmps, rtsp, rtsps, srt"

// checkURL decides what ffmpeg is to read for a URL, and which parts of it are secret. Its errors are ErrInvalidParams and show none of the
// URL but its scheme: where a URL is not well-formed, nobody can say which part of it is the password.
func checkURL(s string) (input, []string, error) {
	fail := func(format string, args ...any) (input, []string, error) {
		return input{}, nil, fmt.Errorf("%w: FromURL: %s", models.ErrInvalidParams, fmt.Sprintf(format, args...))
	}
	if s == "" {
		return fail("the URL is empty")
	}
	scheme := schemeOf(s)
	class, known := schemes[scheme]
	switch {
	case scheme == "":
		return fail("the URL has no scheme: begin it with one of %s, or use FromFile for a path", schemeList)
	case scheme == "file":
		return fail("the scheme %q is for files: use FromFile with the path", scheme)
	case !known:
		return fail("the scheme %q is not played: use one of %s", scheme, schemeList)
	}
	rest, problem := splitURL(scheme, s)
	if problem != "" {
		return fail("the %s URL %s", scheme, problem)
	}
	in := input{class: class, target: scheme + "://" + rest, tls: scheme == "https" || scheme == "rtmps"}
	return in, pathSecrets(rest), nil
}

// splitURL returns what follows the // of a URL, or says what is wrong with it.
func splitURL(scheme, s string) (rest, problem string) {
	if i := strings.IndexFunc(s, forbidden); i >= 0 {
		r, _ := utf8.DecodeRuneInString(s[i:])
		return "", fmt.Sprintf("contains %s at byte %d, which no URL may: remove it, or escape it as %s", strconv.QuoteRune(r), i,
			url.PathEscape(string(r)))
	}
	rest, ok := strings.CutPrefix(s[len(scheme):], "://")
	if !ok {
		return "", "lacks the // after its scheme"
	}
	return rest, checkAuthority(rest)
}

// schemeOf returns what stands before the first colon in lower case, or "" if that is no scheme (RFC 3986 section 3.1). ffmpeg knows
// protocols that go on with a comma: for these it is what stands before the comma.
func schemeOf(s string) string {
	i := strings.IndexFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+-.", r))
	})
	if i <= 0 || i > 32 || s[i] != ':' && s[i] != ',' || !(s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z') {
		return ""
	}
	return strings.ToLower(s[:i])
}

func forbidden(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r)
}

// checkAuthority says what is wrong with the part of a URL between "//" and the path, or "".
func checkAuthority(rest string) string {
	authority := rest[:indexAny(rest, "/?#")]
	u, err := url.Parse("x://" + authority)
	if err != nil { // its text quotes the authority, user and password included
		return "has a user, host or port that is not well-formed: characters such as / ? # @ in a password are escaped with %"
	}
	if u.Hostname() == "" {
		return "has no host"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "has port " + port + ": give 1 to 65535"
		}
	}
	return ""
}

// pathSecrets returns the elements of a URL's path that look like keys: those with a colon in them, such as a bot's token, and those with
// a long run of letters and digits mixed. What is secret by its place, as user, password, query and stream key, package ffmpeg knows.
func pathSecrets(rest string) []string {
	path := rest[indexAny(rest, "/?#"):]
	path = path[:indexAny(path, "?#")]
	return slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return !looksSecret(s) })
}

func looksSecret(s string) bool {
	const run = 12 // the last group of a UUID
	if len(s) < run {
		return false
	}
	if strings.ContainsRune(s, ':') || strings.Contains(s, "%3A") || strings.Contains(s, "%3a") {
		return true
	}
	parts := strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for part := range parts {
		if len(part) >= run && strings.ContainsFunc(part, unicode.IsLetter) && strings.ContainsFunc(part, unicode.IsDigit) {
			return true
		}
	}
	return false
}

// urlSubject shows a URL without its secrets.
func urlSubject(s string, secrets []string) string {
	shown := ffmpeg.Redact(s)
	for _, secret := range secrets {
		shown = strings.ReplaceAll(shown, secret, "***")
	}
	return fmt.Sprintf("FromURL(%q)", shown)
}

// indexAny is strings.IndexAny with the length for "nowhere".
func indexAny(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}
