package jsonparams

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// value is the text of one JSON value, without white space around it; the empty text is that of a key which is not there. Its content is
// read when it is asked for: what means nothing to us is never more than a part of the text.
type value string

// kind is the type of a value; in errors it stands behind "is" or "expected".
type kind string

const (
	kindAbsent kind = "missing"
	kindNull   kind = "null"
	kindBool   kind = "true or false"
	kindNumber kind = "a number"
	kindString kind = "a string"
	kindList   kind = "a list"
	kindObject kind = "an object"
)

// parseDocument returns the JSON object that makes up the whole of data. encoding/json checks the syntax; what it would silently repair,
// invalid UTF-8, is refused.
func parseDocument(data string) (object, error) {
	switch {
	case len(data) > MaxDataBytes:
		return nil, fmt.Errorf("it has %d bytes, expected at most %d", len(data), MaxDataBytes)
	case strings.TrimSpace(data) == "":
		return nil, errors.New("it is empty, expected a JSON object")
	case !utf8.ValidString(data):
		return nil, fmt.Errorf("byte %d is not valid UTF-8", invalidUTF8(data)+1)
	}
	var checked json.RawMessage
	if err := json.Unmarshal([]byte(data), &checked); err != nil {
		if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
			return nil, fmt.Errorf("it is not valid JSON at byte %d: %w", syntax.Offset, err)
		}
		return nil, fmt.Errorf("it is not valid JSON: %w", err)
	}
	return (&scanner{text: data}).value().object("it")
}

// invalidUTF8 returns the offset of the first byte of data that does not belong to a UTF-8 sequence.
func invalidUTF8(data string) int {
	for i, r := range data {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(data[i:]); size == 1 {
			return i
		}
	}
	return len(data)
}

// kind tells the type of a value by its first byte.
func (v value) kind() kind {
	if v == "" {
		return kindAbsent
	}
	switch v[0] {
	case 'n':
		return kindNull
	case 't', 'f':
		return kindBool
	case '"':
		return kindString
	case '[':
		return kindList
	case '{':
		return kindObject
	default:
		return kindNumber
	}
}

// want returns nil when v is of kind k, and otherwise an error that calls v name.
func (v value) want(name string, k kind) error {
	if v.kind() == k {
		return nil
	}
	return fmt.Errorf("%s is %s, expected %s", name, v.kind(), k)
}

// none tells whether the value is missing or null.
func (v value) none() bool { return v == "" || v == "null" }

// scalar returns what a string holds or how a number is written: what is a string in one server's answers is a number in another's. The
// result is empty for a value of another kind.
func (v value) scalar() string {
	switch v.kind() {
	case kindNumber:
		return string(v)
	case kindString:
		return v.text()
	}
	return ""
}

// text returns what a string holds, and nothing for a value of another kind.
func (v value) text() string {
	if v.kind() != kindString {
		return ""
	}
	if !strings.Contains(string(v), `\`) {
		return string(v[1 : len(v)-1])
	}
	var text string
	_ = json.Unmarshal([]byte(v), &text) // a valid string, as the check of the whole text found
	return text
}

// is tells whether v is a string or number that reads s, in upper or lower case.
func (v value) is(s string) bool { return v != "" && strings.EqualFold(v.scalar(), s) }

// show is what an error says about a value that may be printed.
func (v value) show() string {
	switch v.kind() {
	case kindString:
		return quote(v.text())
	case kindNumber:
		return clip(string(v))
	case kindBool:
		return string(v)
	default:
		return string(v.kind())
	}
}

// quote makes a foreign text printable on one line and bounds its length.
func quote(s string) string {
	if short := clip(s); short != s {
		return strconv.Quote(short) + "…"
	}
	return strconv.Quote(s)
}

// clip returns the beginning of s, at most 64 bytes.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}
