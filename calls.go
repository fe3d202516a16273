package gotgcall

import (
	"context"
	"fmt"

	"gotgcall/instances"
	"gotgcall/jsonparams"
	"gotgcall/media"
	"gotgcall/models"
)

// CreateCall starts a new WebRTC group-call instance for chatID and returns the JSON params the caller must pass to phone.joinGroupCall. It
// costs neither a socket nor a goroutine, so the join may take as long as it needs.
//
// A chat that already has a call gives ErrConnectionExists, unless that call has failed or timed out: then the new one takes its place, also when
// what it plays waits for Rejoin. docs/STATES.md has what every method does in each state of a call.
func (c *Client) CreateCall(chatID int64) (string, error) {
	return c.CreateCallContext(context.Background(), chatID)
}

// CreateCallContext is CreateCall, given up when ctx ends.
func (c *Client) CreateCallContext(ctx context.Context, chatID int64) (string, error) {
	if err := c.free(chatID); err != nil {
		return "", err
	}
	identity, err := c.env.Engine.NewIdentity()
	if err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", context.Cause(ctx)
	}
	if err := c.insert(chatID, func() instances.Call { return instances.NewGroupCall(chatID, identity, c.env) }); err != nil {
		return "", err
	}
	return identity.Payload(), nil
}

// StartRTMP creates a live broadcast for chatID: the same methods play into it, and it is pushed to an RTMP server. rtmpURL is the URL of
// phone.getGroupCallStreamRtmpUrl with the stream key appended: rtmp or rtmps, a host, a path. Anything else is ErrInvalidParams, also that URL without the
// key; a chat that has a call already is ErrConnectionExists, unless that has failed.
//
// Sources are played with their picture, or the cover, unless their Tracks say otherwise. The connection is made with the first source, whose
// options say how the broadcast is encoded (H.264 and AAC); later sources are fitted into that. It lasts until Stop: what is paused, muted, over
// or missing is sent as the last picture, black or silence, for servers close what falls silent. When it breaks, the media stands still
// (OnConnectionChange tells Disconnected) and it is made again; after 60 s without success the state is Failed and what plays ends with
// ErrConnectionFailed. docs/RTMP.md has the details.
//
// Methods that are about WebRTC (Connect, AudioSSRC, LeaveSource, Sources) return ErrWrongMode.
func (c *Client) StartRTMP(chatID int64, rtmpURL string) error {
	if err := c.free(chatID); err != nil {
		return err
	}
	target, err := media.ParsePushTarget(rtmpURL)
	if err == nil {
		err = target.Allow(c.env.URLPolicy)
	}
	if err != nil {
		return err
	}
	return c.insert(chatID, func() instances.Call { return instances.NewRTMPCall(chatID, target, c.env) })
}

// free returns nil when the chat can get a call.
func (c *Client) free(chatID int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.freeLocked(chatID)
}

func (c *Client) freeLocked(chatID int64) error {
	if c.calls == nil {
		return models.ErrClosed
	}
	if old, ok := c.calls[chatID]; ok && !old.Dead() {
		return fmt.Errorf("%w: chat %d; Stop it first", models.ErrConnectionExists, chatID)
	}
	return nil
}

// insert gives the chat a call, if nobody was faster. A dead call that it replaces is stopped in the background.
func (c *Client) insert(chatID int64, create func() instances.Call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.freeLocked(chatID); err != nil {
		return err
	}
	if old, ok := c.calls[chatID]; ok {
		c.stopping.Go(func() { old.Stop(context.Background(), models.ErrConnectionNotFound) })
	}
	c.calls[chatID] = create()
	return nil
}

// Connect finishes the WebRTC handshake using Telegram's response JSON: the params of updateGroupCallConnection. It returns when media can
// flow, or with ErrInvalidParams or ErrUnsupportedCallMode (the answer is unusable, the call still waits for a right one),
// ErrConnectionExists (the call is connecting or connected already, and goes on), ErrConnectionTimeout, ErrConnectionFailed or
// ErrFingerprint (the call has failed; Rejoin or CreateCall make a new join payload). Each join payload serves one connection; an answer that belongs to
// another one ends in ErrConnectionTimeout.
func (c *Client) Connect(chatID int64, telegramParams string) error {
	return c.ConnectContext(context.Background(), chatID, telegramParams)
}

// ConnectContext is Connect, given up when ctx ends: the call has then failed.
func (c *Client) ConnectContext(ctx context.Context, chatID int64, telegramParams string) error {
	call, err := c.groupCall(chatID)
	if err != nil {
		return err
	}
	return call.Connect(ctx, telegramParams)
}

// Stop tears down the call and clears everything the library kept of it; after Stop the chatID can be used again. It returns within two
// seconds, whatever child processes and the network do. It causes no OnStreamEnd; one that had happened before may still be waiting for its
// turn behind other callbacks. You still have to leave the call by phone.leaveGroupCall; for a call of Play, Leave does both.
func (c *Client) Stop(chatID int64) error {
	return c.StopContext(context.Background(), chatID)
}

// StopContext is Stop; when ctx ends first, the call is stopped all the same, but what it held may still be ending in the background.
func (c *Client) StopContext(ctx context.Context, chatID int64) error {
	call, err := c.call(chatID)
	if err != nil {
		return err
	}
	c.drop(ctx, chatID, call)
	return nil
}

// drop forgets a call and stops it.
func (c *Client) drop(ctx context.Context, chatID int64, call instances.Call) {
	c.mu.Lock()
	if c.calls[chatID] == call { // and not a new call of the same chat
		delete(c.calls, chatID)
	}
	c.mu.Unlock()
	call.Stop(ctx, models.ErrConnectionNotFound)
}

// Calls returns a snapshot of all calls by chat, failed ones included until Stop or CreateCall. It is empty after Close.
func (c *Client) Calls() map[int64]CallInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	infos := make(map[int64]CallInfo, len(c.calls))
	for chatID, call := range c.calls {
		infos[chatID] = CallInfo{CaptureTimeMs: call.Time()}
	}
	return infos
}

// Stats returns what the call has done so far: what was sent and dropped, what the server reports, how it is connected. It is cheap enough to be
// asked for each second of a thousand calls.
func (c *Client) Stats(chatID int64) (CallStats, error) {
	call, err := c.call(chatID)
	if err != nil {
		return CallStats{}, err
	}
	return call.Stats(), nil
}

// Diagnose says in plain words why nobody hears anything, with the evidence: what to ask for, and to log, when a call is silent.
func (c *Client) Diagnose(chatID int64) (Diagnosis, error) {
	call, err := c.call(chatID)
	if err != nil {
		return Diagnosis{}, err
	}
	return call.Diagnose(), nil
}

// AudioSSRC returns the audio SSRC of a WebRTC call, 1 to 0x7fffffff; another one after each Rejoin. LeaveSource has the same number as
// phone.leaveGroupCall wants it.
func (c *Client) AudioSSRC(chatID int64) (uint32, error) {
	call, err := c.groupCall(chatID)
	if err != nil {
		return 0, err
	}
	return call.AudioSSRC(), nil
}

// LeaveSource returns the source number for phone.leaveGroupCall.
func (c *Client) LeaveSource(chatID int64) (int32, error) {
	ssrc, err := c.AudioSSRC(chatID)
	return jsonparams.SourceID(ssrc), err
}

// Sources returns the source numbers for phone.checkGroupCall.
func (c *Client) Sources(chatID int64) ([]int32, error) {
	source, err := c.LeaveSource(chatID)
	if err != nil {
		return nil, err
	}
	return []int32{source}, nil
}
