package media

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// operators are words, and redirections beginnings of words, that mean something to a shell only.
var (
	operators    = []string{"|", "||", "|&", "&&", "&", ";", "<"}
	redirections = []string{">", "1>", "2>", "&>"}
)

// split divides a command line into words by the quoting rules of POSIX (Shell Command Language, 2.2), and expands nothing.
func split(line string) ([]string, error) {
	if strings.ContainsRune(line, 0) {
		return nil, errors.New("the command contains a NUL byte, which no argument can")
	}
	var words []string
	s := splitter{rest: line}
	for {
		word, ok, err := s.word()
		if err != nil {
			return nil, err
		}
		if !ok {
			return words, nil
		}
		words = append(words, word)
	}
}

// splitter takes words off the front of rest.
type splitter struct {
	rest string
}

const blanks = " \t\r\n"

// word returns the next word, and false at the end.
func (s *splitter) word() (string, bool, error) {
	s.skip()
	if s.rest == "" {
		return "", false, nil
	}
	var b strings.Builder
	quoted := false
	for s.rest != "" && !strings.ContainsRune(blanks, rune(s.rest[0])) {
		c := s.rest[0]
		switch c {
		case '\'', '"', '\\':
			quoted = true
			s.rest = s.rest[1:]
			if err := s.quoted(c, &b); err != nil {
				return "", false, err
			}
		default:
			b.WriteByte(c)
			s.rest = s.rest[1:]
		}
	}
	word := b.String()
	if !quoted && isOperator(word) {
		return "", false, fmt.Errorf("%q has no meaning, as no shell runs: quote it if it is an argument, or give the whole command to one: sh -c '…'",
			word)
	}
	return word, true, nil
}

// skip goes over blanks and line continuations.
func (s *splitter) skip() {
	for {
		s.rest = strings.TrimLeft(s.rest, blanks)
		n := continuation(s.rest)
		if n == 0 {
			return
		}
		s.rest = s.rest[n:]
	}
}

// continuation returns the length of a backslash with the line ending it removes, or 0.
func continuation(s string) int {
	switch {
	case strings.HasPrefix(s, "\\\n"):
		return 2
	case strings.HasPrefix(s, "\\\r\n"):
		return 3
	}
	return 0
}

// quoted takes what follows an opening quote or a backslash.
func (s *splitter) quoted(by byte, b *strings.Builder) error {
	switch by {
	case '\\':
		if s.rest == "" {
			return errors.New("the command ends with a lone backslash: write two for one, or remove it")
		}
		if n := continuation("\\" + s.rest); n > 0 {
			s.rest = s.rest[n-1:]
			return nil
		}
		b.WriteByte(s.rest[0])
		s.rest = s.rest[1:]
		return nil
	case '\'':
		text, rest, ok := strings.Cut(s.rest, "'")
		if !ok {
			return errors.New("a single quote (') is not closed: write an apostrophe as \\' or within double quotes")
		}
		b.WriteString(text)
		s.rest = rest
		return nil
	}
	return s.doubleQuoted(b)
}

// doubleQuoted takes the rest of a word part in double quotes, in which a backslash escapes $ ` " \ only and removes a line ending.
func (s *splitter) doubleQuoted(b *strings.Builder) error {
	for s.rest != "" {
		c := s.rest[0]
		if n := continuation(s.rest); n > 0 {
			s.rest = s.rest[n:]
			continue
		}
		s.rest = s.rest[1:]
		switch {
		case c == '"':
			return nil
		case c == '\\' && s.rest != "" && strings.ContainsRune("$`\"\\", rune(s.rest[0])):
			c = s.rest[0]
			s.rest = s.rest[1:]
		}
		b.WriteByte(c)
	}
	return errors.New(`a double quote (") is not closed: write it as \" if it is part of a word`)
}

func isOperator(word string) bool {
	return slices.Contains(operators, word) ||
		slices.ContainsFunc(redirections, func(p string) bool { return strings.HasPrefix(word, p) })
}
