package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"gotgcall"
	"gotgcall/examples/player"
)

// requestTimeout is how long Telegram may take to answer a request.
const requestTimeout = 20 * time.Second

var (
	errNoCall       = fmt.Errorf("%w: the chat has no voice chat; start one, then try again", gotgcall.ErrJoinRefused)
	errNoConnection = errors.New("the answer to phone.joinGroupCall has no updateGroupCallConnection; try again")
	errNotJoined    = errors.New("this account has not joined the voice chat")
	errUnknownChat  = fmt.Errorf("%w: this is not a group, or no message of it was seen", gotgcall.ErrJoinRefused)
)

// groupCalls joins group calls by gotd, and leaves them. It is the library's Signaler.
type groupCalls struct {
	// set at construction
	api    *tg.Client
	onMute func(chatID int64, muted bool) // whether an admin has muted us; also when nothing has changed
	onEnd  func(chatID int64)             // the voice chat is over for everybody

	mu    sync.Mutex
	peers map[int64]tg.InputPeerClass // chats of which messages were seen
	calls map[int64]*membership       // by chat
}

var _ gotgcall.Signaler = (*groupCalls)(nil)

// membership is a call that we are in.
type membership struct {
	call    *tg.InputGroupCall
	version int  // of the list of participants, as far as we know it
	locked  bool // muted by an admin, so that we cannot undo it
}

// newGroupCalls returns the group calls of a client that has logged in as a user.
func newGroupCalls(api *tg.Client) *groupCalls {
	return &groupCalls{api: api, peers: map[int64]tg.InputPeerClass{}, calls: map[int64]*membership{}}
}

// Join joins the voice chat of a chat with the params of the library, and returns those for it.
func (g *groupCalls) Join(ctx context.Context, chatID int64, params string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	call, err := g.find(ctx, chatID)
	if err != nil {
		return "", fmt.Errorf("chat %d: %w", chatID, explain(err))
	}
	answer, err := g.api.PhoneJoinGroupCall(ctx, &tg.PhoneJoinGroupCallRequest{
		Call: call, JoinAs: &tg.InputPeerSelf{}, VideoStopped: true, Params: tg.DataJSON{Data: params},
	})
	if err != nil {
		return "", explain(err)
	}
	updates := listOf(answer)
	connection, err := connectionIn(updates)
	if err != nil {
		return "", err
	}
	g.enter(chatID, call)
	for _, u := range updates { // what an answer brings along does not come again
		g.take(ctx, u)
	}
	return connection, nil
}

// Leave leaves the voice chat; to be out of it already is no error.
func (g *groupCalls) Leave(ctx context.Context, chatID int64, source int32) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	call := g.callOf(chatID)
	if call == nil {
		return nil
	}
	_, err := g.api.PhoneLeaveGroupCall(ctx, &tg.PhoneLeaveGroupCallRequest{Call: call, Source: int(source)})
	if err == nil || tgerr.Is(err, "GROUPCALL_JOIN_MISSING", "GROUPCALL_INVALID", "GROUPCALL_FORBIDDEN") {
		g.forget(chatID)
		return nil
	}
	return explain(err)
}

// Check returns those of the sources that the server still knows.
func (g *groupCalls) Check(ctx context.Context, chatID int64, sources []int32) ([]int32, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	call := g.callOf(chatID)
	if call == nil {
		return nil, fmt.Errorf("chat %d: %w", chatID, errNotJoined)
	}
	request := &tg.PhoneCheckGroupCallRequest{Call: call}
	for _, source := range sources {
		request.Sources = append(request.Sources, int(source))
	}
	answer, err := g.api.PhoneCheckGroupCall(ctx, request)
	if tgerr.Is(err, "GROUPCALL_JOIN_MISSING") {
		return nil, nil // none of them
	}
	var present []int32
	for _, source := range answer {
		present = append(present, int32(source))
	}
	return present, explain(err)
}

// Unmute unmutes us. An admin who takes a mute back does not do it for us: he lets us do it.
func (g *groupCalls) Unmute(ctx context.Context, chatID int64) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	call := g.callOf(chatID)
	if call == nil {
		return fmt.Errorf("chat %d: %w", chatID, errNotJoined)
	}
	request := &tg.PhoneEditGroupCallParticipantRequest{Call: call, Participant: &tg.InputPeerSelf{}}
	request.SetMuted(false) // not the field: what is not set is not changed
	_, err := g.api.PhoneEditGroupCallParticipant(ctx, request)
	return explain(err)
}

// find asks for the voice chat of a chat.
func (g *groupCalls) find(ctx context.Context, chatID int64) (*tg.InputGroupCall, error) {
	peer, err := g.peer(chatID)
	if err != nil {
		return nil, err
	}
	var full *tg.MessagesChatFull
	switch peer := peer.(type) {
	case *tg.InputPeerChannel: // a supergroup
		full, err = g.api.ChannelsGetFullChannel(ctx, &tg.InputChannel{ChannelID: peer.ChannelID, AccessHash: peer.AccessHash})
	case *tg.InputPeerChat: // a small group
		full, err = g.api.MessagesGetFullChat(ctx, peer.ChatID)
	}
	if err != nil {
		return nil, err
	}
	var call tg.InputGroupCallClass
	switch chat := full.FullChat.(type) {
	case *tg.ChannelFull:
		call = chat.Call
	case *tg.ChatFull:
		call = chat.Call
	}
	if call, ok := call.(*tg.InputGroupCall); ok {
		return call, nil
	}
	return nil, errNoCall
}

// explain puts before an error of Telegram what can be done about it.
func explain(err error) error {
	if wait, ok := tgerr.AsFloodWait(err); ok {
		return player.FloodWait(err, wait)
	}
	if refusal, ok := tgerr.As(err); ok {
		return player.Explain(err, refusal.Type)
	}
	return err
}
