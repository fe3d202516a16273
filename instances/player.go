package instances

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gotgcall/internal/rtc"
	"gotgcall/media"
	"gotgcall/models"
)

// player makes the connection of a call of Play, and another one when that fails: join, Connect, and from the second time on Rejoin before
// both. One goroutine, run, does that as long as the call lives; every Play waits for its success.
type player struct {
	// set at construction
	call    *GroupCall
	discard func()          // stops the call and forgets it
	ctx     context.Context // of the dance; ends with the call, or when nobody waits any more
	cancel  context.CancelCauseFunc
	ended   chan struct{} // closed when run has returned
	lost    chan struct{} // holds a token when an established connection has failed

	// owned by run
	announced bool // the call's identity has been used in a join
	tries     int  // since the connection held
	stood     bool // a connection has: bad news come by the end of what plays

	// guarded by call.mu
	signaler  models.Signaler // that of the newest Play whose source is in its place
	dance     *dance          // the newest
	started   bool            // run
	waiting   int             // Plays that have not returned
	delivered bool            // one of them succeeded
	abandoned bool            // none of them did, and the call is being discarded
	spent     bool            // the first connection could not be made: those who wait for it get the error, and then the call is discarded
	over      bool            // the player has given up after a connection was lost
	source    int32           // of the newest join, for Leave; 0 when there is nothing to leave
	failure   error           // of the last try, until one succeeds
}

// dance is the making of one connection, with all the tries that takes.
type dance struct {
	done chan struct{}
	err  error // why there is none; written before done is closed
}

func newDance() *dance { return &dance{done: make(chan struct{})} }

// NewPlayedCall returns a call that Play connects through the signaler. discard is to forget the call and Stop it.
func NewPlayedCall(chat int64, identity *rtc.Identity, env *Environment, signaler models.Signaler, discard func(*GroupCall)) *GroupCall {
	c := NewGroupCall(chat, identity, env)
	p := &player{call: c, signaler: signaler, ended: make(chan struct{}), lost: make(chan struct{}, 1), dance: newDance()}
	p.discard = func() { discard(c) }
	p.ctx, p.cancel = context.WithCancelCause(c.life)
	c.player = p
	return c
}

// Played tells whether Play looks after the connection.
func (c *GroupCall) Played() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.playedLocked()
}

func (c *GroupCall) playedLocked() bool { return c.player != nil && !c.player.over }

// ErrGivenUp is what Play returns for a call that it will not connect any more: the caller needs another one.
var ErrGivenUp = errors.New("instances: the call was given up by those who waited for it")

// errNobodyWaits ends the dance when every Play has failed otherwise.
var errNobodyWaits = errors.New("nobody waits for the connection any more")

// Play plays a source over the connection that the call's player makes, and returns when that stands or cannot be made. Before the first
// success of a Play, the last one that fails takes the call with it.
func (c *GroupCall) Play(ctx context.Context, source media.Source, options media.EncodeOptions, signaler models.Signaler) error {
	p := c.player
	if err := p.enter(ctx); err != nil {
		return err
	}
	err := c.setSource(ctx, source, options, func() error { return p.await(ctx, signaler) })
	if p.exit(err) {
		p.cancel(errNobodyWaits)
		if p.running() {
			<-p.ended
		}
		p.discard()
	}
	return err
}

// enter counts a Play in.
func (p *player) enter(ctx context.Context) error {
	c := p.call
	c.mu.Lock()
	abandoned, over := p.abandoned || p.spent, p.over
	if !abandoned && !over {
		p.waiting++
	}
	c.mu.Unlock()
	if abandoned {
		select {
		case <-c.life.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if abandoned || over {
		return ErrGivenUp
	}
	return nil
}

// exit counts a Play out, and tells whether the call is to be discarded.
func (p *player) exit(err error) (abandoned bool) {
	c := p.call
	c.mu.Lock()
	defer c.mu.Unlock()
	p.waiting--
	p.delivered = p.delivered || err == nil
	p.abandoned = p.waiting == 0 && !p.delivered
	return p.abandoned
}

func (p *player) running() bool {
	p.call.mu.Lock()
	defer p.call.mu.Unlock()
	return p.started
}

// await waits for the connection, which it has made if nobody did yet.
func (p *player) await(ctx context.Context, signaler models.Signaler) error {
	c := p.call
	c.mu.Lock()
	if p.spent { // while the source was being opened
		c.mu.Unlock()
		return ErrGivenUp
	}
	p.signaler = signaler
	if !p.started && c.state != stateClosed {
		p.started = true
		c.background.Go(p.run)
	}
	d := p.dance
	c.mu.Unlock()
	select {
	case <-d.done:
		return d.err
	case <-c.life.Done():
		return context.Cause(c.life)
	case <-ctx.Done():
		return p.whyNotJoined(context.Cause(ctx))
	}
}

// whyNotJoined adds to the reason why a Play waits no longer what the last try has failed with.
func (p *player) whyNotJoined(cause error) error {
	c := p.call
	c.mu.Lock()
	last := p.failure
	c.mu.Unlock()
	if last == nil {
		return fmt.Errorf("joining chat %d: %w", c.chat, cause)
	}
	return fmt.Errorf("joining chat %d: %w; the last try has failed with: %w", c.chat, cause, last)
}

// note remembers what a try has failed with, nil for one that has succeeded.
func (p *player) note(failure error) {
	p.call.mu.Lock()
	defer p.call.mu.Unlock()
	p.failure = failure
}

// lostLocked tells the player that its connection has failed: the next dance begins.
func (p *player) lostLocked() {
	p.renewLocked()
	select {
	case p.lost <- struct{}{}:
	default:
	}
}

// renewLocked sees to it that there is a dance to wait for.
func (p *player) renewLocked() {
	if !underWay(p.dance.done) {
		p.dance = newDance()
	}
}

// run is the player's goroutine. It ends with the call, or when there can be no connection.
func (p *player) run() {
	defer close(p.ended)
	for {
		if err := p.connect(); err != nil {
			if p.stood {
				p.call.giveUp(err)
			} else {
				p.spend()
			}
			p.leave()
			p.settle(err)
			return
		}
		p.stood = true
		p.settle(nil)
		since := time.Now()
		select {
		case <-p.lost:
		case <-p.ctx.Done():
			p.leave()
			return
		}
		p.tries++
		if time.Since(since) >= holdsFor {
			p.tries = 0
		}
	}
}

// spend lets nobody else wait for a connection that could not be made.
func (p *player) spend() {
	p.call.mu.Lock()
	defer p.call.mu.Unlock()
	p.spent = true
}

// settle tells those who wait how the dance ended.
func (p *player) settle(err error) {
	p.call.mu.Lock()
	defer p.call.mu.Unlock()
	p.dance.err = err
	close(p.dance.done)
	if err == nil && len(p.lost) > 0 { // the connection has failed again meanwhile
		p.renewLocked()
	}
}
