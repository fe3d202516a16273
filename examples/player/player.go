// Package player is a music bot without its Telegram: commands come in, messages go out, and package gotgcall plays. examples/bot and
// examples/bot-gotd add an MTProto client each.
package player

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"gotgcall"
)

// Telegram is what a player needs of the bot's MTProto client. Its methods may be called concurrently, for different chats.
type Telegram interface {
	// The Signaler joins voice chats, and leaves them. If it has a method Check as well, the library makes use of it.
	gotgcall.Signaler
	// Unmute unmutes us in the voice chat, as far as its admins let us.
	Unmute(ctx context.Context, chatID int64) error
	// Send writes a message into the chat and returns its number.
	Send(ctx context.Context, chatID int64, text string) (message int, err error)
	// Edit replaces the text of such a message. While a FloodWait that it returns lasts it is not called again for that chat.
	Edit(ctx context.Context, chatID int64, message int, text string) error
}

// Player plays in any number of chats. Its methods may be called from any goroutine; none of them waits, except Close.
type Player struct {
	// set at construction
	client   *gotgcall.Client
	telegram Telegram
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc

	working sync.WaitGroup // a goroutine for each room

	mu    sync.Mutex
	rooms map[int64]*room // by chat
}

// New returns a player, which takes the client's callbacks for itself. Close ends it.
func New(client *gotgcall.Client, telegram Telegram) *Player {
	p := &Player{client: client, telegram: telegram, rooms: map[int64]*room{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	client.OnTrackStart(func(chatID int64, t gotgcall.PlaylistTrack) {
		p.do(chatID, func(r *room) { r.trackStarted(t) })
	})
	client.OnTrackEnd(func(chatID int64, t gotgcall.PlaylistTrack, err error) {
		p.do(chatID, func(r *room) { r.trackEnded(t, err) })
	})
	client.OnStreamEnd(func(chatID int64, leg gotgcall.StreamType, _ gotgcall.Device, err error) {
		if leg == gotgcall.Audio { // a picture has an end of its own
			p.do(chatID, func(r *room) { r.listEnded(err) })
		}
	})
	return p
}

// Command does what a message says, if it is a command of ours. The answer is a message, too.
func (p *Player) Command(chatID int64, text string) {
	if c, arg, ok := parse(text); ok {
		p.do(chatID, func(r *room) { r.obey(c, arg) })
	}
}

// SetMuted says that an admin of the voice chat has muted us, or that we may be heard again.
func (p *Player) SetMuted(chatID int64, muted bool) {
	p.do(chatID, func(r *room) { r.setMuted(muted) })
}

// CallEnded says that the voice chat is over, for everybody.
func (p *Player) CallEnded(chatID int64) {
	p.do(chatID, func(r *room) {
		if r.list != nil {
			r.leave()
			r.say("The voice chat is over.")
		}
	})
}

// Close leaves all calls and ends the player. When ctx ends, Telegram is no longer told of it, and a chat whose message or join hangs is no longer waited
// for: that is an error.
func (p *Player) Close(ctx context.Context) error {
	p.mu.Lock()
	p.cancel()
	p.mu.Unlock()
	rested := make(chan struct{})
	go func() {
		p.working.Wait()
		close(rested)
	}()
	err := p.leaveAll(ctx)
	select {
	case <-rested:
		return errors.Join(err, p.leaveAll(ctx)) // what was joined meanwhile
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("waiting for the chats to be done with Telegram: %w", context.Cause(ctx)))
	}
}

// leaveAll leaves the calls that there are.
func (p *Player) leaveAll(ctx context.Context) error {
	var leaving sync.WaitGroup
	errs := make(chan error)
	for chatID := range p.client.Calls() {
		leaving.Go(func() {
			if err := p.client.Leave(ctx, chatID); err != nil {
				errs <- fmt.Errorf("chat %d: %w", chatID, err)
			}
		})
	}
	go func() {
		leaving.Wait()
		close(errs)
	}()
	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return all
}

// do has the chat's room do something after all that it was told before.
func (p *Player) do(chatID int64, what func(*room)) {
	p.mu.Lock()
	if p.ctx.Err() != nil {
		p.mu.Unlock()
		return
	}
	r := p.rooms[chatID]
	if r == nil {
		r = newRoom(p, chatID)
		p.rooms[chatID] = r
		p.working.Go(r.run)
	}
	p.mu.Unlock()
	r.todo.add(what)
}
