package rtc

import (
	"net"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// repeatGap is between something that is sent and its first repetition: so long that a short gap in the network does not take both. The second one comes
// after another two of them, before the server would repeat what it is an answer to.
const repeatGap = 20 * time.Millisecond

// repeat sends something another two times.
func repeat(send func()) {
	time.AfterFunc(repeatGap, send)
	time.AfterFunc(3*repeatGap, send)
}

// checked takes note of a check of the server, which pion has answered. Its result tells pion that the pair is not to be selected because of it.
func (p *peer) checked(m *stun.Message, _, remote ice.Candidate, pair *ice.CandidatePair) bool {
	if m.Contains(stun.AttrICEControlling) {
		p.governed.Store(true)
	}
	if m.Contains(stun.AttrUseCandidate) {
		p.nominated.Store(true)
	}
	if !p.connected.Load() {
		p.answerAgain(m, remote, pair)
	}
	return false
}

// answerAgain repeats pion's answer to a check, twice. Two checks in a row have to be answered until a pair is nominated, and the server repeats one whose
// answer was lost at intervals that double (docs/WIRE.md §3).
func (p *peer) answerAgain(m *stun.Message, remote ice.Candidate, pair *ice.CandidatePair) {
	answer, err := stun.Build(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: net.ParseIP(remote.Address()), Port: remote.Port()},
		stun.NewShortTermIntegrity(p.pwd), stun.Fingerprint)
	if err != nil {
		p.logger.Debug("repeating the answer to a check", "error", err)
		return
	}
	repeat(func() {
		if !p.broken.Load() {
			_, _ = pair.Write(answer.Raw) // it may be lost like the first
		}
	})
}
