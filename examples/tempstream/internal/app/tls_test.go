package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// writeCertificate puts one of its own into a cache, as if it had been got before.
func writeCertificate(t *testing.T, path, domain string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}

func TestADomainIsServedByHTTPSWithItsCertificate(t *testing.T) {
	cache := t.TempDir()
	pool := writeCertificate(t, filepath.Join(cache, "live.example.org"), "live.example.org")
	a := start(t, settings(t, map[string]string{"TLS_DOMAIN": "live.example.org", "TLS_ADDR": "127.0.0.1:0", "TLS_CACHE": cache}))
	for name, want := range map[string]bool{"live.example.org": true, "other.example.org": false} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name}, ForceAttemptHTTP2: true}}
		got, err := client.Get("https://" + a.secure.Addr().String() + "/healthz")
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			got.Body.Close()
			if got.StatusCode != http.StatusOK || got.ProtoMajor != 2 {
				t.Errorf("%s %s", got.Proto, got.Status)
			}
		}
		client.CloseIdleConnections()
	}
	// A certificate that is not in the cache would be asked for: the cache alone does not show that.
	if newCertificates(a.config).HostPolicy(t.Context(), "other.example.org") == nil {
		t.Error("anybody's domain gets a certificate")
	}
	plain := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer plain.CloseIdleConnections()
	r, err := http.NewRequest(http.MethodGet, "http://"+a.Addr().String()+"/w/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "live.example.org"
	got, err := plain.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	got.Body.Close()
	if got.StatusCode != http.StatusFound || got.Header.Get("Location") != "https://live.example.org/w/x" {
		t.Errorf("by HTTP: %s to %q", got.Status, got.Header.Get("Location"))
	}
}
