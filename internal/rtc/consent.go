package rtc

import "time"

// consentLooks is how often the server's consent is looked at in the time after which it is lost.
const consentLooks = 10

// watchConsent breaks a connection off whose server has answered no check for the limit, whatever else it sends (RFC 7675 §5.1). To pion any datagram
// from the server's address is a sign of life, also one that anybody has forged. It counts looks instead of asking the clock, so that a process
// that was stopped for a while first hears what came meanwhile. Between the looks there is a timer and no goroutine; close stops it, or its
// next look ends it.
func (p *peer) watchConsent(limit time.Duration) {
	every := limit / consentLooks
	answers, misses := uint64(0), 0
	p.consent = time.AfterFunc(limit, func() {
		misses++
		if pair, ok := p.dtls.ICETransport().GetSelectedCandidatePairStats(); ok && pair.ResponsesReceived != answers {
			answers, misses = pair.ResponsesReceived, 0
		}
		switch {
		case p.broken.Load():
		case misses < consentLooks:
			p.consent.Reset(every)
		default:
			p.logger.Info("the server has answered no check for too long", "limit", limit)
			p.breakOff()
		}
	})
	p.consent.Reset(every) // now that it has its name
}
