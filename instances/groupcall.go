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

	// set at construction
	identity *rtc.Identity

	// guarded by call.mu
	link    *rtc.Link
	settled chan struct{} // closed when Connect has ended; nil before it was called
}

// NewGroupCall returns a call that waits for Connect. It has neither a socket nor a goroutine.
func NewGroupCall(chat int64, identity *rtc.Identity, env *Environment) *GroupCall {
	c := &GroupCall{identity: identity}
	c.begin(chat, env, encoded)
	return c
}

// AudioSSRC returns the SSRC of the audio.
func (c *GroupCall) AudioSSRC() uint32 { return c.identity.Audio }

// Connect parses the server's answer and establishes the connection, within the connect timeout and ctx.
func (c *GroupCall) Connect(ctx context.Context, params string) error {
	answer, err := jsonparams.ParseAnswer(params, jsonparams.ParseOptions{AllowLoopback: c.env.Loopback})
	if err != nil {
		return err
	}
	settled, err := c.beginConnect()
	if err != nil {
		return err
	}
	defer close(settled)
	ctx, cancel := context.WithTimeout(ctx, c.env.ConnectTimeout)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(context.Canceled)
	defer context.AfterFunc(c.life, func() { stop(context.Cause(c.life)) })()

	link, err := c.env.Engine.Connect(ctx, c.identity, answer)
	if err != nil {
		return c.connectFailed(err)
	}
	return c.connected(link)
}

// beginConnect claims the call for one Connect.
func (c *GroupCall) beginConnect() (settled chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state {
	case stateNew:
	case stateConnecting, stateConnected, stateDisconnected:
		return nil, fmt.Errorf("%w: the call of chat %d is %s; the Connect before this one goes on unharmed",
			models.ErrConnectionExists, c.chat, c.state)
	default:
		return nil, c.deadLocked()
	}
	c.settled = make(chan struct{})
	c.setStateLocked(stateConnecting)
	return c.settled, nil
}

func (c *GroupCall) connectFailed(err error) error {
	err = fmt.Errorf("connecting chat %d: %w", c.chat, err)
	c.mu.Lock()
	switch {
	case c.state != stateConnecting: // Stop came in between
	case errors.Is(err, models.ErrConnectionTimeout):
		c.why = err
		c.setStateLocked(stateTimeout)
	default:
		c.why = err
		c.setStateLocked(stateFailed)
	}
	c.mu.Unlock()
	c.play.fail(fmt.Errorf("%w: %w", models.ErrConnectionFailed, err))
	return err
}

func (c *GroupCall) connected(link *rtc.Link) error {
	c.mu.Lock()
	if c.state != stateConnecting {
		c.mu.Unlock()
		link.Close()
		return fmt.Errorf("connecting chat %d: %w", c.chat, context.Cause(c.life))
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
	if c.state != stateConnected && c.state != stateDisconnected {
		return
	}
	switch c.link.State() {
	case models.Connected:
		c.setStateLocked(stateConnected)
	case models.Disconnected:
		c.setStateLocked(stateDisconnected)
	case models.Failed:
		c.why = fmt.Errorf("%w: the server of chat %d has not been heard for too long, or has closed the connection; join again "+
			"with a new CreateCall", models.ErrConnectionFailed, c.chat)
		c.setStateLocked(stateFailed)
		link, why := c.link, c.why
		c.background.Go(func() {
			c.play.fail(why)
			link.Close()
		})
	}
}

// SetStreamSources opens a source and plays it instead of the current one. Before Connect the source is opened and starts with the
// connection; during Connect the call waits for its outcome. An error leaves everything as it was.
func (c *GroupCall) SetStreamSources(ctx context.Context, source media.Source, options media.EncodeOptions) error {
	if err := c.alive(); err != nil {
		return err
	}
	if err := c.play.setSource(ctx, request{source: source, options: options}); err != nil {
		return fmt.Errorf("source of chat %d: %w", c.chat, err)
	}
	c.mu.Lock()
	settled := c.settled
	c.mu.Unlock()
	if settled == nil {
		return nil
	}
	select {
	case <-settled:
		return c.alive()
	case <-ctx.Done():
		return nil // the source is in its place, and the connection will tell by its events how it ended
	}
}

// Stop implements Call.
func (c *GroupCall) Stop(ctx context.Context, cause error) {
	c.mu.Lock()
	c.setStateLocked(stateClosed)
	link, settled := c.link, c.settled
	c.mu.Unlock()
	c.stop(ctx, cause, func() {
		if link != nil {
			link.Close()
		}
		if settled != nil {
			<-settled
		}
	})
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
