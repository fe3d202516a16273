package jsonparams

import "fmt"

// object holds the values of a JSON object by key.
type object map[string]value

// object returns the values of a JSON object; name is what errors call it. A key that stands twice is refused: encoding/json takes the
// last of the two and other readers the first.
func (v value) object(name string) (object, error) {
	if err := v.want(name, kindObject); err != nil {
		return nil, err
	}
	fields := make(object)
	for s := v.inside(); s.next() != '}'; s.skip(',') {
		key := s.value().text()
		if _, twice := fields[key]; twice {
			return nil, fmt.Errorf("%s has the key %s twice", name, quote(key))
		}
		s.skip(':')
		fields[key] = s.value()
	}
	return fields, nil
}

// list returns the values of a JSON list, and nothing for a value of another kind.
func (v value) list() []value {
	if v.kind() != kindList {
		return nil
	}
	var items []value
	for s := v.inside(); s.next() != ']'; s.skip(',') {
		items = append(items, s.value())
	}
	return items
}

// inside returns a scanner that stands behind the opening bracket.
func (v value) inside() scanner { return scanner{text: string(v), at: 1} }

// scanner finds where the values in a text end. The text is known to be valid JSON, so it has nothing to check and meets no end of the
// text inside of a value.
type scanner struct {
	text string
	at   int // the byte to be read next
}

// next returns the next byte that is not white space, and leaves it to be read.
func (s *scanner) next() byte {
	for isSpace(s.text[s.at]) {
		s.at++
	}
	return s.text[s.at]
}

// skip reads over c when it is what comes next.
func (s *scanner) skip(c byte) {
	if s.next() == c {
		s.at++
	}
}

// value reads the next value.
func (s *scanner) value() value {
	first := s.next()
	start := s.at
	switch first {
	case '"':
		s.endOfString()
	case '[', '{':
		s.endOfBrackets()
	default:
		for s.at < len(s.text) && !isDelimiter(s.text[s.at]) {
			s.at++
		}
	}
	return value(s.text[start:s.at])
}

func (s *scanner) endOfString() {
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

func (s *scanner) endOfBrackets() {
	for depth := 0; ; {
		switch s.text[s.at] {
		case '"':
			s.endOfString()
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		s.at++
		if depth == 0 {
			return
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isDelimiter(c byte) bool { return c == ',' || c == ']' || c == '}' || isSpace(c) }
