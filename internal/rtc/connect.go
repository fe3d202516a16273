package rtc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// roleTimeout is how long the controlled role may go without a selected pair before it is the other one's turn (docs/WIRE.md §3): pion discards the
// server's 487 answers, so a timer is all there is. It ends between two checks of pion's: when an attempt is closed, nothing is under way.
const roleTimeout = 3100 * time.Millisecond

// controlledPatience is how much longer it may go without one when it is the right role: the server has checked us as the controlling side, and packets
// were lost or a machine is slow. Also when nothing was heard from the server in either role: then it is more probable.
const controlledPatience = 2 * time.Second

// otherRoleTimeout is how long the controlling role may go without an answer. It needs less time, for the server need not check us first.
const otherRoleTimeout = 2100 * time.Millisecond

// Connect establishes the connection that answer describes for the identity that was announced. It takes as long as ctx allows and ends
// early on a failure that waiting cannot mend. The error is ErrConnectionTimeout when ctx's deadline passed, ErrFingerprint,
// ErrConnectionFailed, or ctx's own cause when it was cancelled.
func (e *Engine) Connect(ctx context.Context, id *Identity, answer *jsonparams.Answer) (*Link, error) {
	a := attempt{id: id, delay: e.config.PreConnectDelay}
	a.steps = steps{log: e.config.Steps, candidates: e.config.Candidates, start: time.Now()}
	a.steps.remote(answer)
	var err error
	if a.answer, err = e.reachable(answer); err != nil {
		return nil, err
	}
	a.found, err = e.routes(a.answer.Candidates)
	if len(a.found) == 0 && e.config.Settings == nil {
		return nil, fmt.Errorf("%w: %w; %s", models.ErrConnectionFailed, err,
			cmp.Or(scarcity(err), "this host cannot reach the address family of the server"))
	}
	for _, r := range a.found {
		a.steps.say("a route to the server", "local", r.local, "remote", r.remote)
	}
	c := contest{engine: e, next: a, changed: make(chan struct{}, 1)}
	p, err := c.run(ctx)
	if err != nil {
		return nil, err
	}
	e.config.Logger.Info("connected", "ice_role", role(p.controlling), "took", time.Since(a.steps.start).Round(time.Millisecond))
	p.watchConsent(e.config.Timeouts.Disconnected + e.config.Timeouts.Failed)
	return newLink(p, time.Since(a.steps.start)), nil
}

var (
	// errNoPair asks for the other role.
	errNoPair = errors.New("rtc: no pair selected")
	// errNotNominated asks for another attempt in the same role: the other one is the server's, and it checks a new socket soon, while it repeats what
	// was lost on the old one at ever longer intervals.
	errNotNominated = errors.New("rtc: no pair nominated by the server, which controls")
	// errBeaten is why an attempt ends beside one that is connected.
	errBeaten = errors.New("rtc: another attempt is connected")
)

// attempt is one try to connect, in one of the two ICE roles.
type attempt struct {
	id          *Identity
	answer      *jsonparams.Answer
	found       []route
	controlling bool
	delay       time.Duration // before the first check
	steps       steps
}

// role names the side that the library has.
func role(controlling bool) string {
	if controlling {
		return "controlling"
	}
	return "controlled"
}

// whyBroken returns why an attempt has ended; errNoPair when that was its time to find a pair.
func (p *peer) whyBroken(announced []jsonparams.Fingerprint) error {
	if mismatch := p.verify(announced); mismatch != nil {
		return mismatch
	}
	if mute := p.mute(); mute != nil {
		return fmt.Errorf("%w: %w", models.ErrConnectionFailed, mute)
	}
	if !p.selected.Load() && p.iceFailed() {
		return errNoPair // short timeouts end the checks, too; what is left of the time belongs to the other role
	}
	return fmt.Errorf("%w: %s", models.ErrConnectionFailed, cmp.Or(p.log.lastFailure(), "the server closed the connection during the handshake"))
}

// whyLate says how far the connection came.
func (p *peer) whyLate(cause error) error {
	stage := "no answer to the ICE checks: is UDP blocked between this host and the server, or has the join been replaced by another one?"
	if p.selected.Load() {
		stage = "ICE is connected, but the DTLS handshake did not finish"
	}
	if errors.Is(cause, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %s", models.ErrConnectionTimeout, stage)
	}
	return fmt.Errorf("%w: given up: %w", models.ErrConnectionFailed, cause)
}

func addresses(candidates []jsonparams.Candidate) string {
	const most = 4
	var s []string
	for _, c := range candidates[:min(most, len(candidates))] {
		s = append(s, netip.AddrPortFrom(c.Addr, c.Port).String())
	}
	if more := len(candidates) - most; more > 0 {
		s = append(s, fmt.Sprintf("%d more", more))
	}
	return strings.Join(s, ", ")
}
