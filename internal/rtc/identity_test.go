package rtc

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/internal/leak"
	"gotgcall/jsonparams"
)

func TestEveryIdentityIsFreshAndItsPayloadIsAcceptedByAServer(t *testing.T) {
	leak.Check(t)
	e := newEngine(t, Config{Certificates: 8})
	seen := map[string]bool{}
	for range 50 {
		id, err := e.NewIdentity()
		if err != nil {
			t.Fatal(err)
		}
		p, err := jsonparams.ParseJoinPayload(id.Payload())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{p.Ufrag, p.Pwd, p.Fingerprints[0].Value} {
			if seen[part] {
				t.Errorf("%q was drawn twice", part)
			}
			seen[part] = true
		}
		if group := p.SSRCGroups[0]; p.SSRC != id.Audio || group.Sources[0] != id.Video || group.Sources[1] != id.RTX {
			t.Errorf("the payload announces %d and %v, the identity sends %d, %d and %d", p.SSRC, group, id.Audio, id.Video, id.RTX)
		}
		for _, ssrc := range []uint32{id.Audio, id.Video, id.RTX} {
			if ssrc == 0 || ssrc > 0x7fffffff {
				t.Errorf("SSRC %#x is outside 1…0x7fffffff", ssrc)
			}
		}
		if id.Audio == id.Video || id.Video == id.RTX || id.Audio == id.RTX {
			t.Error("two SSRCs of one identity are equal")
		}
	}
}

// TestSSRCsAreDrawnFromTheWholeRange: those of other bots in the chat are not known, and a counter would meet that of the same bot on another machine.
func TestSSRCsAreDrawnFromTheWholeRange(t *testing.T) {
	const draws = 300
	upper := map[uint32]bool{} // halves, of which there are 32768
	high := 0
	for range draws {
		ssrc := randomSSRC()
		upper[ssrc>>16] = true
		if ssrc >= 1<<30 {
			high++
		}
	}
	if len(upper) < draws-20 || high < draws/4 || high > draws*3/4 {
		t.Errorf("%d draws have %d upper halves, and %d lie in the upper half of the range", draws, len(upper), high)
	}
}

func TestAnIdentityCostsNoDescriptorAndNoLastingGoroutine(t *testing.T) {
	leak.Check(t) // the goroutine that refills the pool ends by itself; Close has not been called when it is looked for
	e := newEngine(t, Config{Certificates: 2})
	for range 20 {
		if _, err := e.NewIdentity(); err != nil {
			t.Fatal(err)
		}
	}
	e.certificates.filling.Wait()
	if n := len(e.certificates.ready); n != 2 {
		t.Errorf("the pool holds %d certificates, expected 2", n)
	}
}

func TestCertificatesAgeOutOfThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		p := newCertificatePool(3)
		p.generate = func() (webrtc.Certificate, error) {
			made.Add(1)
			return generateCertificate()
		}
		take := func() {
			if _, err := p.take(); err != nil {
				t.Fatal(err)
			}
			p.filling.Wait()
		}
		take() // one on demand, three for the pool
		take() // from the pool, which is refilled
		if n := made.Load(); n != 5 {
			t.Errorf("%d certificates were made, expected 5", n)
		}
		time.Sleep(certificateAge + time.Second)
		take() // none is young enough: one on demand, three for the pool
		if n := made.Load(); n != 9 {
			t.Errorf("%d certificates were made after a week, expected 9", n)
		}
		p.close()
	})
}

func TestACertificateThatCannotBeMadeIsAnErrorAndNotAHang(t *testing.T) {
	broken := errors.New("no entropy")
	p := newCertificatePool(3)
	p.generate = func() (webrtc.Certificate, error) { return webrtc.Certificate{}, broken }
	if _, err := p.take(); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	p.close()
}
