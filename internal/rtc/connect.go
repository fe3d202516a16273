package rtc

import (
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

// otherRoleTimeout is how long the controlling role may go without a pair, when the connect timeout is that long: then the checks of an
// attempt are used up (checkBudget), and the roles take turns.
const otherRoleTimeout = 10 * time.Second

// Connect establishes the connection that answer describes for the identity that was announced. It takes as long as ctx allows and ends
// early on a failure that waiting cannot mend. The error is ErrConnectionTimeout when ctx's deadline passed, ErrFingerprint,
// ErrConnectionFailed, or ctx's own cause when it was cancelled.
func (e *Engine) Connect(ctx context.Context, id *Identity, answer *jsonparams.Answer) (*Link, error) {
	found, err := e.routes(answer.Candidates)
	if len(found) == 0 && e.config.Settings == nil {
		return nil, fmt.Errorf("%w: %w; this host cannot reach the address family of the server", models.ErrConnectionFailed, err)
	}
	start := time.Now()
	for controlling := false; ; controlling = !controlling {
		p, err := e.attempt(ctx, id, answer, found, controlling, start)
		if err == nil {
			return newLink(p, time.Since(start)), nil
		}
		if !errors.Is(err, errNoPair) {
			return nil, err
		}
		e.config.Logger.Info("no ICE pair, trying the other role", "controlling", !controlling, "after", time.Since(start).Round(time.Millisecond))
	}
}

// errNoPair asks for the other role.
var errNoPair = errors.New("rtc: no pair selected")

// attempt makes one PeerConnection and waits for its outcome. An attempt that fails is closed completely.
func (e *Engine) attempt(
	ctx context.Context, id *Identity, answer *jsonparams.Answer, found []route, controlling bool, start time.Time,
) (*peer, error) {
	p, err := e.newPeer(ctx, id, answer, found, controlling)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", models.ErrConnectionFailed, err)
	}
	if err := p.await(ctx, controlling); err != nil {
		if mismatch := p.verify(answer.Fingerprints); mismatch != nil {
			err = mismatch
		}
		p.close()
		if errors.Is(err, models.ErrConnectionTimeout) {
			err = fmt.Errorf("%w (server addresses: %s)", err, addresses(answer.Candidates))
		}
		return nil, err
	}
	if err := p.verify(answer.Fingerprints); err != nil {
		p.close()
		return nil, err
	}
	role := "controlled"
	if controlling {
		role = "controlling"
	}
	e.config.Logger.Info("connected", "ice_role", role, "took", time.Since(start).Round(time.Millisecond))
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
	otherRole := timer.C
	for {
		select {
		case <-p.connected.done():
			return nil
		case <-p.broken.done():
			return fmt.Errorf("%w: %s", models.ErrConnectionFailed, p.whyBroken())
		case <-otherRole:
			otherRole = nil
			if !p.selected.isSet() {
				return errNoPair
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
