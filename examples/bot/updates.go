package main

import (
	"context"
	"log/slog"

	tg "github.com/amarnathcjd/gogram/telegram"
)

// listOf returns the updates in any of the shapes in which they come.
func listOf(answer tg.Updates) []tg.Update {
	switch answer := answer.(type) {
	case *tg.UpdatesObj:
		return answer.Updates
	case *tg.UpdatesCombined:
		return answer.Updates
	case *tg.UpdateShort:
		return []tg.Update{answer.Update}
	default:
		return nil
	}
}

// connectionIn returns the params of our connection: what the library's Connect wants. Those of a screen share are not meant.
func connectionIn(updates []tg.Update) (string, error) {
	for _, u := range updates {
		if u, ok := u.(*tg.UpdateGroupCallConnection); ok && !u.Presentation && u.Params != nil {
			return u.Params.Data, nil
		}
	}
	return "", errNoConnection
}

// take takes note of an update, if it is about a call that we are in.
func (g *groupCalls) take(ctx context.Context, u tg.Update) {
	switch u := u.(type) {
	case *tg.UpdateGroupCallParticipants:
		call, ok := u.Call.(*tg.InputGroupCallObj)
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
func (g *groupCalls) takeSelf(ctx context.Context, callID int64, version int32, self *tg.GroupCallParticipant) {
	chatID, m := g.memberOf(callID)
	if m == nil {
		return
	}
	locked := self.Muted && !self.CanSelfUnmute
	g.mu.Lock()
	if version < m.version { // updates are handled side by side, and may overtake each other
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
func (g *groupCalls) enter(chatID int64, call *tg.InputGroupCallObj) {
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
func (g *groupCalls) callOf(chatID int64) *tg.InputGroupCallObj {
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
