package jsonparams

import (
	"fmt"
	"slices"
	"strings"
)

// Fingerprint is the hash of a DTLS certificate, as signalling carries it.
type Fingerprint struct {
	// Hash is the hash function in lower case: sha-256, sha-384 or sha-512.
	Hash string `json:"hash"`
	// Setup is the DTLS role its sender announces: passive in every join payload (we are the DTLS server). In an answer it may be
	// anything or empty, and means nothing (docs/WIRE.md §1).
	Setup string `json:"setup"`
	// Value is the digest in upper-case hexadecimal, its bytes separated by colons: 95 characters for sha-256.
	Value string `json:"fingerprint"`
}

// hashes are the known hash functions and their digest's length in bytes, the strongest first.
var hashes = [...]struct {
	name  string
	bytes int
}{{"sha-512", 64}, {"sha-384", 48}, {"sha-256", 32}}

// hashStrength returns the place of a hash function in hashes, and -1 for one that is not known.
func hashStrength(name string) int {
	for i, h := range hashes {
		if h.name == name {
			return i
		}
	}
	return -1
}

// readFingerprints returns the fingerprints of known hashes, each at most once and in order. A known hash with a malformed digest is an
// error: going on with a weaker one would be a downgrade.
func readFingerprints(v value, name string) ([]Fingerprint, error) {
	if err := v.want(name, kindList); err != nil {
		return nil, err
	}
	var known []Fingerprint
	var unknown []string
	for i, item := range v.list() {
		fields, err := item.object("it")
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", name, i, err)
		}
		hash := strings.ToLower(fields["hash"].text())
		strength := hashStrength(hash)
		if strength < 0 {
			unknown = append(unknown, fields["hash"].show())
			continue
		}
		digest, err := readDigest(fields["fingerprint"], fmt.Sprintf("%s[%d].fingerprint", name, i), strength)
		if err != nil {
			return nil, err
		}
		f := Fingerprint{Hash: hash, Setup: readSetup(fields["setup"]), Value: digest}
		if !slices.Contains(known, f) {
			known = append(known, f)
		}
	}
	switch {
	case len(known) > 0:
		return known, nil
	case len(unknown) > 0:
		return nil, fmt.Errorf("%s has only unknown hashes (%s), expected sha-256, sha-384 or sha-512", name, some(unknown))
	default:
		return nil, fmt.Errorf("%s is an empty list, expected at least a sha-256 one", name)
	}
}

// readDigest returns a digest of hashes[strength] in upper case: pairs of hexadecimal digits, separated by colons.
func readDigest(v value, name string, strength int) (string, error) {
	if err := v.want(name, kindString); err != nil {
		return "", err
	}
	hash, text := hashes[strength], v.text()
	problem := ""
	if length := 3*hash.bytes - 1; len(text) != length {
		problem = fmt.Sprintf("has %d characters instead of %d", len(text), length)
	} else if i := notDigest(text); i >= 0 {
		problem = fmt.Sprintf("is wrong at position %d", i+1)
	}
	if problem != "" {
		return "", fmt.Errorf("%s %s %s, expected the %d bytes of a %s as XX:XX:…", name, v.show(), problem, hash.bytes, hash.name)
	}
	return strings.ToUpper(text), nil
}

// notDigest returns the index of the first byte of s that is neither a hexadecimal digit nor, at each third place, a colon; -1 when all are.
func notDigest(s string) int {
	for i := range len(s) {
		if i%3 == 2 && s[i] != ':' || i%3 != 2 && !isHex(s[i]) {
			return i
		}
	}
	return -1
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// readSetup returns one of the roles of RFC 4145, or nothing.
func readSetup(v value) string {
	switch setup := v.text(); setup {
	case "active", "passive", "actpass", "holdconn":
		return setup
	}
	return ""
}
