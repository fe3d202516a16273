package instances

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gotgcall/media"
	"gotgcall/models"
)

// Call is what every kind of call can do. All methods may be called from any goroutine.
type Call interface {
	// SetStreamSources opens a source and plays it instead of the current one. An error leaves everything as it was.
	SetStreamSources(ctx context.Context, source media.Source, options media.EncodeOptions) error
	// SeekBy moves the position of what plays. An error leaves everything as it was.
	SeekBy(ctx context.Context, delta time.Duration) error
	// SetSpeed and SetVolume change how what plays is played, its position kept. An error leaves everything as it was.
	SetSpeed(ctx context.Context, speed float64) error
	SetVolume(ctx context.Context, volume float64) error
	// Pause freezes the media; it reports whether that is a change.
	Pause() (bool, error)
	// Resume ends a pause; it reports whether that is a change.
	Resume() (bool, error)
	// SetMuted stops or restores the sound; it reports whether that is a change.
	SetMuted(muted bool) (bool, error)
	// State returns what the call sends.
	State() models.MediaState
	// Time returns the position in milliseconds of media pushed.
	Time() uint64
	// Stats returns what the call has done so far.
	Stats() models.CallStats
	// Diagnose says why nobody hears anything.
	Diagnose() models.Diagnosis
	// Dead tells whether the call has failed or ended, so that another one may take its place.
	Dead() bool
	// Stop ends the call. It returns when its processes, sockets and goroutines are gone, or after stopTimeout, or when ctx ends: what is left
	// then goes on ending in the background. What was waiting for the call gets cause. It may be called more than once.
	Stop(ctx context.Context, cause error)
}

// call is what the kinds of calls have in common: a life, a state and a playback.
type call struct {
	// set by begin
	chat int64
	env  *Environment
	life context.Context // ends with Stop; the cause says why
	end  context.CancelCauseFunc
	play *playback

	background sync.WaitGroup // goroutines of the call

	mu    sync.Mutex
	state callState
	since time.Time // of the state
	why   error     // the reason of a failed or timed-out state
	held  *hold     // while what plays waits for another connection; nil otherwise
}

// begin makes the zero value a call that waits for its connection. It has neither a socket nor a goroutine.
func (c *call) begin(chat int64, env *Environment, f format) {
	c.chat, c.env = chat, env.of(chat)
	c.life, c.end = context.WithCancelCause(context.Background())
	c.play = newPlayback(c.life, chat, c.env, f)
}

// setStateLocked changes the state and posts the event. What may not follow the present state is ignored.
func (c *call) setStateLocked(s callState) {
	if !c.state.may(s) {
		return
	}
	before := c.state
	c.state, c.since = s, time.Now()
	if !before.dead() || s != stateClosed { // the end of a call that has failed is no news
		c.env.Events.ConnectionChange(c.chat, s.connState())
	}
}

// alive returns nil while the call can play.
func (c *call) alive() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.dead() && c.held == nil {
		return c.deadLocked()
	}
	return nil
}

func (c *call) deadLocked() error {
	if c.state == stateClosed {
		return fmt.Errorf("%w: chat %d was stopped", models.ErrConnectionNotFound, c.chat)
	}
	return fmt.Errorf("%w: the call of chat %d is %s; begin again: %w", models.ErrNotConnected, c.chat, c.state, c.why)
}

// Dead implements Call.
func (c *call) Dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.dead()
}

// SeekBy implements Call.
func (c *call) SeekBy(ctx context.Context, delta time.Duration) error {
	if err := c.alive(); err != nil {
		return err
	}
	if err := c.play.move(ctx, move{by: delta}); err != nil {
		return fmt.Errorf("seeking in chat %d: %w", c.chat, err)
	}
	return nil
}

// SetSpeed implements Call.
func (c *call) SetSpeed(ctx context.Context, speed float64) error {
	return c.adjust(ctx, "speed", move{change: func(o *media.EncodeOptions) { o.Speed = speed }})
}

// SetVolume implements Call.
func (c *call) SetVolume(ctx context.Context, volume float64) error {
	return c.adjust(ctx, "volume", move{change: func(o *media.EncodeOptions) { o.Volume = volume }, live: true})
}

func (c *call) adjust(ctx context.Context, what string, m move) error {
	if err := c.alive(); err != nil {
		return err
	}
	if err := c.play.move(ctx, m); err != nil {
		return fmt.Errorf("changing the %s in chat %d: %w", what, c.chat, err)
	}
	return nil
}

// Pause implements Call.
func (c *call) Pause() (bool, error) { return c.control(c.play.pause) }

// Resume implements Call.
func (c *call) Resume() (bool, error) { return c.control(c.play.resume) }

// SetMuted implements Call.
func (c *call) SetMuted(muted bool) (bool, error) {
	return c.control(func() bool { return c.play.setMuted(muted) })
}

func (c *call) control(change func() bool) (bool, error) {
	if err := c.alive(); err != nil {
		return false, err
	}
	return change(), nil
}

// State implements Call.
func (c *call) State() models.MediaState { return c.play.state() }

// Time implements Call.
func (c *call) Time() uint64 { return uint64(max(0, c.play.position.Load())) }

// stats fills in what all calls have.
func (c *call) stats() (s models.CallStats) {
	c.mu.Lock()
	s.State, s.Since = c.state.connState(), c.since
	c.mu.Unlock()
	c.play.stats(&s)
	return s
}

// stop ends what all calls have; disconnect ends the connection and waits until it is gone.
func (c *call) stop(ctx context.Context, cause error, disconnect func()) {
	cause = fmt.Errorf("%w: chat %d was stopped", cause, c.chat)
	c.play.halt(cause)
	c.end(cause)
	wait := c.play.close()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		disconnect()
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
