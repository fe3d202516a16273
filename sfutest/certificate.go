package sfutest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	_ "crypto/sha256" // for digests
	_ "crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

const certificateLife = 10 * 365 * 24 * time.Hour // longer than any test

// digests are the hash functions of fingerprints by their names in SDP.
var digests = map[string]crypto.Hash{"sha-256": crypto.SHA256, "sha-384": crypto.SHA384, "sha-512": crypto.SHA512}

// certificates are those of a server: what it presents, and what it announces.
type certificates struct {
	presented tls.Certificate
	announced map[string]string // digest by hash, for every hash the answer names
	order     []string          // of the hashes in the answer
}

func newCertificates(cfg *config) (c certificates, err error) {
	if c.presented, err = newCertificate(); err != nil {
		return c, err
	}
	other, err := newCertificate()
	if err != nil {
		return c, err
	}
	c.announced = map[string]string{}
	for _, hash := range slices.Concat(cfg.hashes, cfg.wrongHashes) {
		if _, ok := c.announced[hash]; ok && !slices.Contains(cfg.wrongHashes, hash) {
			continue
		} else if !ok {
			c.order = append(c.order, hash)
		}
		cert := c.presented
		if cfg.foreignCertificate || slices.Contains(cfg.wrongHashes, hash) {
			cert = other
		}
		c.announced[hash] = fingerprint(hash, cert.Certificate[0])
	}
	return c, nil
}

// newCertificate makes a self-signed one, as every DTLS peer of WebRTC has.
func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sfutest: making a key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "sfutest"},
		NotBefore:    now.Add(-24 * time.Hour), // clients' clocks may be behind
		NotAfter:     now.Add(certificateLife),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sfutest: making a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// fingerprint returns the digest of a certificate as RFC 8122 §5 writes it.
func fingerprint(hash string, der []byte) string {
	h := digests[hash].New()
	_, _ = h.Write(der) // never fails
	parts := make([]string, 0, h.Size())
	for _, b := range h.Sum(nil) {
		parts = append(parts, fmt.Sprintf("%02X", b))
	}
	return strings.Join(parts, ":")
}
