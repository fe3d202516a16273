package instances

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gotgcall/internal/rtc"
	"gotgcall/jsonparams"
	"gotgcall/media"
	"gotgcall/models"
)

// GroupCall is a WebRTC group call. All methods may be called from any goroutine.
type GroupCall struct {
	call

	// guarded by call.mu
	identity *rtc.Identity
	fresh    bool                    // no Connect has used the identity yet
	link     *rtc.Link               // the last one; nil before Connect, and after Rejoin
	settled  chan struct{}           // closed when the last Connect has ended; nil before the first one
	abort    context.CancelCauseFunc // ends that Connect
	kept     bool                    // what plays was held before that Connect, and is again when it fails
	winding  chan struct{}           // closed when what a lost connection has left behind is gone; nil when none was lost
	player   *player                 // nil for a call without Play; set at construction
}

// NewGroupCall returns a call that waits for Connect. It has neither a socket nor a goroutine.
func NewGroupCall(chat int64, identity *rtc.Identity, env *Environment) *GroupCall {
	c := &GroupCall{identity: identity, fresh: true}
	c.begin(chat, env, encoded)
	return c
}

// AudioSSRC returns the SSRC of the audio.
func (c *GroupCall) AudioSSRC() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.identity.Audio
}

// Waits tells whether the call waits for its first Connect.
func (c *GroupCall) Waits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == stateNew
}

// Connect parses the server's answer and establishes the connection, within the connect timeout and ctx.
func (c *GroupCall) Connect(ctx context.Context, params string) error {
	answer, err := jsonparams.ParseAnswer(params, jsonparams.ParseOptions{AllowLoopback: c.env.Loopback})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.env.ConnectTimeout)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(context.Canceled)
	defer context.AfterFunc(c.life, func() { stop(context.Cause(c.life)) })()

	identity, settled, err := c.beginConnect(stop)
	if err != nil {
		return err
	}
	defer close(settled)
	link, err := c.env.Engine.Connect(ctx, identity, answer)
	if err != nil {
		return c.connectFailed(err)
	}
	return c.connected(ctx, link)
}

// beginConnect claims the call and its identity for one Connect, which abort ends.
func (c *GroupCall) beginConnect(abort context.CancelCauseFunc) (identity *rtc.Identity, settled chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state == stateClosed:
		return nil, nil, c.deadLocked()
	case c.fresh:
	case c.state.dead():
		return nil, nil, fmt.Errorf("%w: the join payload of chat %d has been used: draw another one by Rejoin: %w", models.ErrNotConnected, c.chat, c.why)
	default:
		return nil, nil, fmt.Errorf("%w: the call of chat %d is %s; the Connect before this one goes on unharmed",
			models.ErrConnectionExists, c.chat, c.state)
	}
	c.fresh, c.kept = false, c.held != nil
	c.releaseLocked()
	c.settled, c.abort = make(chan struct{}), abort
	c.setStateLocked(stateConnecting)
	return c.identity, c.settled, nil
}

func (c *GroupCall) connectFailed(err error) error {
	err = fmt.Errorf("connecting chat %d: %w", c.chat, err)
	c.mu.Lock()
	if c.state != stateConnecting { // Stop or Rejoin came in between
		c.mu.Unlock()
		return err
	}
	c.why = err
	if errors.Is(err, models.ErrConnectionTimeout) {
		c.setStateLocked(stateTimeout)
	} else {
		c.setStateLocked(stateFailed)
	}
	held := c.kept || c.playedLocked() || c.env.Events.Rejoins()
	if held {
		c.holdLocked()
	}
	c.mu.Unlock()
	if !held {
		c.play.fail(fmt.Errorf("%w: %w", models.ErrConnectionFailed, err))
	}
	return err
}

func (c *GroupCall) connected(ctx context.Context, link *rtc.Link) error {
	c.mu.Lock()
	if c.state != stateConnecting {
		c.mu.Unlock()
		link.Close()
		return fmt.Errorf("connecting chat %d: %w", c.chat, orCause(c.life, context.Cause(ctx)))
	}
	c.link = link
	c.setStateLocked(stateConnected)
	c.mu.Unlock()
	c.play.connect(&linkOutlet{link: link, clock: c.play.clock}, true)
	link.Notify(c.linkChanged)
	return nil
}

// linkChanged follows the link. It looks at what is the case now, so that it does not matter in which order notifications arrive.
func (c *GroupCall) linkChanged() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil || c.state != stateConnected && c.state != stateDisconnected {
		return
	}
	switch c.link.State() {
	case models.Connected:
		c.setStateLocked(stateConnected)
	case models.Disconnected:
		c.setStateLocked(stateDisconnected)
	case models.Failed:
		c.lostLocked()
	}
}

// SetStreamSources opens a source and plays it instead of the current one. Before Connect the source is opened and starts with the
// connection; during Connect the call waits for its outcome. An error leaves everything as it was.
func (c *GroupCall) SetStreamSources(ctx context.Context, source media.Source, options media.EncodeOptions) error {
	if err := c.alive(); err != nil {
		return err
	}
	return c.setSource(ctx, source, options, func() error {
		c.mu.Lock()
		settled := c.settled
		c.mu.Unlock()
		if settled == nil {
			return nil
		}
		select {
		case <-settled:
			return context.Cause(c.life)
		case <-ctx.Done():
			return nil // the source is in its place, and the connection will tell by its events how it ended
		}
	})
}

// setSource puts a source in the place of the current one and waits for what else has to come about. Either its error or an event tells that the call has
// failed.
func (c *GroupCall) setSource(ctx context.Context, source media.Source, options media.EncodeOptions, wait func() error) error {
	asks := &caller{}
	if err := c.play.setSource(ctx, request{caller: asks, source: source, options: options}); err != nil {
		return fmt.Errorf("source of chat %d: %w", c.chat, err)
	}
	err := wait()
	if failed := asks.leave(); failed != nil && err == nil {
		err = fmt.Errorf("%w: the call of chat %d has failed; begin again: %w", models.ErrNotConnected, c.chat, failed)
	}
	return err
}

// Stop implements Call.
func (c *GroupCall) Stop(ctx context.Context, cause error) {
	c.mu.Lock()
	c.setStateLocked(stateClosed)
	c.releaseLocked()
	link, settled, winding := c.link, c.settled, c.winding
	c.mu.Unlock()
	c.stop(ctx, cause, func() {
		if link != nil {
			link.Close()
		}
		await(settled)
		await(winding)
	})
}

// await waits for something that may never have begun.
func await(done chan struct{}) {
	if done != nil {
		<-done
	}
}

// Stats implements Call.
func (c *GroupCall) Stats() models.CallStats {
	s := c.stats()
	c.mu.Lock()
	link := c.link
	c.mu.Unlock()
	if link != nil {
		s.Link = link.Stats()
		s.Audio.Remote, s.Video.Remote = link.Remote(models.Audio), link.Remote(models.Video)
	}
	return s
}

// Diagnose implements Call.
func (c *GroupCall) Diagnose() models.Diagnosis {
	return diagnose(c.Stats(), true, int(c.play.audio.sizes.Load()/16), time.Now()) //nolint:gosec // of packets
}
