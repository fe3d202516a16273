package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// secretBytes are drawn for a token, a cookie or a key; their text has a third more characters.
const secretBytes = 24

// Sum is what the file keeps of a secret.
type Sum [sha256.Size]byte

// newSecret draws a secret. Its text can be part of a URL.
func newSecret() (text string, sum Sum) {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw) // never fails, says its documentation
	text = base64.RawURLEncoding.EncodeToString(raw)
	return text, sha256.Sum256([]byte(text))
}

// SumOf returns the sum of a secret's text, and false for what has not the form of one.
func SumOf(text string) (Sum, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != secretBytes || len(text) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return Sum{}, false
	}
	return sha256.Sum256([]byte(text)), true
}
