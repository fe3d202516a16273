package ffmpeg

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// mask stands where a secret was.
const mask = "***"

// Redact removes what is usually secret from a text: user names and passwords of URLs, the values (not the names) of their query
// parameters, their fragments, what follows the application in RTMP URLs, and the values of Authorization and Cookie headers.
func Redact(s string) string {
	return cover(s, spansOf(s, false))
}

// RedactArgs is Redact for a program's arguments: it also masks the values of options that carry secrets by their name, such as -headers
// and --password. It returns a copy.
func RedactArgs(args []string) []string {
	return newRedactor(nil).args(args)
}

// RedactAbout is Redact for a text about a program's arguments: it also masks what is secret in them, and the given secrets, wherever and however
// escaped they stand in the text.
func RedactAbout(text string, args, secrets []string) string {
	return newRedactor(append(secretsOf(args), secrets...)).text(text)
}

// redactor is Redact with the secrets of one command.
type redactor struct {
	secrets []string // every form of each
}

func newRedactor(secrets []string) *redactor {
	r := &redactor{}
	for _, s := range secrets {
		r.secrets = append(r.secrets, forms(s)...)
	}
	slices.Sort(r.secrets)
	r.secrets = slices.Compact(r.secrets)
	return r
}

func (r *redactor) text(s string) string {
	return cover(s, append(spansOf(s, false), r.spans(s)...))
}

func (r *redactor) args(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		spans := append(spansOf(a, true), r.spans(a)...)
		out[i] = cover(a, append(spans, optionSpans(args, i)...))
	}
	return out
}

// spans finds the secrets in s, overlapping ones too.
func (r *redactor) spans(s string) []span {
	var out []span
	for _, secret := range r.secrets {
		for from := 0; ; {
			i := strings.Index(s[from:], secret)
			if i < 0 {
				break
			}
			out = append(out, span{from + i, from + i + len(secret)})
			from += i + 1
		}
	}
	return out
}

// span is a part of a string that must not be shown.
type span struct{ from, to int }

// cover masks the spans. They are found in the original text, so that none hides another from being found.
func cover(s string, spans []span) string {
	spans = slices.DeleteFunc(spans, func(p span) bool { return p.from >= p.to || s[p.from:p.to] == mask })
	if len(spans) == 0 {
		return s
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	end := 0
	for i, p := range spans {
		if i == 0 || p.from > end {
			b.WriteString(s[end:p.from])
			b.WriteString(mask)
		}
		end = max(end, p.to)
	}
	b.WriteString(s[end:])
	return b.String()
}

var (
	headerRE = regexp.MustCompile(`(?i)(?:authorization|cookies?)["']?\s*[:=]\s*([^\r\n]+)`)
	// paramRE is a query parameter in a text that is not part of a whole URL, such as the path of a request.
	paramRE = regexp.MustCompile(`[?&][\w.~%\[\]-]+=([^\s&#]+)`)
)

// spansOf finds what is secret by its place; whole is as of urlSpans.
func spansOf(s string, whole bool) []span {
	spans := urlSpans(s, whole)
	for _, re := range []*regexp.Regexp{headerRE, paramRE} {
		for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
			spans = append(spans, trimmed(s, m[2], m[3]))
		}
	}
	return spans
}

// trimmed leaves out quotes and punctuation after a value, which belong to the sentence around it.
func trimmed(s string, from, to int) span {
	return span{from, from + len(strings.TrimRight(s[from:to], `"':,)>]`))}
}
