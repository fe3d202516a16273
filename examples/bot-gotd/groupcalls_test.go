package main

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gotd/td/bin"
	"github.com/gotd/td/tg"
	"github.com/gotd/td/tgerr"

	"gotgcall"
)

const (
	chatID    = -1001234567890
	payload   = `{"ssrc":1}`
	transport = `{"transport":{}}`
)

var call = &tg.InputGroupCall{ID: 77, AccessHash: 78}

// account is a Telegram that answers what it is told to, in bytes as they come over the wire.
type account struct {
	*groupCalls
	t *testing.T

	full     tg.ChatFullClass
	joined   tg.UpdatesClass // the answer to phone.joinGroupCall
	refusal  error           // of every request but that for the chat
	requests []bin.Encoder
	muted    []bool
	ended    []int64
}

func newAccount(t *testing.T) *account {
	a := &account{t: t, full: supergroup(call), joined: &tg.Updates{Updates: []tg.UpdateClass{connection(transport)}}}
	a.groupCalls = newGroupCalls(tg.NewClient(a))
	a.onMute = func(id int64, muted bool) {
		if id != chatID {
			t.Errorf("muted in chat %d, want %d", id, chatID)
		}
		a.muted = append(a.muted, muted)
	}
	a.onEnd = func(id int64) { a.ended = append(a.ended, id) }
	channel := &tg.Channel{ID: 1234567890, Photo: &tg.ChatPhotoEmpty{}}
	channel.SetAccessHash(5)
	if id := a.meet(&tg.PeerChannel{ChannelID: channel.ID}, tg.Entities{Channels: map[int64]*tg.Channel{channel.ID: channel}}); id != chatID {
		t.Fatalf("the chat is %d, want %d", id, chatID)
	}
	return a
}

// Invoke implements tg.Invoker.
func (a *account) Invoke(_ context.Context, request bin.Encoder, output bin.Decoder) error {
	var answer bin.Encoder = &tg.Updates{}
	switch r := request.(type) {
	case *tg.ChannelsGetFullChannelRequest, *tg.MessagesGetFullChatRequest:
		return a.transmit(&tg.MessagesChatFull{FullChat: a.full}, output)
	case *tg.PhoneJoinGroupCallRequest:
		answer = a.joined
	case *tg.PhoneCheckGroupCallRequest:
		answer = &tg.IntVector{Elems: r.Sources[:1]}
	}
	a.requests = append(a.requests, request)
	if a.refusal != nil {
		return a.refusal
	}
	return a.transmit(answer, output)
}

func (a *account) transmit(from bin.Encoder, to bin.Decoder) error {
	var wire bin.Buffer
	if err := from.Encode(&wire); err != nil {
		a.t.Fatal(err)
	}
	return to.Decode(&wire)
}

// mustJoin joins, and forgets the request.
func (a *account) mustJoin() {
	a.t.Helper()
	if _, err := a.Join(a.t.Context(), chatID, payload); err != nil {
		a.t.Fatal(err)
	}
	a.requests = nil
}

func supergroup(call tg.InputGroupCallClass) tg.ChatFullClass {
	full := &tg.ChannelFull{ChatPhoto: &tg.PhotoEmpty{}}
	if call != nil {
		full.SetCall(call)
	}
	return full
}

func smallGroup(call tg.InputGroupCallClass) tg.ChatFullClass {
	full := &tg.ChatFull{Participants: &tg.ChatParticipants{}}
	if call != nil {
		full.SetCall(call)
	}
	return full
}

func connection(params string) tg.UpdateClass {
	return &tg.UpdateGroupCallConnection{Params: tg.DataJSON{Data: params}}
}

func screenShare() tg.UpdateClass {
	return &tg.UpdateGroupCallConnection{Presentation: true, Params: tg.DataJSON{Data: "a screen share's"}}
}

func participants(version int, p ...tg.GroupCallParticipant) tg.UpdateClass {
	return &tg.UpdateGroupCallParticipants{Call: call, Version: version, Participants: p}
}

// self is our entry in the list of participants, muted by an admin or not.
func self(muted, canUnmute bool) tg.GroupCallParticipant {
	return tg.GroupCallParticipant{Self: true, Muted: muted, CanSelfUnmute: canUnmute, Peer: &tg.PeerUser{UserID: 1}}
}

func TestJoinFindsTheConnectionInEveryShapeOfUpdates(t *testing.T) {
	others := []tg.UpdateClass{
		&tg.UpdateGroupCall{Call: &tg.GroupCall{ID: 77}},
		screenShare(),
		participants(1, tg.GroupCallParticipant{Peer: &tg.PeerUser{UserID: 2}}, self(false, true)),
	}
	for _, joined := range []tg.UpdatesClass{
		&tg.Updates{Updates: append(slices.Clone(others), connection(transport))},
		&tg.UpdatesCombined{Updates: append([]tg.UpdateClass{connection(transport)}, others...)},
		&tg.UpdateShort{Update: connection(transport)},
	} {
		a := newAccount(t)
		a.joined = joined
		answer, err := a.Join(t.Context(), chatID, payload)
		if err != nil || answer != transport {
			t.Errorf("%s: the answer is %q, %v; want %q", joined.TypeName(), answer, err, transport)
		}
		want := &tg.PhoneJoinGroupCallRequest{Call: call, JoinAs: &tg.InputPeerSelf{}, VideoStopped: true, Params: tg.DataJSON{Data: payload}}
		if len(a.requests) != 1 || !reflect.DeepEqual(a.requests[0], bin.Encoder(want)) {
			t.Errorf("%s: asked for %v, want %v", joined.TypeName(), a.requests, want)
		}
	}
}

func TestJoinWithoutAConnectionIsAClearError(t *testing.T) {
	for _, joined := range []tg.UpdatesClass{
		&tg.Updates{},
		&tg.UpdateShort{Update: &tg.UpdateGroupCall{Call: &tg.GroupCall{ID: 77}}},
		&tg.UpdateShort{Update: screenShare()},
		&tg.UpdatesTooLong{},
	} {
		a := newAccount(t)
		a.joined = joined
		if _, err := a.Join(t.Context(), chatID, payload); !errors.Is(err, errNoConnection) {
			t.Errorf("%v: %v, want %v", joined, err, errNoConnection)
		}
		if err := a.Leave(t.Context(), chatID, 1); err != nil || len(a.requests) != 1 {
			t.Errorf("%v: then Leave is %v, requests %v; want nothing, for there is nothing to leave", joined, err, a.requests)
		}
	}
}

func TestTheVoiceChatIsFoundInGroupsOfBothKinds(t *testing.T) {
	a := newAccount(t)
	if id := a.meet(&tg.PeerChat{ChatID: 9}, tg.Entities{}); id != -9 {
		t.Errorf("the small group is %d, want -9", id)
	}
	a.full = smallGroup(call)
	if _, err := a.Join(t.Context(), -9, payload); err != nil {
		t.Errorf("a small group: %v", err)
	}
	for name, full := range map[string]tg.ChatFullClass{"a small group": smallGroup(nil), "a supergroup": supergroup(nil)} {
		a.full = full
		if _, err := a.Join(t.Context(), chatID, payload); !errors.Is(err, errNoCall) || !errors.Is(err, gotgcall.ErrJoinRefused) {
			t.Errorf("%s without a voice chat: %v, want %v", name, err, errNoCall)
		}
	}
	if id := a.meet(&tg.PeerUser{UserID: 3}, tg.Entities{}); id != 0 {
		t.Errorf("a user is chat %d, want none", id)
	}
	if id := a.meet(&tg.PeerChannel{ChannelID: 4}, tg.Entities{Channels: map[int64]*tg.Channel{4: {ID: 4, Min: true}}}); id != -1000000000004 {
		t.Errorf("a channel is chat %d", id)
	}
	if _, err := a.Join(t.Context(), -1000000000004, payload); !errors.Is(err, errUnknownChat) {
		t.Errorf("a channel without an access hash: %v, want %v", err, errUnknownChat)
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
		a.refusal = tgerr.New(400, name)
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
	want := []bin.Encoder{&tg.PhoneLeaveGroupCallRequest{Call: call, Source: -5}}
	if !reflect.DeepEqual(a.requests, want) {
		t.Errorf("asked for %v, want %v", a.requests, want)
	}
	for _, name := range []string{"GROUPCALL_JOIN_MISSING", "GROUPCALL_INVALID", "GROUPCALL_FORBIDDEN"} {
		a.refusal = nil
		a.mustJoin()
		a.refusal = tgerr.New(400, name)
		if err := a.Leave(t.Context(), chatID, -5); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	a.refusal = nil
	a.mustJoin()
	a.refusal = tgerr.New(420, "FLOOD_WAIT_9")
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
	present, err := a.Check(t.Context(), chatID, []int32{-4, 5})
	if err != nil || !slices.Equal(present, []int32{-4}) {
		t.Errorf("%v, %v; want [-4]", present, err)
	}
	a.refusal = tgerr.New(400, "GROUPCALL_JOIN_MISSING")
	if present, err := a.Check(t.Context(), chatID, []int32{4}); err != nil || len(present) > 0 {
		t.Errorf("thrown out: %v, %v; want none and no error", present, err)
	}
}

func TestAnAdminsMuteIsReportedAndUndoneWhenItMayBe(t *testing.T) {
	a := newAccount(t)
	a.joined = &tg.Updates{Updates: []tg.UpdateClass{participants(1, self(true, false)), connection(transport)}} // the chat mutes newcomers
	a.mustJoin()
	a.take(t.Context(), participants(3, self(true, true)))  // an admin lets us speak
	a.take(t.Context(), participants(2, self(true, false))) // late
	a.take(t.Context(), participants(4, self(false, true))) // the effect of what we asked for
	a.take(t.Context(), participants(5, self(true, true)))  // muted, but not locked: nothing that we undo by ourselves
	left := self(false, true)
	left.Left = true
	a.take(t.Context(), participants(6, left, tg.GroupCallParticipant{}))
	if want := []bool{true, true, false, true}; !slices.Equal(a.muted, want) {
		t.Errorf("reported %v, want %v", a.muted, want)
	}
	if len(a.requests) != 1 {
		t.Fatalf("asked for %v, want to be unmuted", a.requests)
	}
	unmute := a.requests[0].(*tg.PhoneEditGroupCallParticipantRequest)
	if muted, ok := unmute.GetMuted(); muted || !ok || !reflect.DeepEqual(unmute.Call, tg.InputGroupCallClass(call)) {
		t.Errorf("asked for %v, want to be unmuted", unmute)
	}
}

func TestUpdatesOfOtherCallsAreNothingToUs(t *testing.T) {
	a := newAccount(t)
	a.mustJoin()
	other := &tg.InputGroupCall{ID: 1}
	a.take(t.Context(), &tg.UpdateGroupCallParticipants{Call: other, Participants: []tg.GroupCallParticipant{self(true, false)}})
	a.take(t.Context(), &tg.UpdateGroupCall{Call: &tg.GroupCallDiscarded{ID: 1}})
	a.take(t.Context(), &tg.UpdateGroupCall{Call: &tg.GroupCall{ID: 77}})
	if len(a.muted) > 0 || len(a.ended) > 0 {
		t.Errorf("muted %v, ended %v", a.muted, a.ended)
	}
	a.take(t.Context(), &tg.UpdateGroupCall{Call: &tg.GroupCallDiscarded{ID: 77}})
	if !slices.Equal(a.ended, []int64{chatID}) {
		t.Errorf("ended %v, want %d", a.ended, chatID)
	}
}
