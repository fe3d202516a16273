package sfutest

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pion/stun/v4"
)

// ICEMode is how the server behaves as an ICE agent.
type ICEMode uint8

const (
	// ICEFull is the default and production's way: a full, controlling agent. It learns the client's address from an authenticated check
	// only, checks back, and nominates by a second check. A client that also controls gets a 487 without MESSAGE-INTEGRITY, and its
	// check teaches the server nothing.
	ICEFull ICEMode = iota
	// ICEFullSigned is ICEFull with a 487 as RFC 8445 wants it, with MESSAGE-INTEGRITY.
	ICEFullSigned
	// ICELite never checks and is always controlled: it waits for a client that controls and nominates. A controlled client never
	// connects.
	ICELite
	// ICEAggressive is ICEFull that nominates with its very first check.
	ICEAggressive
)

const (
	firstRTO      = 100 * time.Millisecond // of a check, doubled each time; ice4j's numbers
	maxRTO        = 1600 * time.Millisecond
	maxSends      = 7                        // of one check
	maxPairs      = 16                       // addresses of one client
	checkPriority = 110<<24 | 65535<<8 | 255 // of a peer-reflexive candidate, RFC 8445 §5.1.2.1
)

// outgoing is a datagram on its way out.
type outgoing struct {
	path path
	b    []byte
}

// iceAgent is the ICE side of one endpoint: a pure function of what arrives and the time, except for the randomness of its transaction
// ids. Its owner guards it.
type iceAgent struct {
	// Set at construction.
	mode                    ICEMode
	localUfrag, localPwd    string
	remoteUfrag, remotePwd  string
	slowStart               time.Duration // nothing is answered for so long after the first check
	consentMin, consentMax  time.Duration
	consentTimeout          time.Duration
	rng                     *rand.Rand
	tieBreaker              uint64
	username, checkUsername stun.Username

	first      time.Time // arrival of the first authenticated check
	lastHeard  time.Time // of anything authenticated
	pairs      []*icePair
	selected   *icePair
	consentDue time.Time // of the next consent check
	unanswered time.Time // since when consent checks are without an answer; zero: they are answered
	deaf       bool      // nothing is answered and checked any more
}

// icePair is one address of the client, and the check that is under way with it.
type icePair struct {
	path  path
	valid bool // a check was answered
	check *iceCheck
}

type iceCheck struct {
	id       [stun.TransactionIDSize]byte
	raw      []byte
	nominate bool
	sends    int
	due      time.Time // of the next send, or of giving up
}

func newICEAgent(cfg *config, rng *rand.Rand, localUfrag, localPwd, remoteUfrag, remotePwd string) *iceAgent {
	return &iceAgent{
		mode: cfg.iceMode, slowStart: cfg.slowStart,
		consentMin: cfg.consentMin, consentMax: cfg.consentMax, consentTimeout: cfg.consentTimeout,
		localUfrag: localUfrag, localPwd: localPwd, remoteUfrag: remoteUfrag, remotePwd: remotePwd,
		username: stun.NewUsername(localUfrag + ":" + remoteUfrag), checkUsername: stun.NewUsername(remoteUfrag + ":" + localUfrag),
		rng: rng, tieBreaker: ^uint64(0), // never less than a client's: the server stays controlling
	}
}

// authentic tells whether a request is for this agent and was made by its client.
func (a *iceAgent) authentic(m *stun.Message) bool {
	name, err := m.Get(stun.AttrUsername)
	return err == nil && string(name) == string(a.username) && stun.NewShortTermIntegrity(a.localPwd).Check(m) == nil
}

// request answers an authentic binding request. It tells whether the path belongs to the client now.
func (a *iceAgent) request(p path, m *stun.Message, now time.Time) (out []outgoing, learned bool) {
	if a.first.IsZero() {
		a.first = now
	}
	if a.deaf || now.Sub(a.first) < a.slowStart {
		return nil, false
	}
	if a.mode != ICELite && m.Contains(stun.AttrICEControlling) {
		return a.conflict(p, m), false
	}
	a.lastHeard = now
	out = []outgoing{{p, a.build(m.TransactionID, stun.BindingSuccess,
		&stun.XORMappedAddress{IP: p.peer.Addr().AsSlice(), Port: int(p.peer.Port())}, stun.NewShortTermIntegrity(a.localPwd))}}
	pair := a.learn(p)
	if pair == nil {
		return out, false
	}
	if a.mode == ICELite {
		if m.Contains(stun.AttrUseCandidate) && m.Contains(stun.AttrICEControlling) {
			a.selectPair(pair, now)
		}
		return out, true
	}
	if a.selected == nil && pair.check == nil {
		a.startCheck(pair, a.mode == ICEAggressive || pair.valid && !a.nominating(), now)
	}
	return out, true
}

// conflict answers a client that wants to control as well.
func (a *iceAgent) conflict(p path, m *stun.Message) []outgoing {
	setters := []stun.Setter{stun.ErrorCodeAttribute{Code: stun.CodeRoleConflict, Reason: []byte("Role Conflict")}}
	if a.mode == ICEFullSigned {
		setters = append(setters, stun.NewShortTermIntegrity(a.localPwd))
	}
	return []outgoing{{p, a.build(m.TransactionID, stun.BindingError, setters...)}}
}

// learn returns the pair of a path, a new one if need be, and nil when the client has too many addresses.
func (a *iceAgent) learn(p path) *icePair {
	if i := slices.IndexFunc(a.pairs, func(pair *icePair) bool { return pair.path == p }); i >= 0 {
		return a.pairs[i]
	}
	if len(a.pairs) >= maxPairs {
		return nil
	}
	pair := &icePair{path: p}
	a.pairs = append(a.pairs, pair)
	return pair
}

// response takes the answer to one of our checks.
func (a *iceAgent) response(p path, m *stun.Message, now time.Time) {
	i := slices.IndexFunc(a.pairs, func(pair *icePair) bool {
		return pair.path == p && pair.check != nil && pair.check.id == m.TransactionID
	})
	if i < 0 || a.deaf || m.Type.Class != stun.ClassSuccessResponse || stun.NewShortTermIntegrity(a.remotePwd).Check(m) != nil {
		return
	}
	pair := a.pairs[i]
	nominated := pair.check.nominate
	a.lastHeard = now
	pair.valid, pair.check = true, nil
	switch {
	case pair == a.selected:
		a.unanswered = time.Time{}
		a.consentDue = now.Add(a.consentInterval())
	case a.selected == nil && nominated:
		a.selectPair(pair, now)
	case a.selected == nil && !a.nominating():
		a.startCheck(pair, true, now)
	}
}

// nominating tells whether a nomination is under way.
func (a *iceAgent) nominating() bool {
	return slices.ContainsFunc(a.pairs, func(p *icePair) bool { return p.check != nil && p.check.nominate })
}

func (a *iceAgent) selectPair(pair *icePair, now time.Time) {
	if a.selected == nil {
		a.selected = pair
		a.consentDue = now.Add(a.consentInterval())
	}
}

func (a *iceAgent) consentInterval() time.Duration {
	if a.consentMax <= a.consentMin {
		return a.consentMin
	}
	return a.consentMin + time.Duration(a.rng.Int64N(int64(a.consentMax-a.consentMin)))
}
