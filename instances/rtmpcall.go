package instances

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"gotgcall/internal/broadcast"
	"gotgcall/media"
	"gotgcall/models"
)

// pushLimits are the durations a broadcast works with; tests shorten them.
type pushLimits struct {
	// minBackoff and maxBackoff bound the wait between two attempts to reach the server; it doubles from one to the other. Each is up to a
	// quarter shorter or longer, so that a thousand broadcasts do not come back at one moment.
	minBackoff, maxBackoff time.Duration
	// refusedBackoff is the longest wait while nobody listens at all: the server is being restarted, and is to be found soon after.
	refusedBackoff time.Duration
	// renews is how long a connection lasts after which the next wait is short again.
	renews time.Duration
	// patience is how long a broadcast goes on trying without a connection that holds, and holds how long one lasts that does.
	patience, holds time.Duration
	// backlog is how much media may wait for an encoder or a server that takes nothing.
	backlog time.Duration
	// farewell is how long the end of a broadcast may take.
	farewell time.Duration
}

var defaultPushLimits = pushLimits{
	minBackoff: 250 * time.Millisecond, maxBackoff: 10 * time.Second, refusedBackoff: 1500 * time.Millisecond, renews: 2 * time.Second,
	patience: 60 * time.Second, holds: 30 * time.Second,
	backlog: 8 * time.Second, farewell: 1500 * time.Millisecond,
}

// RTMPCall is a live broadcast: what is played is pushed to an RTMP server. The connection is made with the first source and lasts until
// Stop: pauses, seeks and changes of the source do not touch it (see package broadcast). All methods may be called from any goroutine.
type RTMPCall struct {
	call

	// set at construction
	target media.PushTarget
	limits pushLimits

	// guarded by call.mu
	pushing bool                // run has been started; canvas is for good
	canvas  media.EncodeOptions // of the broadcast: those of its first source
	mixer   *broadcast.Mixer    // of run
	pushes  models.PushStats    // the part that run counts
}

// NewRTMPCall returns a broadcast that waits for its first source. It has neither a connection nor a goroutine.
func NewRTMPCall(chat int64, target media.PushTarget, env *Environment) *RTMPCall {
	c := &RTMPCall{target: target, limits: defaultPushLimits}
	c.begin(chat, env, uncompressed)
	return c
}

// SetStreamSources implements Call. The first source also opens the connection; its options say how the broadcast is encoded, and later
// sources are fitted into that. It does not wait for the server.
func (c *RTMPCall) SetStreamSources(ctx context.Context, source media.Source, options media.EncodeOptions) error {
	wanted := media.OptionsOf(source).Merge(options)
	if err := wanted.Validate(); err != nil {
		return err
	}
	if wanted.Tracks == 0 {
		options.Tracks = media.TrackAudio | media.TrackVideo // a broadcast is something to see
	}
	for {
		canvas, err := c.canvasFor(wanted)
		if err != nil {
			return err
		}
		options.VideoWidth, options.VideoHeight, options.VideoFPS = canvas.VideoWidth, canvas.VideoHeight, canvas.VideoFPS
		if err := c.play.setSource(ctx, request{source: source, options: options}); err != nil {
			return fmt.Errorf("source of chat %d: %w", c.chat, err)
		}
		if c.startPushing(canvas) {
			return nil
		}
	}
}

// canvasFor returns the options of the broadcast: those of the first source that plays, which may be this one.
func (c *RTMPCall) canvasFor(wanted media.EncodeOptions) (media.EncodeOptions, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state.dead():
		return media.EncodeOptions{}, c.deadLocked()
	case c.pushing:
		return c.canvas, nil
	default:
		return wanted.Complete(), nil
	}
}

// startPushing starts the connection with the first source that plays. It reports false when another one was faster, and of another size.
func (c *RTMPCall) startPushing(canvas media.EncodeOptions) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pushing {
		return c.canvas.VideoWidth == canvas.VideoWidth && c.canvas.VideoHeight == canvas.VideoHeight
	}
	if c.state == stateNew {
		c.canvas, c.pushing = canvas, true
		c.setStateLocked(stateConnecting)
		c.background.Go(c.run)
	}
	return true
}

// run keeps the broadcast connected until Stop, or until the server could not be reached for too long.
func (c *RTMPCall) run() {
	mixer := broadcast.NewMixer(broadcast.Config{Width: c.canvas.VideoWidth &^ 1, Height: c.canvas.VideoHeight &^ 1, FPS: c.canvas.VideoFPS})
	c.mu.Lock()
	c.mixer = mixer
	c.mu.Unlock()
	backoff, patience := c.limits.minBackoff, time.Now().Add(c.limits.patience)
	for c.life.Err() == nil {
		held, err := c.push(mixer)
		c.counted(func(s *models.PushStats) { s.LastError = err })
		if c.life.Err() != nil {
			return
		}
		switch {
		case held >= c.limits.holds:
			patience = time.Now().Add(c.limits.patience)
		case held > 0: // that time was not spent waiting; but who takes everyone and hangs up soon is given up after some times, too
			patience = patience.Add(held - c.limits.patience/6)
		}
		if held >= c.limits.renews {
			backoff = c.limits.minBackoff
		}
		if errors.Is(err, media.ErrNoEncoder) || time.Now().After(patience) {
			c.fail(err)
			return
		}
		longest := c.limits.maxBackoff
		if errors.Is(err, media.ErrNoServer) {
			longest = min(longest, c.limits.refusedBackoff)
		}
		wait := min(longest, time.Duration(float64(backoff)*(0.75+0.5*rand.Float64())))
		c.env.Logger.Warn("the broadcast has no connection; trying again", "chat", c.chat, "in", wait.Round(time.Millisecond), "reason", err)
		select {
		case <-time.After(wait):
		case <-c.life.Done():
		}
		backoff = min(2*backoff, c.limits.maxBackoff)
	}
}

// fail ends the broadcast.
func (c *RTMPCall) fail(err error) {
	c.mu.Lock()
	if c.state.dead() { // Stop was faster
		c.mu.Unlock()
		return
	}
	c.why = fmt.Errorf("%w: the RTMP server of chat %d: %w", models.ErrConnectionFailed, c.chat, err)
	why := c.why
	c.setStateLocked(stateFailed)
	c.mu.Unlock()
	c.play.fail(why)
}

var errHung = fmt.Errorf("%w: the server takes nothing any more, or this machine is too slow to encode: try a smaller picture or a lower rate",
	models.ErrStalled)

// push is one connection. It returns how long the server took the media, and why it ended.
func (c *RTMPCall) push(mixer *broadcast.Mixer) (held time.Duration, err error) {
	// Not the call's own life: Stop says good-bye first.
	ctx := media.WithRunner(context.WithoutCancel(c.life), c.env.Runner)
	c.counted(func(s *models.PushStats) { s.Attempts++ })
	p, err := c.target.Push(ctx, c.canvas)
	if err != nil {
		return 0, err
	}
	out := &pushOutlet{mixer: mixer, backlog: c.limits.backlog, hung: make(chan struct{})}
	mixer.Begin(p.Input(), time.Now())
	c.play.connect(out, false)
	var since time.Time
	live := p.Live()
	for {
		select {
		case <-live:
			live, since = nil, time.Now()
			c.play.connect(out, true)
			c.counted(func(s *models.PushStats) { s.Connections++ })
			c.changed(stateConnected)
			continue
		case <-p.Done():
			err = p.Err()
		case <-out.hung:
			err = errHung
		case <-c.life.Done():
			c.play.disconnect()
			if since.IsZero() { // nobody to say good-bye to
				mixer.Abort()
				return 0, p.Close()
			}
			select {
			case <-mixer.End():
			case <-time.After(c.limits.farewell / 2):
				mixer.Abort()
			}
			return 0, p.Finish(c.limits.farewell / 2)
		}
		c.play.disconnect()
		mixer.Abort()
		c.changed(stateDisconnected)
		if err == nil {
			err = errors.New("it ended without a reason")
		}
		if since.IsZero() {
			return 0, errors.Join(err, p.Close())
		}
		return time.Since(since), errors.Join(err, p.Close())
	}
}

// counted changes the statistics.
func (c *RTMPCall) counted(change func(*models.PushStats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.pushes)
}

// changed takes note of a new state of the connection.
func (c *RTMPCall) changed(s callState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setStateLocked(s)
}

// Stop implements Call. The server is told that the broadcast is over.
func (c *RTMPCall) Stop(ctx context.Context, cause error) {
	c.mu.Lock()
	c.setStateLocked(stateClosed)
	c.mu.Unlock()
	c.stop(ctx, cause, func() {})
}

// Stats implements Call.
func (c *RTMPCall) Stats() models.CallStats {
	s := c.stats()
	c.mu.Lock()
	mixer := c.mixer
	s.Push = c.pushes
	c.mu.Unlock()
	s.Push.Server = c.target.String()
	if mixer != nil {
		m := mixer.Stats()
		s.Push.Silence, s.Push.Repeated, s.Push.Dropped = m.Silence, m.Repeated, m.Dropped
		s.Push.Backlog = mixer.Backlog()
	}
	return s
}

// Diagnose implements Call.
func (c *RTMPCall) Diagnose() models.Diagnosis { return diagnose(c.Stats(), false, 0, time.Now()) }
