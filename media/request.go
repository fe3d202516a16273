package media

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"gotgcall/models"
)

// Limits of what a HTTP request may carry, in bytes. Servers refuse much more than that.
const (
	maxHeaders   = 16 << 10
	maxUserAgent = 1 << 10
)

// transferHeaders are written by ffmpeg itself, for the host and the part that each request is for.
var transferHeaders = []string{"connection", "content-length", "host", "range", "te", "trailer", "transfer-encoding", "upgrade"}

// requestFlags are ffmpeg's flags for HTTP requests. ffmpeg hands them on to the parts of a playlist, and a header of the program's own is
// sent instead of the one that a flag stands for.
func (o EncodeOptions) requestFlags() []string {
	var flags []string
	if len(o.Headers) > 0 {
		var lines strings.Builder
		for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
			lines.WriteString(name + ": " + o.Headers[name] + "\r\n")
		}
		flags = append(flags, "-headers", lines.String())
	}
	if o.UserAgent != "" {
		flags = append(flags, "-user_agent", o.UserAgent)
	}
	if pairs := cookiePairs(o.Cookies); len(pairs) > 0 {
		// A cookie without a domain is sent to every host, one without a path to none.
		flags = append(flags, "-cookies", strings.Join(pairs, "; path=/\n")+"; path=/")
	}
	if u, err := url.Parse(o.Proxy); err == nil && o.Proxy != "" {
		// ffmpeg compares the scheme as it stands.
		flags = append(flags, "-http_proxy", (&url.URL{Scheme: "http", User: u.User, Host: u.Host}).String())
	}
	return flags
}

// requestSecrets are the parts of the flags that must not be shown. Very short ones are everywhere in a text; they are masked where they stand.
func (o EncodeOptions) requestSecrets() []string {
	var secrets []string
	for _, value := range o.Headers {
		secrets = append(secrets, value)
		if _, credentials, ok := strings.Cut(value, " "); ok { // Bearer abc
			secrets = append(secrets, strings.TrimSpace(credentials))
		}
	}
	for _, pair := range cookiePairs(o.Cookies) {
		_, value, _ := strings.Cut(pair, "=")
		secrets = append(secrets, value)
	}
	if u, err := url.Parse(o.Proxy); err == nil {
		password, _ := u.User.Password()
		secrets = append(secrets, password)
	}
	const short = 4
	return slices.DeleteFunc(secrets, func(s string) bool { return len(s) < short })
}

// cookiePairs takes "a=1; b=2" apart.
func cookiePairs(cookies string) []string {
	var pairs []string
	for pair := range strings.SplitSeq(cookies, ";") {
		if pair = strings.TrimSpace(pair); pair != "" {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// validateRequest checks what goes into HTTP requests. Its errors show no values, which are secret, and no names that are not well-formed:
// these may be a whole header.
func (o EncodeOptions) validateRequest() error {
	for _, problem := range []struct{ field, text string }{
		{"Headers", headersProblem(o.Headers)},
		{"UserAgent", userAgentProblem(o.UserAgent)},
		{"Cookies", cookiesProblem(o.Cookies)},
		{"Proxy", proxyProblem(o.Proxy)},
	} {
		if problem.text != "" {
			return fmt.Errorf("%w: EncodeOptions.%s %s", models.ErrInvalidParams, problem.field, problem.text)
		}
	}
	return nil
}

// headersProblem says what is wrong with headers, or "".
func headersProblem(headers map[string]string) string {
	size := 0
	seen := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value := headers[name]
		if name == "" {
			return "has an empty name: give names such as Authorization"
		}
		if i := strings.IndexFunc(name, notToken); i >= 0 {
			return fmt.Sprintf("has a name with the character %q at byte %d: give letters, digits and - only, without the colon", name[i], i)
		}
		lower := strings.ToLower(name)
		switch i := strings.IndexFunc(value, notInLine); {
		case slices.Contains(transferHeaders, lower):
			return fmt.Sprintf("has %s, which belongs to the transfer: leave it out", name)
		case seen[lower]:
			return fmt.Sprintf("has %s twice, in different case: leave one", name)
		case i >= 0:
			return fmt.Sprintf("has %s with the control character %q at byte %d of its value: give one line", name, value[i], i)
		}
		seen[lower] = true
		size += len(name) + len(value) + len(": \r\n")
	}
	if size > maxHeaders {
		return fmt.Sprintf("has %d bytes: give %d at most", size, maxHeaders)
	}
	return ""
}

func userAgentProblem(agent string) string {
	if i := strings.IndexFunc(agent, notInLine); i >= 0 {
		return fmt.Sprintf("is %q, with a control character at byte %d: give one line", agent, i)
	}
	if len(agent) > maxUserAgent {
		return fmt.Sprintf("has %d bytes: give %d at most", len(agent), maxUserAgent)
	}
	return ""
}

func cookiesProblem(cookies string) string {
	if i := strings.IndexFunc(cookies, notInLine); i >= 0 {
		return fmt.Sprintf("has the control character %q at byte %d: give one line such as \"a=1; b=2\"", cookies[i], i)
	}
	if len(cookies) > maxHeaders {
		return fmt.Sprintf("has %d bytes: give %d at most", len(cookies), maxHeaders)
	}
	for i, pair := range cookiePairs(cookies) {
		name, _, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.ContainsFunc(name, notToken) {
			return fmt.Sprintf("is not well-formed in its part %d: give pairs such as \"a=1; b=2\"", i+1)
		}
	}
	return ""
}

func proxyProblem(proxy string) string {
	const form = `give "http://host:port" or "http://user:password@host:port"`
	if proxy == "" {
		return ""
	}
	scheme := schemeOf(proxy)
	rest, problem := "", ""
	if scheme != "" {
		rest, problem = splitURL(scheme, proxy)
	}
	switch {
	case scheme == "":
		return "has no scheme: " + form
	case scheme != "http":
		return fmt.Sprintf("has the scheme %q, but ffmpeg knows proxies of HTTP only: %s", scheme, form)
	case problem != "":
		return problem
	case strings.Trim(rest[indexAny(rest, "/?#"):], "/") != "":
		return "has more than a host and a port: " + form
	}
	return ""
}

// notToken reports what a header's name cannot contain (RFC 9110 section 5.6.2).
func notToken(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
}

// notInLine reports what a header's value cannot contain (RFC 9110 section 5.5).
func notInLine(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
