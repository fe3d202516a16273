package ffmpeg

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes a program's text fit for a log: valid UTF-8, no control characters but line feeds, which carriage returns become.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r':
			return '\n'
		case r == '\t':
			return ' '
		case r == utf8.RuneError || unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// tail makes of the last bytes a program wrote the text that is shown of them. When something before them was dropped they may begin in
// the middle of a secret: they are shown from the next line, or from the next word if there is no line.
func (r *redactor) tail(raw []byte, cut bool) string {
	text := clean(string(raw))
	if cut {
		text = r.afterCut(text)
	}
	text = joinLines(r.text(text))
	if len(text) > shownSize {
		text = joinLines(r.afterCut(text[len(text)-shownSize:]))
	}
	return text
}

// afterCut drops an incomplete first line, or an incomplete first word.
func (r *redactor) afterCut(text string) string {
	if _, rest, ok := strings.Cut(text, "\n"); ok && strings.TrimSpace(rest) != "" {
		return rest
	}
	i := strings.IndexFunc(text, unicode.IsSpace)
	if i < 0 {
		return ""
	}
	return text[i+r.leftover(text[i:]):]
}

// leftover returns the length of the longest end of a secret that text begins with: of one with spaces in it.
func (r *redactor) leftover(text string) int {
	longest := 0
	for _, secret := range r.secrets {
		for i := range secret {
			if n := len(secret) - i; n > longest && strings.HasPrefix(text, secret[i:]) {
				longest = n
			}
		}
	}
	return longest
}

// joinLines drops empty lines and trailing spaces.
func joinLines(text string) string {
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' }) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
