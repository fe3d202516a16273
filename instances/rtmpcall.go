package instances

import (
	"context"
	"fmt"
	"time"

	"gotgcall/internal/broadcast"
	"gotgcall/media"
	"gotgcall/models"
)

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
	wanted := optionsOf(source).Merge(options)
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
