package rtc

import "time"

// consentLooks is how often the server's consent is looked at in the time after which it is lost.
const consentLooks = 10

// watchConsent breaks a connection off whose server has answered no check for the limit, whatever else it sends (RFC 7675 §5.1). To pion any datagram
// from the server's address is a sign of life, also one that anybody has forged. It counts looks instead of asking the clock, so that a process
// that was stopped for a while first hears what came meanwhile.
func (p *peer) watchConsent(limit time.Duration) {
	ticker := time.NewTicker(limit / consentLooks)
	defer ticker.Stop()
	answers, misses := uint64(0), 0
	for misses < consentLooks {
		select {
		case <-p.broken.done():
			return
		case <-ticker.C:
		}
		misses++
		if pair, ok := p.dtls.ICETransport().GetSelectedCandidatePairStats(); ok && pair.ResponsesReceived != answers {
			answers, misses = pair.ResponsesReceived, 0
		}
	}
	p.logger.Info("the server has answered no check for too long", "limit", limit)
	p.breakOff()
}
