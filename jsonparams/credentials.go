package jsonparams

import "fmt"

// readCredential returns the ICE ufrag or password in v. The error tells its length and what is wrong with it, and never the value: one
// of the two is a secret.
func readCredential(v value, name string, least int) (string, error) {
	if err := v.want(name, kindString); err != nil {
		return "", err
	}
	text := v.text()
	if len(text) < least || len(text) > MaxCredential {
		return "", fmt.Errorf("%s has %d characters, expected %d to %d", name, len(text), least, MaxCredential)
	}
	if i := notICE(text); i >= 0 {
		return "", fmt.Errorf("%s has a character at position %d that ICE does not allow, expected only A-Z a-z 0-9 + /", name, i+1)
	}
	return text, nil
}

// notICE returns the index of the first byte of s that is not an ice-char of RFC 8839 §5.1, and -1 when all are.
func notICE(s string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
		default:
			return i
		}
	}
	return -1
}
