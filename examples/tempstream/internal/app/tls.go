package app

import (
	"golang.org/x/crypto/acme/autocert"

	"gotgcall/examples/tempstream/internal/config"
)

// newCertificates gets certificates for TLS_DOMAIN from Let's Encrypt, whose terms are accepted by setting it, and keeps them in TLS_CACHE.
func newCertificates(c config.Config) *autocert.Manager {
	return &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(c.TLSDomain), Cache: autocert.DirCache(c.TLSCache)}
}
