package rtc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

// certificateAge is how long a certificate may wait in the pool. pion's certificates are valid for a month: after a week's wait there are
// more than three left, longer than any call.
const certificateAge = 7 * 24 * time.Hour

// certificateRest is how long a certificate of the pool must be valid still, by a clock that may have been set meanwhile: a machine may start in 1970
// and learn the date later.
const certificateRest = 7 * 24 * time.Hour

// certificatePool keeps DTLS certificates ready, so that a burst of joins does not wait for key generation.
type certificatePool struct {
	// set at construction
	size     int
	generate func() (webrtc.Certificate, error)

	filling sync.WaitGroup // the goroutine that refills; it exists only while something is missing

	mu       sync.Mutex
	ready    []agedCertificate // oldest first
	refilled bool              // a refill is under way
	closed   bool
}

type agedCertificate struct {
	webrtc.Certificate
	made time.Time
}

// newCertificatePool returns an empty pool; it fills in the background from the first take on. Size 0 generates each certificate on demand.
func newCertificatePool(size int) *certificatePool {
	return &certificatePool{size: size, generate: generateCertificate}
}

// generateCertificate makes a self-signed ECDSA P-256 certificate, what every WebRTC implementation accepts.
func generateCertificate() (webrtc.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return webrtc.Certificate{}, err
	}
	c, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return webrtc.Certificate{}, err
	}
	return *c, nil
}

// take returns a certificate nobody else has.
func (p *certificatePool) take() (webrtc.Certificate, error) {
	p.mu.Lock()
	p.dropOldLocked(time.Now())
	var taken *webrtc.Certificate
	if len(p.ready) > 0 {
		taken = &p.ready[0].Certificate
		p.ready = p.ready[1:]
	}
	if len(p.ready) < p.size && !p.refilled && !p.closed {
		p.refilled = true
		p.filling.Add(1)
		go p.refill()
	}
	p.mu.Unlock()
	if taken != nil {
		return *taken, nil
	}
	return p.generate()
}

// refill generates until the pool is full, then ends. A certificate that cannot be made ends it too: take will meet the same error and
// report it.
func (p *certificatePool) refill() {
	defer p.filling.Done()
	for {
		c, err := p.generate()
		p.mu.Lock()
		if err == nil {
			p.ready = append(p.ready, agedCertificate{c, time.Now()})
		}
		if err != nil || len(p.ready) >= p.size || p.closed {
			p.refilled = false
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}

func (p *certificatePool) dropOldLocked(now time.Time) {
	p.ready = slices.DeleteFunc(p.ready, func(c agedCertificate) bool {
		return now.Sub(c.made) > certificateAge || c.Expires().Sub(now) < certificateRest
	})
}

// close ends the refill and waits for it.
func (p *certificatePool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.filling.Wait()
}
