package telegram

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"
)

const (
	// listed is how many links a list shows: with labels of longest runes it stays below the 4096 characters of a message, and 100 buttons.
	listed = 25
	// longest is how many runes of a label are kept.
	longest = 64
)

// clock writes a time where the operators are.
func (b *Bot) clock(t time.Time) string { return t.In(b.location).Format("Mon 2 Jan 2006 15:04 MST") }

// describe is one line about a link.
func (b *Bot) describe(l Link) string {
	text := fmt.Sprintf("#%d%s, ", l.ID, quoted(l.Label))
	if l.Expires.IsZero() {
		text += "permanent"
	} else {
		text += "until " + b.clock(l.Expires)
	}
	switch {
	case l.MaxViewers > 0:
		text += fmt.Sprintf(", %d of %s", l.Viewers, count(l.MaxViewers, "viewer", "viewers"))
	case l.Viewers > 0:
		text += ", " + count(l.Viewers, "viewer", "viewers")
	}
	return text
}

func quoted(label string) string {
	if label == "" {
		return ""
	}
	return " “" + shorten(label) + "”"
}

// shorten makes one line of a label, and not too long a one.
func shorten(label string) string {
	label = strings.Join(strings.Fields(label), " ")
	if runes := []rune(label); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return label
}

// span writes a duration as 45m, 1h or 1h30m.
func span(d time.Duration) string {
	text := d.String()
	if rest, ok := strings.CutSuffix(text, "m0s"); ok {
		text = rest + "m"
	}
	if rest, ok := strings.CutSuffix(text, "h0m"); ok {
		text = rest + "h"
	}
	return text
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func button(text, data string) models.InlineKeyboardButton {
	return models.InlineKeyboardButton{Text: text, CallbackData: data}
}

// rows puts so many buttons side by side.
func rows(width int, keys ...models.InlineKeyboardButton) [][]models.InlineKeyboardButton {
	var all [][]models.InlineKeyboardButton
	for len(keys) > 0 {
		n := min(width, len(keys))
		all, keys = append(all, keys[:n]), keys[n:]
	}
	return all
}
