package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// chatID is the group. The library only tells calls apart by it.
const chatID = -1001234567890

// call is the demo's one call.
type call struct {
	// set at construction
	settings settings
	screen   *screen
	client   *gotgcall.Client
	server   *sfutest.Server // stands for Telegram and for the bot's MTProto client
	listener *listener
	ended    chan legEnd // what OnStreamEnd said

	// owned by run's goroutine
	times    callTimes
	middle   middle
	sounding bool // the end of the sound is still to come
	anEnd    bool // an end of what is being played has come
}

// legEnd is the end of the sound or the picture: err is nil when it was the natural one.
type legEnd struct {
	leg gotgcall.StreamType
	err error
}

// callTimes are moments of a call.
type callTimes struct {
	connecting, connected, playing time.Time
	position                       time.Duration // in the last source, when the call was left
	naturalEnd                     bool
	streamEnd                      error
}

// run is all that a bot does with the library, from the first to the last call of it.
func (c *call) run(ctx context.Context) error {
	// Called when the song is over, or what plays it breaks: where a bot takes the next one from its queue. A film has two ends.
	c.client.OnStreamEnd(func(_ int64, leg gotgcall.StreamType, _ gotgcall.Device, err error) { c.ended <- legEnd{leg, err} })
	c.client.OnConnectionChange(func(_ int64, info gotgcall.NetworkInfo) { c.screen.step("the connection is %s", info.State) })

	// What we offer. In a bot it becomes the params of phone.joinGroupCall.
	payload, err := c.client.CreateCall(chatID)
	if err != nil {
		return err
	}
	c.screen.json("CreateCall made the join payload", payload)

	// Telegram's answer. In a bot it is the params of updateGroupCallConnection.
	answer, err := c.server.Join(chatID, payload)
	if err != nil {
		return err
	}
	c.screen.json("the server answered the join", answer)
	c.listener.follow(c.server.Endpoint(chatID))

	// ICE and DTLS; when it returns, media can flow.
	c.times.connecting = time.Now()
	if err := c.client.ConnectContext(ctx, chatID, answer); err != nil {
		return err
	}
	c.times.connected = time.Now()

	// The song. Calling it again later replaces the song without a gap (see middle.go).
	if err := c.client.SetStreamSourcesContext(ctx, chatID, c.settings.source(c.settings.song)); err != nil {
		return err
	}
	c.screen.step("SetStreamSources plays %s", c.settings.song)
	c.times.playing = time.Now()
	failed := c.play(ctx)
	c.listener.catchUp(ctx, c.settings)

	// Leaving takes two: Stop ends our side, and Telegram is told by phone.leaveGroupCall, whose source is this number.
	leave, err := c.client.LeaveSource(chatID)
	if err != nil {
		return err
	}
	if err := c.client.Stop(chatID); err != nil {
		return err
	}
	c.listener.finish()
	if err := c.server.Leave(chatID, leave); err != nil && !errors.Is(err, sfutest.ErrJoinMissing) {
		return err
	}
	c.screen.step("Stop and leave: the call is over")
	return failed
}

// play waits for the end of the song, of the time that was asked for, or of the user's patience; meanwhile it does what is to be done in
// the middle.
func (c *call) play(ctx context.Context) error {
	var limit <-chan time.Time
	if c.settings.length > 0 {
		limit = time.After(c.settings.length)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var err error
		select {
		case end := <-c.ended:
			c.takeEnd(end)
			if end.err != nil {
				return c.takePosition()
			}
		case <-limit:
			c.screen.step("%v have passed", c.settings.length)
			return c.takePosition()
		case <-ctx.Done():
			c.screen.step("interrupted")
			return c.takePosition()
		case <-tick.C:
			err = errors.Join(c.takePosition(), c.actInTheMiddle(ctx))
			c.screen.progress(c.times.position, c.middle.length, c.listener.now())
		}
		switch over, stateErr := c.isOver(); {
		case err != nil || stateErr != nil:
			err = errors.Join(err, stateErr)
		case over && c.middle.changeAt == 0:
			c.times.naturalEnd = true
			return c.takePosition()
		case over:
			err = c.changeSong(ctx) // its end came before its middle: it was shorter than it was said to be
		}
		if err != nil && ctx.Err() == nil { // an interrupted step is no failure
			return err
		}
	}
}

// takePosition asks for the position in the song.
func (c *call) takePosition() error {
	ms, err := c.client.Time(chatID)
	c.times.position = time.Duration(ms) * time.Millisecond
	return err
}

// takeEnd takes note of an end of a leg.
func (c *call) takeEnd(end legEnd) {
	what := "the natural end of the song"
	switch {
	case end.err != nil:
		what = "error: " + end.err.Error()
	case c.settings.film:
		what = fmt.Sprintf("the natural end of the %s", end.leg)
	}
	c.screen.step("OnStreamEnd: %s", what)
	c.anEnd, c.times.streamEnd = true, end.err
	if end.leg == gotgcall.Audio {
		c.sounding = false
	}
}

// isOver tells whether all that was to be played has ended.
func (c *call) isOver() (bool, error) {
	if !c.anEnd || c.sounding {
		return false, nil
	}
	state, err := c.client.GetState(chatID)
	return state.VideoStopped, err
}
