package sfutest

import (
	"fmt"
	"slices"
	"time"

	"gotgcall/models"
)

// SRTPProfiles are the SRTP protection profiles the server offers in its ClientHello.
type SRTPProfiles uint8

// What a server may offer.
const (
	SRTPBoth    SRTPProfiles = iota // AEAD_AES_128_GCM, then AES128_CM_HMAC_SHA1_80: the default
	SRTPOnlyGCM                     // AEAD_AES_128_GCM, as official clients do
	SRTPOnlyCM                      // AES128_CM_HMAC_SHA1_80
)

// WithICEMode sets how the server behaves as an ICE agent; default: [ICEFull].
func WithICEMode(m ICEMode) Option {
	return func(c *config) error {
		if m > ICEAggressive {
			return fmt.Errorf("%w: ICE mode %d, expected one of the ICE constants", models.ErrInvalidParams, m)
		}
		c.iceMode = m
		return nil
	}
}

// WithSlowStart has each endpoint ignore the client's checks for so long after the first of them; default 0. For a server whose port is
// closed meanwhile, see [Server.SetOffline].
func WithSlowStart(d time.Duration) Option {
	return notNegative("slow start", d, func(c *config) { c.slowStart = d })
}

// WithConsent sets the interval of the server's consent checks, drawn anew between least and most, and how long they may stay
// unanswered before the endpoint ends with ErrConsentLost. It defaults to 5 to 15 seconds and 30 seconds. A lite server never checks and
// applies the timeout to the client's own checks.
func WithConsent(least, most, timeout time.Duration) Option {
	return func(c *config) error {
		if least <= 0 || most < least || timeout <= 0 {
			return fmt.Errorf("%w: consent every %v to %v with a timeout of %v, expected 0 < least ≤ most and a timeout above 0",
				models.ErrInvalidParams, least, most, timeout)
		}
		c.consentMin, c.consentMax, c.consentTimeout = least, most, timeout
		return nil
	}
}

// WithSRTP sets the SRTP profiles offered; default: [SRTPBoth].
func WithSRTP(p SRTPProfiles) Option {
	return func(c *config) error {
		if p > SRTPOnlyCM {
			return fmt.Errorf("%w: SRTP profiles %d, expected one of the SRTP constants", models.ErrInvalidParams, p)
		}
		c.srtp = p
		return nil
	}
}

// WithHashes sets the hash functions of the fingerprints that the answer announces, in this order: sha-256, sha-384, sha-512. Default:
// sha-256.
func WithHashes(names ...string) Option {
	return func(c *config) error {
		if len(names) == 0 {
			return fmt.Errorf("%w: no hash to announce, expected sha-256, sha-384 or sha-512", models.ErrInvalidParams)
		}
		if err := knownHashes(names); err != nil {
			return err
		}
		c.hashes = slices.Clone(names)
		return nil
	}
}

// WithWrongHashes has the answer announce digests of another certificate for these hash functions, which are announced too if
// [WithHashes] does not name them: a right sha-256 beside a wrong sha-512, for instance. A client must not send media to such a server.
func WithWrongHashes(names ...string) Option {
	return func(c *config) error {
		if err := knownHashes(names); err != nil {
			return err
		}
		c.wrongHashes = slices.Clone(names)
		return nil
	}
}

func knownHashes(names []string) error {
	for _, n := range names {
		if _, ok := digests[n]; !ok {
			return fmt.Errorf("%w: hash %q, expected sha-256, sha-384 or sha-512", models.ErrInvalidParams, n)
		}
	}
	return nil
}

// WithForeignCertificate has the server present another certificate than the one its answer announces, under every hash.
func WithForeignCertificate() Option {
	return func(c *config) error {
		c.foreignCertificate = true
		return nil
	}
}

// WithDTLSStall has the server stop in the middle of the DTLS handshake: after so many datagrams of its own it sends no more DTLS. 0
// stalls before the ClientHello.
func WithDTLSStall(datagrams int) Option {
	return func(c *config) error {
		if datagrams < 0 {
			return fmt.Errorf("%w: DTLS stall after %d datagrams, expected 0 or more", models.ErrInvalidParams, datagrams)
		}
		c.dtlsStall = datagrams
		return nil
	}
}
