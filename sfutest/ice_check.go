package sfutest

import (
	"encoding/binary"
	"time"

	"github.com/pion/stun/v4"
)

// startCheck makes a check; tick sends it.
func (a *iceAgent) startCheck(pair *icePair, nominate bool, now time.Time) {
	id := stun.NewTransactionID()
	setters := []stun.Setter{
		a.checkUsername, rawAttribute{stun.AttrPriority, binary.BigEndian.AppendUint32(nil, checkPriority)},
		rawAttribute{stun.AttrICEControlling, binary.BigEndian.AppendUint64(nil, a.tieBreaker)},
	}
	if nominate {
		setters = append(setters, rawAttribute{stun.AttrUseCandidate, nil})
	}
	setters = append(setters, stun.NewShortTermIntegrity(a.remotePwd))
	pair.check = &iceCheck{id: id, raw: a.build(id, stun.BindingRequest, setters...), nominate: nominate, due: now}
}

// tick sends what is due, and tells when it has to be called again and whether the client's consent is lost. A zero time means that
// nothing is due.
func (a *iceAgent) tick(now time.Time) (out []outgoing, next time.Time, lost bool) {
	if a.deaf {
		return nil, time.Time{}, false
	}
	if a.selected != nil {
		if !now.Before(a.deadline()) {
			return nil, time.Time{}, true
		}
		a.checkConsent(now)
		next = a.deadline()
	}
	for _, pair := range a.pairs {
		if b := pair.send(now); b != nil {
			out = append(out, outgoing{pair.path, b})
		}
		if pair.check != nil {
			next = earliest(next, pair.check.due)
		}
	}
	if a.selected != nil && a.mode != ICELite && a.selected.check == nil {
		next = earliest(next, maxTime(a.consentDue, now))
	}
	return out, next, false
}

// checkConsent begins the consent check that is due. One that is given up unanswered is followed by another at once.
func (a *iceAgent) checkConsent(now time.Time) {
	if a.mode == ICELite || a.selected.check != nil || now.Before(a.consentDue) {
		return
	}
	if a.unanswered.IsZero() {
		a.unanswered = now
	}
	a.startCheck(a.selected, false, now)
}

// send returns the check that is due to be sent, and gives up one that was sent often enough: a later check of the client begins
// another.
func (p *icePair) send(now time.Time) []byte {
	c := p.check
	if c == nil || now.Before(c.due) {
		return nil
	}
	if c.sends == maxSends {
		p.check = nil
		return nil
	}
	c.due = now.Add(min(firstRTO<<c.sends, maxRTO))
	c.sends++
	return c.raw
}

// deadline is when the client's consent ends unless something is heard from it.
func (a *iceAgent) deadline() time.Time {
	switch {
	case a.mode == ICELite:
		return a.lastHeard.Add(a.consentTimeout)
	case a.unanswered.IsZero():
		return a.consentDue.Add(a.consentTimeout)
	}
	return a.unanswered.Add(a.consentTimeout)
}

// build makes a message; FINGERPRINT is always its last attribute.
func (a *iceAgent) build(id [stun.TransactionIDSize]byte, t stun.MessageType, setters ...stun.Setter) []byte {
	m := stun.New()
	m.TransactionID = id
	m.SetType(t)
	m.WriteHeader()
	for _, s := range append(setters, stun.Fingerprint) {
		_ = s.AddTo(m) // only values too long for an attribute fail, and none of ours is
	}
	return m.Raw
}

// rawAttribute is an attribute whose value is ready.
type rawAttribute struct {
	t     stun.AttrType
	value []byte
}

// AddTo implements stun.Setter.
func (r rawAttribute) AddTo(m *stun.Message) error {
	m.Add(r.t, r.value)
	return nil
}
