package rtc

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// Identity is what a call announces of itself in its join payload: ICE credentials, DTLS certificate and SSRCs. Every join takes a fresh
// one (docs/WIRE.md §1).
type Identity struct {
	Ufrag, Pwd        string
	Audio, Video, RTX uint32 // SSRCs, 1…0x7fffffff, all different
	certificate       webrtc.Certificate
	fingerprint       string // SHA-256, upper-case hex with colons
}

// iceChars are the characters of ICE credentials (RFC 8839 §5.4: ice-char). There are 64, so a random byte maps to one without bias.
const iceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

const (
	ufragLength = 8  // 48 bits; RFC 8839 §5.4 asks for at least 24
	pwdLength   = 32 // 192 bits; RFC 8839 §5.4 asks for at least 128
)

// NewIdentity draws a fresh identity. The certificate comes from the pool when it has one.
func (e *Engine) NewIdentity() (*Identity, error) {
	certificate, err := e.certificates.take()
	if err != nil {
		return nil, fmt.Errorf("%w: drawing a DTLS certificate: %w", models.ErrInternal, err)
	}
	fingerprint, err := sha256Fingerprint(certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: fingerprint of the DTLS certificate: %w", models.ErrInternal, err)
	}
	id := &Identity{
		Ufrag:       randomICEString(ufragLength),
		Pwd:         randomICEString(pwdLength),
		certificate: certificate,
		fingerprint: fingerprint,
	}
	id.Audio = randomSSRC()
	id.Video = randomSSRC(id.Audio)
	id.RTX = randomSSRC(id.Audio, id.Video)
	return id, nil
}

// Payload returns the join payload that announces the identity. Video is always declared: a later switch to video then needs no rejoin.
func (id *Identity) Payload() string {
	return jsonparams.JoinPayload{
		SSRC:  id.Audio,
		Ufrag: id.Ufrag,
		Pwd:   id.Pwd,
		Fingerprints: []jsonparams.Fingerprint{
			{Hash: "sha-256", Setup: "passive", Value: id.fingerprint},
		},
		SSRCGroups: []jsonparams.SSRCGroup{
			{Semantics: "FID", Sources: []uint32{id.Video, id.RTX}},
		},
	}.Marshal()
}

func sha256Fingerprint(c webrtc.Certificate) (string, error) {
	fingerprints, err := c.GetFingerprints()
	if err != nil {
		return "", err
	}
	for _, f := range fingerprints {
		if strings.EqualFold(f.Algorithm, "sha-256") {
			return strings.ToUpper(f.Value), nil
		}
	}
	return "", fmt.Errorf("no sha-256 among %d fingerprints", len(fingerprints))
}

func randomICEString(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails since Go 1.24
	for i := range b {
		b[i] = iceChars[b[i]%64]
	}
	return string(b)
}

// randomSSRC draws from 1…0x7fffffff, as official clients do: then the sign of Telegram's int32 never matters.
func randomSSRC(taken ...uint32) uint32 {
draw:
	for {
		var b [4]byte
		rand.Read(b[:])
		ssrc := binary.BigEndian.Uint32(b[:]) & 0x7fffffff
		if ssrc == 0 {
			continue
		}
		for _, t := range taken {
			if ssrc == t {
				continue draw
			}
		}
		return ssrc
	}
}
