package instances

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gotgcall/internal/rtc"
	"gotgcall/jsonparams"
	"gotgcall/media"
	"gotgcall/models"
)

// GroupCall is a WebRTC group call. All methods may be called from any goroutine.
type GroupCall struct {
	// set at construction
	chat     int64
	env      *Environment
	identity *rtc.Identity
	life     context.Context // ends with Stop; the cause says why
	end      context.CancelCauseFunc
	play     *playback

	background sync.WaitGroup // a failed link that closes, a Connect that is given up

	mu      sync.Mutex
	state   callState
	link    *rtc.Link
	settled chan struct{} // closed when Connect has ended; nil before it was called
	why     error         // the reason of a failed or timed-out state
}

// NewGroupCall returns a call that waits for Connect. It has neither a socket nor a goroutine.
func NewGroupCall(chat int64, identity *rtc.Identity, env *Environment) *GroupCall {
	c := &GroupCall{chat: chat, env: env, identity: identity}
	c.life, c.end = context.WithCancelCause(context.Background())
	c.play = newPlayback(c.life, chat, env)
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
	c.play.connect(&linkOutlet{link: link, clock: c.play.clock})
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

// setStateLocked changes the state and posts the event. What may not follow the present state is ignored.
func (c *GroupCall) setStateLocked(s callState) {
	if !c.state.may(s) {
		return
	}
	c.state = s
	c.env.Events.ConnectionChange(c.chat, s.connState())
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

// alive returns nil while the call can play.
func (c *GroupCall) alive() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.dead() {
		return c.deadLocked()
	}
	return nil
}

func (c *GroupCall) deadLocked() error {
	if c.state == stateClosed {
		return fmt.Errorf("%w: chat %d was stopped", models.ErrConnectionNotFound, c.chat)
	}
	return fmt.Errorf("%w: the call of chat %d is %s; begin again with CreateCall: %w", models.ErrNotConnected, c.chat, c.state, c.why)
}

// Dead tells whether the call has failed or ended, so that another CreateCall may take its place.
func (c *GroupCall) Dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.dead()
}

// Pause freezes the media; it reports whether that is a change.
func (c *GroupCall) Pause() (bool, error) { return c.control(c.play.pause) }

// Resume ends a pause; it reports whether that is a change.
func (c *GroupCall) Resume() (bool, error) { return c.control(c.play.resume) }

// SetMuted stops or restores the sound; it reports whether that is a change.
func (c *GroupCall) SetMuted(muted bool) (bool, error) {
	return c.control(func() bool { return c.play.setMuted(muted) })
}

func (c *GroupCall) control(change func() bool) (bool, error) {
	if err := c.alive(); err != nil {
		return false, err
	}
	return change(), nil
}

// State returns what the call sends.
func (c *GroupCall) State() models.MediaState { return c.play.state() }

// Time returns the position in milliseconds of media pushed.
func (c *GroupCall) Time() uint64 { return uint64(max(0, c.play.position.Load())) }

// Stop ends the call. It returns when its processes, sockets and goroutines are gone, or after stopTimeout, or when ctx ends: what is left
// then goes on ending in the background. What was waiting for the call gets cause. It may be called more than once.
func (c *GroupCall) Stop(ctx context.Context, cause error) {
	c.mu.Lock()
	c.setStateLocked(stateClosed)
	link, settled := c.link, c.settled
	c.mu.Unlock()
	c.end(fmt.Errorf("%w: chat %d was stopped", cause, c.chat))
	wait := c.play.close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if link != nil {
			link.Close()
		}
		if settled != nil {
			<-settled
		}
		wait()
		c.background.Wait()
	}()
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-gone:
	case <-timer.C:
		c.env.Logger.Warn("the call has stopped, but not everything behind it has ended yet", "chat", c.chat, "waited", stopTimeout)
	case <-ctx.Done():
	}
}
