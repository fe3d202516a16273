package gotgcall

import (
	"context"
	"errors"
	"fmt"

	"gotgcall/instances"
	"gotgcall/media"
	"gotgcall/models"
)

// Play plays a source in a chat, whatever that takes: it creates the call, joins it through the signaler, connects it, and returns when the source
// plays. In a chat where Play plays already, or is about to, it takes the place of the source before. Non-zero fields of opt win over the source's own
// options.
//
// A source that cannot be played is an error at once, and nothing was joined for it. A join or a connection that fails is tried again with a new
// identity, after 0.3, 1.2, 2.7, 4.8 and then 7 seconds, 8 times in all; meanwhile a signaler that is a [Checker] is asked every 4 seconds whether the
// join is still known. [ErrJoinRefused] from the signaler, and ErrUnsupportedCallMode, end the tries. When they fail, or ctx ends, Play leaves again what
// it has joined, which may take 5 seconds, and the chat has no call, unless a Play before it had succeeded: then everything is as it was. The error is
// that of SetStreamSources, ErrConnectionFailed after the last try, with that one's reason, or what has ended the tries.
//
// From then on the Client looks after the connection: when it is lost, what plays stands still while the chat is joined again in the same way, and goes
// on where it was (OnConnectionChange tells; OnRejoinNeeded is not called). When that fails 8 times in a row, what plays ends with
// ErrConnectionFailed, and the signaler leaves. Stop ends all that without a word to Telegram; [Client.Leave] leaves. After OnStreamEnd the bot stays in
// the call until then.
//
// In a call that was made by CreateCall and Connect the source is played as by SetStreamSources, and the connection stays yours. Before its Connect the
// error is ErrConnectionExists; in a broadcast it is ErrWrongMode. One that has failed makes way for a call of Play, also when it waits for Rejoin.
func (c *Client) Play(ctx context.Context, chatID int64, source Source, signaler Signaler, opt ...EncodeOptions) error {
	options, err := checked(source, opt)
	if err != nil {
		return err
	}
	if signaler == nil {
		return fmt.Errorf("%w: the signaler is nil; to play in a call that you have joined yourself use SetStreamSources", models.ErrInvalidParams)
	}
	for {
		err := c.play(ctx, chatID, source, signaler, options)
		if !errors.Is(err, errAgain) {
			return err
		}
	}
}

// errAgain asks play to be called again: another call has come between.
var errAgain = errors.New("gotgcall: the chat's call has changed meanwhile")

// play plays into the call that the chat has, or gives it one.
func (c *Client) play(ctx context.Context, chatID int64, source Source, signaler Signaler, options media.EncodeOptions) error {
	call, err := c.callForPlay(ctx, chatID, signaler)
	switch {
	case err != nil:
		return err
	case call.Played():
		if err = call.Play(ctx, source, options, signaler); errors.Is(err, instances.ErrGivenUp) {
			return errAgain
		}
		return err
	case call.Waits():
		return fmt.Errorf("%w: chat %d; it was made by CreateCall and waits for Connect", models.ErrConnectionExists, chatID)
	default:
		return call.SetStreamSources(ctx, source, options)
	}
}

// callForPlay returns the chat's call; when it has none, or a dead one that nobody looks after, a new one.
func (c *Client) callForPlay(ctx context.Context, chatID int64, signaler Signaler) (*instances.GroupCall, error) {
	call, err := c.groupCall(chatID)
	switch {
	case errors.Is(err, models.ErrWrongMode) && c.free(chatID) != nil:
		return nil, fmt.Errorf("%w: chat %d is an RTMP broadcast, which is not joined: SetStreamSources plays into it", models.ErrWrongMode, chatID)
	case err == nil && (call.Played() || !call.Dead()):
		return call, nil
	case errors.Is(err, models.ErrClosed):
		return nil, err
	}
	identity, err := c.env.Engine.NewIdentity()
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	discard := func(call *instances.GroupCall) { c.drop(context.Background(), chatID, call) }
	err = c.insert(chatID, func() instances.Call {
		call = instances.NewPlayedCall(chatID, identity, c.env, signaler, discard)
		return call
	})
	if errors.Is(err, models.ErrConnectionExists) {
		return nil, errAgain
	}
	return call, err
}

// Leave stops the call of a chat, as Stop does, and then leaves it through the signaler of its Play, whose error it returns. A call that was not made
// by Play is only stopped. ctx bounds both.
func (c *Client) Leave(ctx context.Context, chatID int64) error {
	call, err := c.call(chatID)
	if err != nil {
		return err
	}
	c.drop(ctx, chatID, call)
	if group, ok := call.(*instances.GroupCall); ok {
		return group.Leave(ctx)
	}
	return nil
}
