package rtc

import (
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/pion/dtls/v3/pkg/crypto/fingerprint"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// verify compares the server's certificate with every hash its answer announced. pion has checked the strongest in the handshake.
func (p *peer) verify(announced []jsonparams.Fingerprint) error {
	der := p.dtls.GetRemoteCertificate()
	if len(der) == 0 {
		return nil // the handshake did not come as far
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("%w: the certificate does not parse: %w", models.ErrFingerprint, err)
	}
	for _, f := range announced {
		hash, err := fingerprint.HashFromString(f.Hash)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", models.ErrFingerprint, f.Hash, err)
		}
		value, err := fingerprint.Fingerprint(certificate, hash)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", models.ErrFingerprint, f.Hash, err)
		}
		if !strings.EqualFold(value, f.Value) {
			return fmt.Errorf("%w: %s announced as %s, but it is %s: somebody answers in the server's place, or the answer belongs "+
				"to another join; join again", models.ErrFingerprint, f.Hash, f.Value, value)
		}
	}
	return nil
}
