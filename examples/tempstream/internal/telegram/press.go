package telegram

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"
)

// What the data of a button begins with; Telegram takes 64 bytes at most.
const (
	doPrefix   = "do:"   // and a command without arguments
	newPrefix  = "new:"  // and one of the durations that are offered
	offPrefix  = "off:"  // and a link's number: below the message that holds its address
	listPrefix = "list:" // and a link's number: below a list of links
)

// press answers a button. Buttons can be pressed by everybody in a chat, and long after they were made.
func (b *Bot) press(ctx context.Context, q *models.CallbackQuery) {
	ctx, done := b.working(ctx, q.From.ID)
	defer done()
	if !b.mayCommand(q.From.ID) {
		b.acknowledge(ctx, q.ID, denied)
		return
	}
	place, ok := placeOf(q)
	if !ok {
		b.acknowledge(ctx, q.ID, "This message is too old. /help has new buttons.")
		return
	}
	kind, rest, _ := strings.Cut(q.Data, ":")
	switch kind + ":" {
	case doPrefix:
		if do, known := b.commands()[rest]; known {
			b.acknowledge(ctx, q.ID, "")
			b.say(ctx, place.chat, do(ctx, q.From.ID, ""))
			return
		}
	case newPrefix:
		if ttl, err := time.ParseDuration(rest); err == nil && slices.Contains(b.ttls, ttl) {
			b.acknowledge(ctx, q.ID, "")
			b.say(ctx, place.chat, b.make(ctx, q.From.ID, ttl, ""))
			return
		}
	case offPrefix, listPrefix:
		if id, err := strconv.ParseInt(rest, 10, 64); err == nil {
			b.pressOff(ctx, q, place, kind+":", id)
			return
		}
	}
	b.acknowledge(ctx, q.ID, "This button is from another time. /help has new ones.")
}

// pressOff switches a link off and takes its address out of the chat, or it out of the list.
func (b *Bot) pressOff(ctx context.Context, q *models.CallbackQuery, at place, kind string, id int64) {
	text, isOff := b.switchOff(ctx, q.From.ID, id)
	b.acknowledge(ctx, q.ID, text)
	switch {
	case !isOff:
	case kind == listPrefix:
		b.change(ctx, at.chat, at.message, b.active(ctx, q.From.ID, ""))
	default:
		b.change(ctx, at.chat, at.message, reply{text: fmt.Sprintf("%s (%s)", text, b.clock(time.Now()))})
	}
}

// place is where a message is.
type place struct {
	chat    int64
	message int
}

// placeOf finds the message that a button belongs to; a very old one has none.
func placeOf(q *models.CallbackQuery) (place, bool) {
	switch m := q.Message; {
	case m.Message != nil:
		return place{chat: m.Message.Chat.ID, message: m.Message.ID}, true
	case m.InaccessibleMessage != nil:
		return place{chat: m.InaccessibleMessage.Chat.ID, message: m.InaccessibleMessage.MessageID}, true
	}
	return place{}, false
}
