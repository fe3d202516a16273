package player

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gotgcall"
)

const (
	// progressEvery is how often the progress message is edited: more often, and Telegram asks for patience.
	progressEvery = 10 * time.Second
	// commandTimeout is how long a command may take.
	commandTimeout = time.Minute
	// longestMessage is how many characters of a text are written: each may be two of the 4096 code units of UTF-16 that Telegram takes.
	longestMessage = 2048
)

// room is the bot in one chat. Everything that happens there is done on one goroutine, one thing after the other.
type room struct {
	// set at construction
	*Player
	chatID int64
	todo   *inbox

	// owned by run's goroutine
	list    *gotgcall.Playlist // what plays and what is queued; nil when we are not in the voice chat
	tracks  map[int]track      // of the list, by their numbers
	paused  bool               // by command
	muted   bool               // by an admin, which pauses too
	message int                // shows the progress
	shown   string             // in that message
	quiet   time.Time          // until then Telegram wants no edits
}

func newRoom(p *Player, chatID int64) *room {
	return &room{Player: p, chatID: chatID, todo: newInbox(), tracks: map[int]track{}}
}

// run does what is to be done, until Close.
func (r *room) run() {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.todo.ready:
			for _, do := range r.todo.take() {
				if r.ctx.Err() == nil {
					do(r)
				}
			}
		case <-tick.C:
			r.showProgress()
		case <-r.ctx.Done():
			return
		}
	}
}

// start plays the queue, for which it joins the voice chat if need be.
func (r *room) start(ctx context.Context) error {
	err := r.client.Play(ctx, r.chatID, r.list, r.telegram)
	if err != nil {
		r.leave()
	}
	return err
}

// leave leaves the voice chat and forgets the queue.
func (r *room) leave() {
	ctx, cancel := context.WithTimeout(r.ctx, commandTimeout)
	defer cancel()
	if err := r.client.Leave(ctx, r.chatID); err != nil && !errors.Is(err, gotgcall.ErrConnectionNotFound) {
		slog.Warn("leaving the voice chat", "chat", r.chatID, "error", err)
	}
	r.list, r.paused, r.muted, r.message = nil, false, false, 0
	clear(r.tracks)
}

// trackStarted shows what plays.
func (r *room) trackStarted(t gotgcall.PlaylistTrack) {
	if started, ok := r.trackOf(t); ok {
		r.announce(started)
	}
}

// trackEnded takes a track off the list, which goes on by itself, and tells what broke.
func (r *room) trackEnded(t gotgcall.PlaylistTrack, err error) {
	ended, ok := r.trackOf(t)
	if !ok {
		return
	}
	delete(r.tracks, t.ID)
	r.list.Remove(t.ID)
	if err != nil && !errors.Is(err, gotgcall.ErrSkipped) {
		r.say(fmt.Sprintf("✖ %s broke off: %v", ended.title, err))
	}
}

// trackOf returns what is known of a track of the list. Another list, of which the last events are still on their way, has the same numbers.
func (r *room) trackOf(t gotgcall.PlaylistTrack) (track, bool) {
	known, ok := r.tracks[t.ID]
	return known, ok && known.source == t.Source
}

// listEnded leaves the voice chat, unless something was queued at the last moment.
func (r *room) listEnded(err error) {
	if r.list == nil {
		return
	}
	if _, playing := r.list.Current(); playing {
		return // the end of an earlier list
	}
	if err == nil && len(r.list.List()) > 0 {
		ctx, cancel := context.WithTimeout(r.ctx, commandTimeout)
		defer cancel()
		if err = r.start(ctx); err == nil {
			return
		}
	}
	r.leave()
	if err != nil {
		r.say("I had to stop: " + err.Error())
		return
	}
	r.say("That was the last one.")
}

// setMuted waits while nobody could hear us.
func (r *room) setMuted(muted bool) {
	if r.list == nil || r.muted == muted {
		return
	}
	r.muted = muted
	if muted {
		r.say("An admin has muted me. I go on when I may be heard again.")
	} else {
		r.say("I may be heard again.")
	}
	if err := r.hold(); err != nil {
		slog.Warn("waiting for an admin", "chat", r.chatID, "error", err)
	}
}

// hold pauses or goes on, as command and admins want it.
func (r *room) hold() (err error) {
	if r.paused || r.muted {
		_, err = r.client.Pause(r.chatID)
	} else {
		_, err = r.client.Resume(r.chatID)
	}
	return err
}

// say writes a message, which does not begin with what a stranger has written: the bot hears itself, and would obey a title such as "/shell …". A bot that
// cannot write plays all the same.
func (r *room) say(text string) (message int) {
	ctx, cancel := context.WithTimeout(r.ctx, commandTimeout)
	defer cancel()
	message, err := r.telegram.Send(ctx, r.chatID, fit(text))
	if err != nil {
		slog.Warn("writing a message", "chat", r.chatID, "error", err)
	}
	return message
}

// fit cuts a text that is too long for a message.
func fit(text string) string {
	if characters := []rune(text); len(characters) > longestMessage {
		return string(characters[:longestMessage-1]) + "…"
	}
	return text
}
