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

// roleTimeout is how long the controlled role may go without a selected pair before the attempt is made again as controlling
// (docs/WIRE.md §3): pion discards the server's 487 answers, so a timer is all there is.
const roleTimeout = 3 * time.Second

// controlledPatience is how much longer it may go without one when the server has checked it as the controlling side: the role is right then, and packets
// were lost or a machine is slow.
const controlledPatience = 2 * time.Second

// otherRoleTimeout is how long the controlling role may go without a pair, when the connect timeout is that long: then the checks of an
// attempt are used up (checkBudget), and the roles take turns.
const otherRoleTimeout = 10 * time.Second

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
	for again := false; ; a.delay = 0 {
		p, err := e.attempt(ctx, a)
		switch {
		case err == nil:
			p.watchConsent(e.config.Timeouts.Disconnected + e.config.Timeouts.Failed)
			return newLink(p, time.Since(a.steps.start)), nil
		case errors.Is(err, errNotNominated) && !again:
			again = true
		case errors.Is(err, errNotNominated), errors.Is(err, errNoPair):
			a.controlling, again = !a.controlling, false
		default:
			return nil, err
		}
		e.config.Logger.Info("no ICE pair, trying again", "controlling", a.controlling, "reason", err,
			"after", time.Since(a.steps.start).Round(time.Millisecond))
	}
}

var (
	// errNoPair asks for the other role.
	errNoPair = errors.New("rtc: no pair selected")
	// errNotNominated asks for another attempt in the same role, once: the other one is the server's, and it checks a new socket soon, while it
	// repeats what was lost on the old one at ever longer intervals.
	errNotNominated = errors.New("rtc: no pair nominated by the server, which controls")
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
func (a attempt) role() string {
	if a.controlling {
		return "controlling"
	}
	return "controlled"
}

// attempt makes one PeerConnection and waits for its outcome. An attempt that fails is closed completely.
func (e *Engine) attempt(ctx context.Context, a attempt) (*peer, error) {
	a.steps.say("setting up", "ice_role", a.role(), "delay", a.delay)
	p, err := e.newPeer(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", models.ErrConnectionFailed, withScarcity(err))
	}
	err = pause(ctx, a.delay)
	if err == nil {
		err = p.begin()
	}
	if err == nil {
		err = p.await(ctx, a.controlling)
	}
	if mismatch := p.verify(a.answer.Fingerprints); mismatch != nil {
		err = mismatch
	}
	if err != nil {
		a.steps.say("the attempt has failed", "ice_role", a.role(), "reason", err)
		p.close()
		if errors.Is(err, models.ErrConnectionTimeout) {
			err = fmt.Errorf("%w (server addresses: %s)", err, addresses(a.answer.Candidates))
		}
		return nil, err
	}
	e.config.Logger.Info("connected", "ice_role", a.role(), "took", time.Since(a.steps.start).Round(time.Millisecond))
	return p, nil
}

// await returns nil when SRTP is ready.
func (p *peer) await(ctx context.Context, controlling bool) error {
	limit := roleTimeout
	if controlling {
		limit = otherRoleTimeout
	} else if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2) // a short connect timeout still leaves half of it for the other role
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	otherRole, patient := timer.C, false
	for {
		select {
		case <-p.connected.done():
			return nil
		case <-p.broken.done():
			if err := p.mute(); err != nil {
				return fmt.Errorf("%w: %w", models.ErrConnectionFailed, err)
			}
			if !p.selected.isSet() && p.iceFailed() && ctx.Err() == nil {
				return errNoPair // short timeouts end the checks, too; what is left of the time belongs to the other role
			}
			return fmt.Errorf("%w: %s", models.ErrConnectionFailed, p.whyBroken())
		case <-otherRole:
			switch {
			case p.selected.isSet():
				otherRole = nil
			case !p.governed.isSet():
				return errNoPair
			case patient:
				return errNotNominated
			default:
				patient = true
				timer.Reset(min(controlledPatience, limit))
			}
		case <-ctx.Done():
			return p.whyLate(context.Cause(ctx))
		}
	}
}

func (p *peer) whyBroken() string {
	if reason := p.log.lastFailure(); reason != "" {
		return reason
	}
	return "the server closed the connection during the handshake"
}

// whyLate says how far the connection came.
func (p *peer) whyLate(cause error) error {
	stage := "no answer to the ICE checks: is UDP blocked between this host and the server, or has the join been replaced by another one?"
	if p.selected.isSet() {
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
