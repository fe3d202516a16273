// Package secrets draws the secrets that open something, and knows what of them may be kept.
package secrets

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// size is how many bytes are drawn for a token, a cookie or a key; their text has a third more characters.
const size = 24

// Sum is what is kept of a secret.
type Sum [sha256.Size]byte

// New draws a secret. Its text can be part of a URL.
func New() (text string, sum Sum) {
	raw := make([]byte, size)
	_, _ = rand.Read(raw) // never fails, says its documentation
	text = base64.RawURLEncoding.EncodeToString(raw)
	return text, sha256.Sum256([]byte(text))
}

// SumOf returns the sum of a secret's text, and false for what has not the form of one.
func SumOf(text string) (Sum, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != size || len(text) != base64.RawURLEncoding.EncodedLen(size) {
		return Sum{}, false
	}
	return sha256.Sum256([]byte(text)), true
}
