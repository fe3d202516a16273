package player

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// announce writes the progress message of a track that begins.
func (r *room) announce(t track) {
	r.shown = r.progress(t)
	r.message = r.say(r.shown)
}

// showProgress edits that message.
func (r *room) showProgress() {
	if r.message == 0 || time.Now().Before(r.quiet) {
		return
	}
	current, playing := r.list.Current()
	t, known := r.trackOf(current)
	text := r.progress(t)
	if !playing || !known || text == r.shown {
		return // Telegram refuses edits that change nothing
	}
	r.shown = text
	ctx, cancel := context.WithTimeout(r.ctx, progressEvery)
	defer cancel()
	err := r.telegram.Edit(ctx, r.chatID, r.message, fit(text))
	if err != nil {
		slog.Warn("showing the progress", "chat", r.chatID, "error", err)
	}
	var flood *floodError
	if errors.As(err, &flood) {
		r.quiet = time.Now().Add(flood.wait)
	}
}

// progress says how far a track that plays has come, and what comes next.
func (r *room) progress(t track) string {
	sign := "▶"
	if r.paused || r.muted {
		sign = "⏸"
	}
	ms, _ := r.client.Time(r.chatID) // 0 when it has just ended
	text := fmt.Sprintf("%s %s\n%s", sign, t.title, clock(time.Duration(ms)*time.Millisecond))
	if t.length > 0 {
		text += " / " + clock(t.length)
	}
	if next := r.next(); len(next) > 0 {
		text += "\nnext: " + next[0].title
	}
	return text
}

// next returns what comes after the current track.
func (r *room) next() (next []track) {
	current, _ := r.list.Current()
	behind := false
	for _, t := range r.list.List() {
		if behind {
			next = append(next, r.tracks[t.ID])
		}
		behind = behind || t.ID == current.ID
	}
	return next
}

// clock writes a time as players do: 4:05, 1:00:00.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
