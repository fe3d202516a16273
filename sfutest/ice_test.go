package sfutest

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// agentOf is an agent with its client's view of it, and a clock.
type agentOf struct {
	t     *testing.T
	agent *iceAgent
	path  path
	now   time.Time
}

func newAgentOf(t *testing.T, opts ...Option) *agentOf {
	t.Helper()
	cfg, err := newConfig(opts)
	must(t, err)
	return &agentOf{
		t: t, agent: newICEAgent(cfg, rand.New(rand.NewPCG(1, 2)), "server", "serverpwdserverpwdserv", "client", "clientpwdclientpwdclie"),
		path: path{&socket{}, stranger}, now: time.Unix(1000, 0),
	}
}

// ask has the client make a check, and returns the server's answer.
func (a *agentOf) ask(setters ...stun.Setter) (answer *stun.Message, learned bool) {
	a.t.Helper()
	m := stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername("server:client")}, setters...)...)
	out, learned := a.agent.request(a.path, m, a.now)
	if len(out) == 0 {
		return nil, learned
	}
	answer = decode(a.t, out[0].b)
	if answer.TransactionID != m.TransactionID || stun.Fingerprint.Check(answer) != nil {
		a.t.Errorf("the answer %v does not belong to the request", answer)
	}
	return answer, learned
}

// check returns the one check that the server makes now, nil for none.
func (a *agentOf) check() *stun.Message {
	a.t.Helper()
	out, _, _ := a.agent.tick(a.now)
	if len(out) == 0 {
		return nil
	}
	m := decode(a.t, out[0].b)
	name, err := m.Get(stun.AttrUsername)
	if len(out) > 1 || err != nil || string(name) != "client:server" || m.Type != stun.BindingRequest || stun.Fingerprint.Check(m) != nil ||
		stun.NewShortTermIntegrity("clientpwdclientpwdclie").Check(m) != nil || !m.Contains(stun.AttrPriority) {
		a.t.Errorf("not a check: %d messages, %v", len(out), m)
	}
	return m
}

// reply has the client answer a check.
func (a *agentOf) reply(m *stun.Message) {
	a.t.Helper()
	a.agent.response(a.path, stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
		stun.NewShortTermIntegrity("clientpwdclientpwdclie"), stun.Fingerprint), a.now)
}

func decode(t *testing.T, b []byte) *stun.Message {
	t.Helper()
	m := stun.New()
	must(t, stun.Decode(b, m))
	return m
}

func TestNominationIsASecondCheck(t *testing.T) {
	a := newAgentOf(t)
	answer, learned := a.ask()
	var mapped stun.XORMappedAddress
	if answer.Type != stun.BindingSuccess || !learned || mapped.GetFrom(answer) != nil || mapped.Port != 9 ||
		stun.NewShortTermIntegrity("serverpwdserverpwdserv").Check(answer) != nil {
		t.Errorf("answer %v with address %v, learned %v", answer, mapped, learned)
	}
	first := a.check()
	if first.Contains(stun.AttrUseCandidate) {
		t.Error("the first check nominates")
	}
	if b, err := first.Get(stun.AttrICEControlling); err != nil || binary.BigEndian.Uint64(b) != ^uint64(0) {
		t.Errorf("tie-breaker %x, %v", b, err)
	}
	a.reply(first)
	if a.agent.selected != nil {
		t.Error("selected without a nomination")
	}
	second := a.check()
	if second == nil || !second.Contains(stun.AttrUseCandidate) || second.TransactionID == first.TransactionID {
		t.Fatalf("the second check is %v", second)
	}
	a.reply(first) // an old answer again
	if a.agent.selected != nil {
		t.Error("selected by an old answer")
	}
	a.reply(second)
	if a.agent.selected == nil || a.agent.selected.path != a.path {
		t.Error("not selected")
	}
	if again := a.check(); again != nil {
		t.Errorf("another check: %v", again)
	}
}

func TestAggressiveNominationIsTheFirstCheck(t *testing.T) {
	a := newAgentOf(t, WithICEMode(ICEAggressive))
	a.ask()
	first := a.check()
	if !first.Contains(stun.AttrUseCandidate) {
		t.Error("the first check does not nominate")
	}
	a.reply(first)
	if a.agent.selected == nil {
		t.Error("not selected")
	}
}

func TestRoleConflictIsAnsweredAndNothingLearned(t *testing.T) {
	for mode, signed := range map[ICEMode]bool{ICEFull: false, ICEFullSigned: true, ICEAggressive: false} {
		a := newAgentOf(t, WithICEMode(mode))
		answer, learned := a.ask(rawAttribute{stun.AttrICEControlling, make([]byte, 8)}, rawAttribute{stun.AttrUseCandidate, nil})
		var code stun.ErrorCodeAttribute
		if answer.Type != stun.BindingError || code.GetFrom(answer) != nil || code.Code != stun.CodeRoleConflict {
			t.Errorf("mode %d: answer %v", mode, answer)
		}
		if got := stun.NewShortTermIntegrity("serverpwdserverpwdserv").Check(answer) == nil; got != signed || answer.Contains(stun.AttrMessageIntegrity) != signed {
			t.Errorf("mode %d: signed %v, expected %v", mode, got, signed)
		}
		if learned || len(a.agent.pairs) > 0 || a.check() != nil {
			t.Errorf("mode %d: learned %v, pairs %v", mode, learned, a.agent.pairs)
		}
	}
}

func TestLiteSelectsWhatTheClientNominates(t *testing.T) {
	controlling := rawAttribute{stun.AttrICEControlling, make([]byte, 8)}
	a := newAgentOf(t, WithICEMode(ICELite))
	for _, setters := range [][]stun.Setter{nil, {controlling}, {rawAttribute{stun.AttrUseCandidate, nil}}} {
		if answer, learned := a.ask(setters...); answer.Type != stun.BindingSuccess || !learned || a.agent.selected != nil || a.check() != nil {
			t.Errorf("answer %v, selected %v", answer, a.agent.selected)
		}
	}
	a.ask(controlling, rawAttribute{stun.AttrUseCandidate, nil})
	if a.agent.selected == nil || a.check() != nil {
		t.Error("not selected, or a lite server checks")
	}
}

func TestChecksAreRepeatedAndGivenUp(t *testing.T) {
	a := newAgentOf(t)
	a.ask()
	start := a.now
	var sent []time.Duration
	for range 100 {
		_, next, lost := a.agent.tick(a.now)
		if next.IsZero() || lost {
			break
		}
		sent = append(sent, a.now.Sub(start))
		a.now = next
	}
	want := []int{0, 100, 300, 700, 1500, 3100, 4700}
	if len(sent) != len(want) {
		t.Fatalf("sent at %v", sent)
	}
	for i := range want {
		if sent[i] != time.Duration(want[i])*time.Millisecond {
			t.Errorf("sent at %v, expected %v ms", sent, want)
		}
	}
	a.ask()
	if a.check() == nil {
		t.Error("the client's next check starts no other")
	}
}

func TestForgedResponsesAreIgnored(t *testing.T) {
	for name, forge := range map[string]func(a *agentOf, m *stun.Message){
		"wrong password": func(a *agentOf, m *stun.Message) {
			a.agent.response(a.path, stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess, stun.NewShortTermIntegrity("x")), a.now)
		},
		"other transaction": func(a *agentOf, _ *stun.Message) {
			a.reply(stun.MustBuild(stun.TransactionID))
		},
		"error": func(a *agentOf, m *stun.Message) {
			a.agent.response(a.path, stun.MustBuild(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingError,
				stun.NewShortTermIntegrity("clientpwdclientpwdclie")), a.now)
		},
		"other address": func(a *agentOf, m *stun.Message) {
			a.path = path{&socket{}, stranger}
			a.reply(m)
		},
	} {
		a := newAgentOf(t, WithICEMode(ICEAggressive))
		a.ask()
		forge(a, a.check())
		if a.agent.selected != nil || a.agent.pairs[0].valid {
			t.Errorf("%s: believed", name)
		}
	}
}

func TestConsentChecksComeAtRandomIntervals(t *testing.T) {
	a := newAgentOf(t, WithICEMode(ICEAggressive))
	a.ask()
	a.reply(a.check())
	seen := map[time.Duration]bool{}
	for range 100 {
		last := a.now
		_, next, _ := a.agent.tick(a.now)
		a.now = next
		wait := a.now.Sub(last)
		if wait < 5*time.Second || wait > 15*time.Second {
			t.Fatalf("a consent check after %v", wait)
		}
		seen[wait.Round(time.Second)] = true
		a.reply(a.check())
	}
	if len(seen) < 5 {
		t.Errorf("intervals %v", seen)
	}
}

func TestConsentIsLostAfterItsTimeout(t *testing.T) {
	a := newAgentOf(t, WithICEMode(ICEAggressive), WithConsent(5*time.Second, 5*time.Second, 30*time.Second))
	a.ask()
	a.reply(a.check())
	start := a.now
	for {
		_, next, lost := a.agent.tick(a.now)
		if lost {
			break
		}
		if !next.After(a.now) && next.Before(a.now) || next.IsZero() {
			t.Fatalf("next at %v", next.Sub(start))
		}
		a.now = next
	}
	if took := a.now.Sub(start); took != 35*time.Second {
		t.Errorf("lost after %v, expected 5 + 30 s", took)
	}
}

func TestDeafAgentSaysNothing(t *testing.T) {
	a := newAgentOf(t, WithICEMode(ICEAggressive))
	a.ask()
	a.reply(a.check())
	a.agent.deaf = true
	a.now = a.now.Add(time.Hour)
	if answer, _ := a.ask(); answer != nil {
		t.Errorf("answer %v", answer)
	}
	if out, next, lost := a.agent.tick(a.now); len(out) > 0 || !next.IsZero() || lost {
		t.Errorf("sent %d, next %v, lost %v", len(out), next, lost)
	}
}
