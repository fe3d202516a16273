package rtc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"gotgcall/models"
)

// maxAttempts is how many attempts go on beside each other: each has a socket.
const maxAttempts = 2

// contest is the attempts of one Connect, of which the first that is connected wins.
//
// Those of one role go on beside each other: a server that has nominated a pair nominates no other (docs/WIRE.md §3), and we may know of that late, or not
// at all while its answers are lost. Those of different roles never meet: a server that changes its own on a conflict (RFC 8445 section 7.3.1.1) would do
// so with each check, and could end with another pair than we. So the role changes only when no attempt can be what the server has chosen.
type contest struct {
	// set at construction
	engine  *Engine
	changed chan struct{} // something may have changed about an attempt

	// owned by the goroutine of run
	next    attempt       // the one to be made
	live    []*peer       // the newest last
	late    *time.Timer   // when the newest is late
	turn    time.Duration // after which a controlled one is
	limit   time.Duration // what late was set to
	patient bool          // the newest has been given controlledPatience
	turned  bool          // the role has changed
}

// run returns the attempt that is connected, or why none is. All others are closed then.
func (c *contest) run(ctx context.Context) (*peer, error) {
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	winner, err := c.decide(bounded)
	if err != nil {
		winner = nil
	}
	cancel() // handshakes that go on
	c.closeAllBut(winner, cmp.Or(err, errBeaten))
	if errors.Is(err, models.ErrConnectionTimeout) {
		err = fmt.Errorf("%w (server addresses: %s)", err, addresses(c.next.answer.Candidates))
	}
	return winner, err
}

// decide makes attempts until one is connected, the last one has failed for good, or the time is over.
func (c *contest) decide(ctx context.Context) (*peer, error) {
	c.late = time.NewTimer(0)
	defer c.late.Stop()
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	for {
		overdue := false
		select {
		case <-c.changed:
		case <-c.late.C:
			overdue = true
		case <-ctx.Done():
		}
		var err error
		if i := slices.IndexFunc(c.live, isConnected); i >= 0 {
			return c.live[i], c.live[i].verify(c.next.answer.Fingerprints)
		}
		switch {
		case ctx.Err() != nil:
			return nil, c.whyLate(context.Cause(ctx))
		case overdue:
			err = c.overdue()
		default:
			err = c.bury()
		}
		if errors.Is(err, errNoPair) || errors.Is(err, errNotNominated) {
			err = c.another(ctx, err)
		}
		if err != nil {
			return nil, err
		}
	}
}

// bury closes the attempts that are broken. The error is why nothing is left to wait for; errNoPair asks for another attempt, any other is the end.
func (c *contest) bury() error {
	for i := slices.IndexFunc(c.live, isBroken); i >= 0; i = slices.IndexFunc(c.live, isBroken) {
		p := c.live[i]
		hopeless := p.selected.Load()
		err := p.whyBroken(c.next.answer.Fingerprints)
		c.close(p, err)
		if hopeless || len(c.live) == 0 {
			return err
		}
	}
	return nil
}

// overdue says why another attempt is to be made, nil when it is not.
func (c *contest) overdue() error {
	answered, engaged := c.sofar()
	governed := slices.ContainsFunc(c.live, isGoverned)
	switch {
	case slices.ContainsFunc(c.live, isSelected), answered && c.next.controlling:
		return nil
	case c.next.controlling, !governed && !engaged && (answered || !c.turned):
		return errNoPair
	case !c.patient:
		c.patient = true
		c.late.Reset(min(controlledPatience, c.limit))
		return nil
	case governed && len(c.live) < maxAttempts:
		return errNotNominated
	case !engaged:
		return errNoPair
	}
	return nil
}

// sofar tells whether the server has answered a check of an attempt, and whether it may have selected a pair of one.
func (c *contest) sofar() (answered, engaged bool) {
	for _, p := range c.live {
		heard, nominated := p.progress()
		answered, engaged = answered || heard, engaged || nominated
	}
	return answered, engaged
}

// another makes the next attempt, in the same role beside the others, or in the other one in their place.
func (c *contest) another(ctx context.Context, reason error) error {
	if errors.Is(reason, errNoPair) {
		c.closeAllBut(nil, reason)
		c.next.controlling, c.turned = !c.next.controlling, true
	}
	c.engine.config.Logger.Info("no ICE pair, trying again", "controlling", c.next.controlling, "reason", reason,
		"after", time.Since(c.next.steps.start).Round(time.Millisecond))
	err := c.begin(ctx)
	if err != nil && len(c.live) > 0 {
		c.engine.config.Logger.Warn("the attempts before have to do", "error", err)
		return nil
	}
	return err
}

// begin makes an attempt.
func (c *contest) begin(ctx context.Context) error {
	a := c.next
	c.next.delay = 0
	a.steps.say("setting up", "ice_role", role(a.controlling), "delay", a.delay)
	p, err := c.engine.newPeer(ctx, a, c.poke)
	if err != nil {
		return fmt.Errorf("%w: %w", models.ErrConnectionFailed, withScarcity(err))
	}
	c.live = append(c.live, p)
	if err = pause(ctx, a.delay); err == nil {
		err = p.begin()
	}
	if err != nil {
		c.close(p, err)
		return err
	}
	c.setLate(ctx)
	return nil
}

// setLate sets when the newest attempt is late.
func (c *contest) setLate(ctx context.Context) {
	if c.turn == 0 {
		c.turn = roleTimeout
		if deadline, ok := ctx.Deadline(); ok {
			c.turn = min(c.turn, time.Until(deadline)/2) // a short connect timeout still leaves half of it for the other role
		}
	}
	c.limit, c.patient = c.turn, false
	if c.next.controlling {
		c.limit = otherRoleTimeout
	}
	c.late.Reset(c.limit)
}

// poke has the attempts looked at. It may be called from any goroutine.
func (c *contest) poke() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// close takes an attempt out of the contest.
func (c *contest) close(p *peer, reason error) {
	p.steps.say("the attempt has ended", "ice_role", role(p.controlling), "reason", reason)
	c.live = slices.DeleteFunc(c.live, func(other *peer) bool { return other == p })
	p.close()
}

// closeAllBut closes all attempts but one; nil is none.
func (c *contest) closeAllBut(winner *peer, reason error) {
	var closing sync.WaitGroup
	for _, p := range c.live {
		if p != winner {
			p.steps.say("the attempt has ended", "ice_role", role(p.controlling), "reason", reason)
			closing.Go(p.close)
		}
	}
	closing.Wait()
	c.live = nil
}

// whyLate says how far the attempts came.
func (c *contest) whyLate(cause error) error {
	p := c.live[len(c.live)-1]
	if i := slices.IndexFunc(c.live, isSelected); i >= 0 {
		p = c.live[i]
	}
	if mismatch := p.verify(c.next.answer.Fingerprints); mismatch != nil {
		return mismatch
	}
	return p.whyLate(cause)
}

func isConnected(p *peer) bool { return p.connected.Load() }
func isSelected(p *peer) bool  { return p.selected.Load() }
func isGoverned(p *peer) bool  { return p.governed.Load() }
func isBroken(p *peer) bool    { return p.broken.Load() }
