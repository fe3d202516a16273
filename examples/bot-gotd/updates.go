package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/gotd/td/constant"
	"github.com/gotd/td/tg"
)

// listOf returns the updates in any of the shapes in which they come.
func listOf(answer tg.UpdatesClass) []tg.UpdateClass {
	switch answer := answer.(type) {
	case *tg.Updates:
		return answer.Updates
	case *tg.UpdatesCombined:
		return answer.Updates
	case *tg.UpdateShort:
		return []tg.UpdateClass{answer.Update}
	default:
		return nil
	}
}

// connectionIn returns the params of our connection: what the library's Connect wants. Those of a screen share are not meant.
func connectionIn(updates []tg.UpdateClass) (string, error) {
	for _, u := range updates {
		if u, ok := u.(*tg.UpdateGroupCallConnection); ok && !u.Presentation {
			return u.Params.Data, nil
		}
	}
	return "", errNoConnection
}

// take takes note of an update, if it is about a call that we are in.
func (g *groupCalls) take(ctx context.Context, u tg.UpdateClass) {
	switch u := u.(type) {
	case *tg.UpdateGroupCallParticipants:
		call, ok := u.Call.(*tg.InputGroupCall)
		for _, p := range u.Participants {
			if ok && p.Self && !p.Left {
				g.takeSelf(ctx, call.ID, u.Version, p)
			}
		}
	case *tg.UpdateGroupCall:
		if over, ok := u.Call.(*tg.GroupCallDiscarded); ok {
			if chatID, m := g.memberOf(over.ID); m != nil {
				g.onEnd(chatID)
			}
		}
	}
}

// takeSelf takes note of what the list of participants says about ourselves. Who may speak again after an admin's mute is still muted, and has
// to unmute himself.
func (g *groupCalls) takeSelf(ctx context.Context, callID int64, version int, self tg.GroupCallParticipant) {
	chatID, m := g.memberOf(callID)
	if m == nil {
		return
	}
	locked := self.Muted && !self.CanSelfUnmute
	g.mu.Lock()
	if version < m.version { // the answer to a request may be overtaken by what comes by itself
		g.mu.Unlock()
		return
	}
	unlocked := self.Muted && m.locked && !locked
	m.version, m.locked = version, locked
	g.mu.Unlock()
	g.onMute(chatID, self.Muted)
	if unlocked {
		if err := g.Unmute(ctx, chatID); err != nil {
			slog.Warn("speaking again", "chat", chatID, "error", err)
		}
	}
}

// enter remembers that we have joined a call, for the first time or again after the connection was lost.
func (g *groupCalls) enter(chatID int64, call *tg.InputGroupCall) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := g.calls[chatID]; m != nil && m.call.ID == call.ID {
		return
	}
	g.calls[chatID] = &membership{call: call}
}

// forget forgets a call.
func (g *groupCalls) forget(chatID int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.calls, chatID)
}

// callOf returns the call that we have joined in a chat, and nil when there is none.
func (g *groupCalls) callOf(chatID int64) *tg.InputGroupCall {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := g.calls[chatID]; m != nil {
		return m.call
	}
	return nil
}

// memberOf returns the chat of a call that we are in, and nil when we are not.
func (g *groupCalls) memberOf(callID int64) (int64, *membership) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for chatID, m := range g.calls {
		if m.call.ID == callID {
			return chatID, m
		}
	}
	return 0, nil
}

// meet returns the number of the chat that a message comes from, and remembers how it is addressed; 0 when it is no group.
func (g *groupCalls) meet(peer tg.PeerClass, entities tg.Entities) (chatID int64) {
	var (
		id    constant.TDLibPeerID
		input tg.InputPeerClass
	)
	switch peer := peer.(type) {
	case *tg.PeerChat:
		id.Chat(peer.ChatID)
		input = &tg.InputPeerChat{ChatID: peer.ChatID}
	case *tg.PeerChannel:
		id.Channel(peer.ChannelID)
		if c := entities.Channels[peer.ChannelID]; c != nil && !c.Min { // the access hash of a Min one is good for nothing here
			input = c.AsInputPeer()
		}
	default:
		return 0
	}
	if input != nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.peers[int64(id)] = input
	}
	return int64(id)
}

// peer returns how a chat is addressed.
func (g *groupCalls) peer(chatID int64) (tg.InputPeerClass, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if peer := g.peers[chatID]; peer != nil {
		return peer, nil
	}
	return nil, fmt.Errorf("chat %d: %w", chatID, errUnknownChat)
}
