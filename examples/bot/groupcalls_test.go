package main

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/amarnathcjd/gogram"
	tg "github.com/amarnathcjd/gogram/telegram"

	"gotgcall"
)

const (
	chatID    = -1001234567890
	payload   = `{"ssrc":1}`
	transport = `{"transport":{}}`
)

var call = &tg.InputGroupCallObj{ID: 77, AccessHash: 78}

// account is a Telegram that answers what it is told to.
type account struct {
	*groupCalls
	t *testing.T

	peer     tg.InputPeer
	full     any
	joined   any   // the answer to phone.joinGroupCall
	refusal  error // of every request but that for the chat
	requests []object
	muted    []bool
	ended    []int64
}

func newAccount(t *testing.T) *account {
	a := &account{
		t:      t,
		peer:   &tg.InputPeerChannel{ChannelID: 1234567890, AccessHash: 5},
		full:   &tg.MessagesChatFull{FullChat: &tg.ChannelFull{Call: call}},
		joined: &tg.UpdatesObj{Updates: []tg.Update{connection(transport)}},
	}
	a.groupCalls = &groupCalls{
		invoke:  a.answer,
		resolve: func(any) (tg.InputPeer, error) { return a.peer, nil },
		onMute: func(id int64, muted bool) {
			if id != chatID {
				t.Errorf("muted in chat %d, want %d", id, chatID)
			}
			a.muted = append(a.muted, muted)
		},
		onEnd: func(id int64) { a.ended = append(a.ended, id) },
		calls: map[int64]*membership{},
	}
	return a
}

func (a *account) answer(_ context.Context, request object) (any, error) {
	switch request.(type) {
	case *tg.ChannelsGetFullChannelParams, *tg.MessagesGetFullChatParams:
		return a.full, nil
	}
	a.requests = append(a.requests, request)
	if a.refusal != nil {
		return nil, a.refusal
	}
	switch request := request.(type) {
	case *tg.PhoneJoinGroupCallParams:
		return a.joined, nil
	case *tg.PhoneCheckGroupCallParams:
		return request.Sources[:1], nil
	default:
		return &tg.UpdatesObj{}, nil
	}
}

// mustJoin joins, and forgets the request.
func (a *account) mustJoin() {
	a.t.Helper()
	if _, err := a.Join(a.t.Context(), chatID, payload); err != nil {
		a.t.Fatal(err)
	}
	a.requests = nil
}

func connection(params string) tg.Update {
	return &tg.UpdateGroupCallConnection{Params: &tg.DataJson{Data: params}}
}

func participants(version int32, p ...*tg.GroupCallParticipant) tg.Update {
	return &tg.UpdateGroupCallParticipants{Call: call, Version: version, Participants: p}
}

// self is our entry in the list of participants, muted by an admin or not.
func self(muted, canUnmute bool) *tg.GroupCallParticipant {
	return &tg.GroupCallParticipant{Self: true, Muted: muted, CanSelfUnmute: canUnmute, Peer: &tg.PeerUser{UserID: 1}}
}

// refused is an error as gogram makes it of what Telegram sends.
func refused(code int64, name string) error {
	native, extra := gogram.TryExpandError(name)
	return &gogram.ErrResponseCode{Code: code, Message: native, Description: name, AdditionalInfo: extra}
}

func TestJoinFindsTheConnectionInEveryShapeOfUpdates(t *testing.T) {
	others := []tg.Update{
		&tg.UpdateGroupCall{Call: &tg.GroupCallObj{ID: 77}},
		&tg.UpdateGroupCallConnection{Presentation: true, Params: &tg.DataJson{Data: "a screen share's"}},
		participants(1, &tg.GroupCallParticipant{Peer: &tg.PeerUser{UserID: 2}}, self(false, true)),
	}
	for name, joined := range map[string]tg.Updates{
		"updates":         &tg.UpdatesObj{Updates: append(slices.Clone(others), connection(transport))},
		"updatesCombined": &tg.UpdatesCombined{Updates: append([]tg.Update{connection(transport)}, others...)},
		"updateShort":     &tg.UpdateShort{Update: connection(transport)},
	} {
		a := newAccount(t)
		a.joined = joined
		answer, err := a.Join(t.Context(), chatID, payload)
		if err != nil || answer != transport {
			t.Errorf("%s: the answer is %q, %v; want %q", name, answer, err, transport)
		}
		want := &tg.PhoneJoinGroupCallParams{Call: call, JoinAs: &tg.InputPeerSelf{}, VideoStopped: true, Params: &tg.DataJson{Data: payload}}
		if len(a.requests) != 1 || !reflect.DeepEqual(a.requests[0], object(want)) {
			t.Errorf("%s: asked for %+v, want %+v", name, a.requests, want)
		}
	}
}

func TestJoinWithoutAConnectionIsAClearError(t *testing.T) {
	for name, joined := range map[string]any{
		"empty":            &tg.UpdatesObj{},
		"something else":   &tg.UpdateShort{Update: &tg.UpdateGroupCall{Call: &tg.GroupCallObj{ID: 77}}},
		"too long":         &tg.UpdatesTooLong{},
		"a screen share's": &tg.UpdateShort{Update: &tg.UpdateGroupCallConnection{Presentation: true, Params: &tg.DataJson{}}},
	} {
		a := newAccount(t)
		a.joined = joined
		if _, err := a.Join(t.Context(), chatID, payload); !errors.Is(err, errNoConnection) {
			t.Errorf("%s: %v, want %v", name, err, errNoConnection)
		}
		if err := a.Leave(t.Context(), chatID, 1); err != nil || len(a.requests) != 1 {
			t.Errorf("%s: then Leave is %v, requests %v; want nothing, for there is nothing to leave", name, err, a.requests)
		}
	}
	a := newAccount(t)
	a.joined = "what?"
	if _, err := a.Join(t.Context(), chatID, payload); err == nil || !strings.Contains(err.Error(), "string") {
		t.Errorf("an answer of an unknown type: %v", err)
	}
}

func TestTheVoiceChatIsFoundInGroupsOfBothKinds(t *testing.T) {
	a := newAccount(t)
	a.peer, a.full = &tg.InputPeerChat{ChatID: 9}, &tg.MessagesChatFull{FullChat: &tg.ChatFullObj{Call: call}}
	if _, err := a.Join(t.Context(), -9, payload); err != nil {
		t.Errorf("a small group: %v", err)
	}
	for name, full := range map[string]tg.ChatFull{"a small group": &tg.ChatFullObj{}, "a supergroup": &tg.ChannelFull{}} {
		a.full = &tg.MessagesChatFull{FullChat: full}
		if _, err := a.Join(t.Context(), chatID, payload); !errors.Is(err, errNoCall) || !errors.Is(err, gotgcall.ErrJoinRefused) {
			t.Errorf("%s without a voice chat: %v, want %v", name, err, errNoCall)
		}
	}
	a.peer = &tg.InputPeerUser{UserID: 3}
	if _, err := a.Join(t.Context(), 3, payload); err == nil || !strings.Contains(err.Error(), "InputPeerUser") {
		t.Errorf("a user: %v, want an error that says what it is", err)
	}
	a.resolve = func(any) (tg.InputPeer, error) { return nil, refused(400, "CHANNEL_PRIVATE") }
	if _, err := a.Join(t.Context(), chatID, payload); !isRefusal(err, "CHANNEL_PRIVATE") || !strings.Contains(err.Error(), "have it join") {
		t.Errorf("a group that the account is not in: %v", err)
	}
}

func TestRefusalsSayWhatToDoAndWhetherToTryAgain(t *testing.T) {
	for name, want := range map[string]struct {
		text  string
		final bool
	}{
		"GROUPCALL_SSRC_DUPLICATE_MUCH": {"join again with a new one", false},
		"GROUPCALL_JOIN_MISSING":        {"join again", false},
		"GROUPCALL_FORBIDDEN":           {"start a new one", true},
		"CHANNEL_PRIVATE":               {"have it join", true},
		"BOT_METHOD_INVALID":            {"log in as a user", true},
		"FLOOD_WAIT_42":                 {"42s", true},
		"SOMETHING_NEW":                 {"SOMETHING_NEW", false},
	} {
		a := newAccount(t)
		a.refusal = refused(400, name)
		_, err := a.Join(t.Context(), chatID, payload)
		if err == nil || !strings.Contains(err.Error(), want.text) || !errors.Is(err, a.refusal) {
			t.Errorf("%s: %v; want %q in it, and the cause", name, err, want.text)
		}
		if errors.Is(err, gotgcall.ErrJoinRefused) != want.final {
			t.Errorf("%s: %v; to end the tries: want %t", name, err, want.final)
		}
	}
}

func TestLeaveNamesTheSourceOnceAndForgivesWhoIsOutAlready(t *testing.T) {
	a := newAccount(t)
	if err := a.Leave(t.Context(), chatID, -5); err != nil || len(a.requests) > 0 {
		t.Errorf("before Join: %v, requests %v", err, a.requests)
	}
	a.mustJoin()
	for range 2 { // the second time there is nothing to leave
		if err := a.Leave(t.Context(), chatID, -5); err != nil {
			t.Error(err)
		}
	}
	want := []object{&tg.PhoneLeaveGroupCallParams{Call: call, Source: -5}}
	if !reflect.DeepEqual(a.requests, want) {
		t.Errorf("asked for %+v, want %+v", a.requests, want)
	}
	for _, name := range []string{"GROUPCALL_JOIN_MISSING", "GROUPCALL_INVALID", "GROUPCALL_FORBIDDEN"} {
		a.refusal = nil
		a.mustJoin()
		a.refusal = refused(400, name)
		if err := a.Leave(t.Context(), chatID, -5); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	a.refusal = nil
	a.mustJoin()
	a.refusal = refused(420, "FLOOD_WAIT_9")
	if err := a.Leave(t.Context(), chatID, -5); err == nil || !strings.Contains(err.Error(), "9s") {
		t.Errorf("a flood wait: %v", err)
	}
	a.refusal, a.requests = nil, nil
	if err := a.Leave(t.Context(), chatID, -5); err != nil || len(a.requests) != 1 {
		t.Errorf("after it: %v, requests %v; want the same once more", err, a.requests)
	}
}

func TestCheckReturnsWhatTheServerKnows(t *testing.T) {
	a := newAccount(t)
	if _, err := a.Check(t.Context(), chatID, []int32{1}); !errors.Is(err, errNotJoined) {
		t.Errorf("before Join: %v", err)
	}
	a.mustJoin()
	present, err := a.Check(t.Context(), chatID, []int32{4, 5})
	if err != nil || !slices.Equal(present, []int32{4}) {
		t.Errorf("%v, %v; want [4]", present, err)
	}
	a.refusal = refused(400, "GROUPCALL_JOIN_MISSING")
	if present, err := a.Check(t.Context(), chatID, []int32{4}); err != nil || len(present) > 0 {
		t.Errorf("thrown out: %v, %v; want none and no error", present, err)
	}
}

func TestAnAdminsMuteIsReportedAndUndoneWhenItMayBe(t *testing.T) {
	a := newAccount(t)
	a.joined = &tg.UpdatesObj{Updates: []tg.Update{participants(1, self(true, false)), connection(transport)}} // the chat mutes newcomers
	a.mustJoin()
	a.take(t.Context(), participants(3, self(true, true)))  // an admin lets us speak
	a.take(t.Context(), participants(2, self(true, false))) // late
	a.take(t.Context(), participants(4, self(false, true))) // the effect of what we asked for
	a.take(t.Context(), participants(5, self(true, true)))  // muted like an admin by another: nothing that we undo by ourselves
	left := self(false, true)
	left.Left = true
	a.take(t.Context(), participants(6, left, &tg.GroupCallParticipant{Muted: false}))
	if want := []bool{true, true, false, true}; !slices.Equal(a.muted, want) {
		t.Errorf("reported %v, want %v", a.muted, want)
	}
	want := []object{&unmuteSelf{Call: call, Participant: &tg.InputPeerSelf{}}}
	if !reflect.DeepEqual(a.requests, want) {
		t.Errorf("asked for %+v, want %+v", a.requests, want)
	}
}

func TestUpdatesOfOtherCallsAreNothingToUs(t *testing.T) {
	a := newAccount(t)
	a.mustJoin()
	other := &tg.InputGroupCallObj{ID: 1}
	a.take(t.Context(), &tg.UpdateGroupCallParticipants{Call: other, Participants: []*tg.GroupCallParticipant{self(true, false)}})
	a.take(t.Context(), &tg.UpdateGroupCall{Call: &tg.GroupCallDiscarded{ID: 1}})
	a.take(t.Context(), &tg.UpdateGroupCall{Call: &tg.GroupCallObj{ID: 77}})
	if len(a.muted) > 0 || len(a.ended) > 0 {
		t.Errorf("muted %v, ended %v", a.muted, a.ended)
	}
	a.take(t.Context(), &tg.UpdateGroupCall{Call: &tg.GroupCallDiscarded{ID: 77}})
	if !slices.Equal(a.ended, []int64{chatID}) {
		t.Errorf("ended %v, want %d", a.ended, chatID)
	}
}
