package instances

import (
	"errors"
	"fmt"
	"time"

	"gotgcall/internal/rtc"
	"gotgcall/models"
)

// hold is the time that what plays waits for another connection.
type hold struct {
	timer *time.Timer // nil: as long as the player tries
}

// holdLocked lets what plays wait for another connection: as long as a player tries, or for holdTimeout from now on.
func (c *GroupCall) holdLocked() {
	c.releaseLocked()
	h := &hold{}
	if c.player == nil || !underWay(c.player.dance.done) {
		h.timer = time.AfterFunc(holdTimeout, func() {
			c.forsake(h, fmt.Errorf("%w: nobody made another connection of chat %d within %s", models.ErrConnectionFailed, c.chat, holdTimeout))
		})
	}
	c.held = h
}

// releaseLocked ends the hold: there is another connection, or nothing to wait for any more.
func (c *GroupCall) releaseLocked() {
	if c.held != nil && c.held.timer != nil {
		c.held.timer.Stop()
	}
	c.held = nil
}

// forsake gives up what is held, unless h is over: what plays ends, and Connect is not accepted any more without another Rejoin.
func (c *GroupCall) forsake(h *hold, reason error) {
	c.mu.Lock()
	if h == nil || c.held != h {
		c.mu.Unlock()
		return
	}
	c.releaseLocked()
	c.fresh = false
	if c.player != nil {
		c.player.over = true
	}
	c.why = fmt.Errorf("%w (before that: %w)", reason, c.why)
	c.setStateLocked(stateFailed) // where Rejoin had ended a connection that stood
	why, wound := c.why, c.windLocked()
	c.mu.Unlock()
	c.play.fail(why)
	wound()
}

// giveUp ends what is held, if anything is.
func (c *GroupCall) giveUp(reason error) {
	c.mu.Lock()
	h := c.held
	c.mu.Unlock()
	if !errors.Is(reason, models.ErrConnectionFailed) {
		reason = fmt.Errorf("%w: %w", models.ErrConnectionFailed, reason)
	}
	c.forsake(h, reason)
}

// windLocked tells Stop and Rejoin to wait until the returned function has been called: it is when a lost connection has left nothing behind.
func (c *GroupCall) windLocked() (wound func()) {
	return inTurn(&c.winding)
}

// inTurn lets something end behind all that was ending before: last is closed when it has, which the returned function is to tell.
func inTurn(last *chan struct{}) (ended func()) {
	before, own := *last, make(chan struct{})
	*last = own
	return func() {
		await(before)
		close(own)
	}
}

// lostLocked takes note that an established connection has failed. What plays is held when somebody makes another one, and ends otherwise.
func (c *GroupCall) lostLocked() {
	c.why = fmt.Errorf("%w: the server of chat %d has not been heard for too long, or has closed the connection; join again "+
		"with Rejoin or a new CreateCall", models.ErrConnectionFailed, c.chat)
	c.setStateLocked(stateFailed)
	switch {
	case c.playedLocked():
		c.player.lostLocked()
		c.holdLocked()
	case c.env.Events.Rejoins():
		c.holdLocked()
		c.env.Events.RejoinNeeded(c.chat)
	}
	held, why := c.held != nil, c.why
	c.closeLinkLocked(func() {
		if !held {
			c.play.fail(why)
		}
	})
}

// closeLinkLocked takes the link away from the playback and closes it, both on a goroutine of its own, after which comes finally.
func (c *GroupCall) closeLinkLocked(finally func()) {
	link, wound := c.link, c.windLocked()
	c.background.Go(func() {
		defer wound()
		c.play.disconnect()
		finally()
		link.Close()
	})
}

// errRejoined is why a Connect ends when Rejoin takes its place.
var errRejoined = errors.New("Rejoin was called meanwhile: give Connect the answer to its join payload")

// Rejoin gives the call a new identity and returns its join payload. What is left of the connection before is closed when it returns, after
// two seconds at most; what plays is held.
func (c *GroupCall) Rejoin() (params string, err error) {
	identity, err := c.env.Engine.NewIdentity()
	if err != nil {
		return "", err
	}
	for {
		busy, err := c.adopt(identity)
		if err != nil {
			return "", err
		}
		if busy == nil {
			return identity.Payload(), nil
		}
		<-busy
	}
}

// adopt makes identity that of the next Connect, when nothing of the connection before is left. Otherwise it sees to its end, and returns
// what to wait for until it can be tried again.
func (c *GroupCall) adopt(identity *rtc.Identity) (busy chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == stateConnecting {
		c.why = fmt.Errorf("%w: connecting chat %d: %w", models.ErrConnectionFailed, c.chat, errRejoined)
		c.setStateLocked(stateDisconnected)
		c.abort(errRejoined)
	}
	switch {
	case c.state == stateClosed:
		return nil, c.deadLocked()
	case underWay(c.settled):
		return c.settled, nil
	case underWay(c.winding):
		return c.winding, nil
	case c.link != nil && !c.state.dead():
		c.why = fmt.Errorf("%w: Rejoin has ended the connection of chat %d", models.ErrConnectionFailed, c.chat)
		c.setStateLocked(stateDisconnected)
		c.closeLinkLocked(func() {})
		c.link = nil
		return c.winding, nil
	}
	c.identity, c.fresh, c.link = identity, true, nil
	if c.state != stateNew {
		c.play.revive()
		c.holdLocked()
	}
	return nil, nil
}

// underWay tells whether something has begun that has not ended.
func underWay(done chan struct{}) bool { return done != nil && !isClosed(done) }
