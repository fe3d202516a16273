package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/amarnathcjd/gogram"
	tg "github.com/amarnathcjd/gogram/telegram"

	"gotgcall"
	"gotgcall/examples/player"
)

// requestTimeout is how long Telegram may take to answer a request.
const requestTimeout = 20 * time.Second

var (
	errNoCall       = fmt.Errorf("%w: the chat has no voice chat; start one, then try again", gotgcall.ErrJoinRefused)
	errNoConnection = errors.New("the answer to phone.joinGroupCall has no updateGroupCallConnection; try again")
	errNotJoined    = errors.New("this account has not joined the voice chat")
)

// object is a request of gogram's.
type object interface{ CRC() uint32 }

// groupCalls joins group calls by gogram, and leaves them. It is the library's Signaler.
type groupCalls struct {
	// set at construction
	invoke  func(ctx context.Context, request object) (answer any, err error)
	resolve func(chatID any) (tg.InputPeer, error)
	onMute  func(chatID int64, muted bool) // whether an admin has muted us; also when nothing has changed
	onEnd   func(chatID int64)             // the voice chat is over for everybody

	mu    sync.Mutex
	calls map[int64]*membership // by chat
}

var _ gotgcall.Signaler = (*groupCalls)(nil)

// membership is a call that we are in.
type membership struct {
	call    *tg.InputGroupCallObj
	version int32 // of the list of participants, as far as we know it
	locked  bool  // muted by an admin, so that we cannot undo it
}

// newGroupCalls returns the group calls of a client that has logged in as a user.
func newGroupCalls(client *tg.Client) *groupCalls {
	return &groupCalls{
		invoke:  func(ctx context.Context, r object) (any, error) { return client.MakeRequestCtx(ctx, r) },
		resolve: client.ResolvePeer,
		calls:   map[int64]*membership{},
	}
}

// Join joins the voice chat of a chat with the params of the library, and returns those for it.
func (g *groupCalls) Join(ctx context.Context, chatID int64, params string) (string, error) {
	call, err := g.find(ctx, chatID)
	if err != nil {
		return "", err
	}
	answer, err := ask[tg.Updates](ctx, g, &tg.PhoneJoinGroupCallParams{
		Call: call, JoinAs: &tg.InputPeerSelf{}, VideoStopped: true, Params: &tg.DataJson{Data: params},
	})
	if err != nil {
		return "", err
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
	call := g.callOf(chatID)
	if call == nil {
		return nil
	}
	_, err := ask[tg.Updates](ctx, g, &tg.PhoneLeaveGroupCallParams{Call: call, Source: source})
	if err == nil || isRefusal(err, "GROUPCALL_JOIN_MISSING", "GROUPCALL_INVALID", "GROUPCALL_FORBIDDEN") {
		g.forget(chatID)
		return nil
	}
	return err
}

// Check returns those of the sources that the server still knows.
func (g *groupCalls) Check(ctx context.Context, chatID int64, sources []int32) ([]int32, error) {
	call := g.callOf(chatID)
	if call == nil {
		return nil, fmt.Errorf("chat %d: %w", chatID, errNotJoined)
	}
	present, err := ask[[]int32](ctx, g, &tg.PhoneCheckGroupCallParams{Call: call, Sources: sources})
	if isRefusal(err, "GROUPCALL_JOIN_MISSING") {
		return nil, nil // none of them
	}
	return present, err
}

// Unmute unmutes us. An admin who takes a mute back does not do it for us: he lets us do it.
func (g *groupCalls) Unmute(ctx context.Context, chatID int64) error {
	call := g.callOf(chatID)
	if call == nil {
		return fmt.Errorf("chat %d: %w", chatID, errNotJoined)
	}
	_, err := ask[tg.Updates](ctx, g, &unmuteSelf{Call: call, Participant: &tg.InputPeerSelf{}})
	return err
}

// unmuteSelf is phone.editGroupCallParticipant with nothing but muted=false: gogram's own type always sends all that the method can change, a
// volume of 0 and a running camera among it.
type unmuteSelf struct {
	Call        tg.InputGroupCall
	Participant tg.InputPeer
	Muted       bool `tl:"flag:0,explicit"`
}

// CRC is the method's number.
func (*unmuteSelf) CRC() uint32 { return (&tg.PhoneEditGroupCallParticipantParams{}).CRC() }

// FlagIndex says before which field the flags are.
func (*unmuteSelf) FlagIndex() int { return 0 }

// find asks for the voice chat of a chat.
func (g *groupCalls) find(ctx context.Context, chatID int64) (*tg.InputGroupCallObj, error) {
	peer, err := g.resolve(chatID)
	if err != nil {
		return nil, fmt.Errorf("chat %d: %w", chatID, explain(err))
	}
	var request object
	switch peer := peer.(type) {
	case *tg.InputPeerChannel: // a supergroup
		request = &tg.ChannelsGetFullChannelParams{Channel: &tg.InputChannelObj{ChannelID: peer.ChannelID, AccessHash: peer.AccessHash}}
	case *tg.InputPeerChat: // a small group
		request = &tg.MessagesGetFullChatParams{ChatID: peer.ChatID}
	default:
		return nil, fmt.Errorf("%w: chat %d is a %T, expected a group", gotgcall.ErrJoinRefused, chatID, peer)
	}
	full, err := ask[*tg.MessagesChatFull](ctx, g, request)
	if err != nil {
		return nil, fmt.Errorf("chat %d: %w", chatID, err)
	}
	var call tg.InputGroupCall
	switch chat := full.FullChat.(type) {
	case *tg.ChannelFull:
		call = chat.Call
	case *tg.ChatFullObj:
		call = chat.Call
	}
	if call, ok := call.(*tg.InputGroupCallObj); ok {
		return call, nil
	}
	return nil, fmt.Errorf("chat %d: %w", chatID, errNoCall)
}

// ask sends a request and returns an answer of the expected type.
func ask[T any](ctx context.Context, g *groupCalls, request object) (expected T, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	answer, err := g.invoke(ctx, request)
	if err != nil {
		return expected, explain(err)
	}
	expected, ok := answer.(T)
	if !ok {
		return expected, fmt.Errorf("the answer to %T is a %T, expected %T", request, answer, expected)
	}
	return expected, nil
}

// explain puts before an error of Telegram what can be done about it.
func explain(err error) error {
	var refusal *gogram.ErrResponseCode
	if !errors.As(err, &refusal) {
		return err
	}
	if seconds, ok := refusal.AdditionalInfo.(int); ok && strings.HasSuffix(refusal.Message, "_WAIT_X") {
		return player.FloodWait(err, time.Duration(seconds)*time.Second)
	}
	return player.Explain(err, refusal.Message)
}

// isRefusal tells whether an error is one of Telegram's by these names.
func isRefusal(err error, names ...string) bool {
	var refusal *gogram.ErrResponseCode
	return errors.As(err, &refusal) && slices.Contains(names, refusal.Message)
}
