package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"
)

const (
	denied = "Access denied."
	failed = "That did not work. The log of the service says why."
	lost   = "There is no such command. /help lists them all."
)

// hear answers a message.
func (b *Bot) hear(ctx context.Context, m *models.Message) {
	ctx, done := b.working(ctx, m.From.ID)
	defer done()
	if r, ok := b.answer(ctx, m); ok {
		b.say(ctx, m.Chat.ID, r)
	}
}

// answer finds what to say to a message, and whether to say anything: in a group the bot listens to its own commands alone.
func (b *Bot) answer(ctx context.Context, m *models.Message) (reply, bool) {
	group := m.Chat.Type != models.ChatTypePrivate
	c, ok := parseCommand(m.Text)
	switch {
	case c.to != "" && !strings.EqualFold(c.to, b.name), group && !ok:
		return reply{}, false
	case c.name == cmdWhoAmI:
		return reply{text: fmt.Sprintf("Your user id is %d. The id of this chat is %d.", m.From.ID, m.Chat.ID)}, true
	}
	do, known := b.commands()[c.name]
	switch {
	case !known && group && c.to == "": // another bot's
		return reply{}, false
	case !b.mayCommand(m.From.ID):
		return reply{text: denied}, true
	case !known:
		return reply{text: lost}, true
	}
	return do(ctx, m.From.ID, c.args), true
}

// commands are what operators may type.
func (b *Bot) commands() map[string]func(ctx context.Context, by int64, args string) reply {
	return map[string]func(ctx context.Context, by int64, args string) reply{
		cmdNew:     b.newTemporary,
		cmdNewPerm: b.newPermanent,
		cmdActive:  b.active,
		cmdStatus:  b.status,
		cmdOff:     b.off,
		cmdOffLast: b.offLast,
		cmdHelp:    b.help,
		cmdStart:   b.help,
	}
}

func (b *Bot) help(context.Context, int64, string) reply {
	var text strings.Builder
	text.WriteString("I hand out links to the live stream.\n")
	for _, c := range menu {
		fmt.Fprintf(&text, "\n/%s: %s", c.Command, c.Description)
	}
	return reply{text: text.String(), keys: rows(2,
		button("New link", doPrefix+cmdNew), button("Permanent link", doPrefix+cmdNewPerm),
		button("Active links", doPrefix+cmdActive), button("Status", doPrefix+cmdStatus),
		button("Switch the newest off", doPrefix+cmdOffLast),
	)}
}

// newTemporary makes a link of the duration in args, or asks for one.
func (b *Bot) newTemporary(ctx context.Context, by int64, args string) reply {
	if ttl, label, ok := parseTTL(args); ok {
		return b.make(ctx, by, ttl, label)
	}
	var text string
	switch {
	case args != "":
		text = fmt.Sprintf("%q does not begin with a duration. It is hours and minutes, as in /new 1h30m film night.\n", shorten(args))
	case len(b.ttls) > 0:
		text = "How long is the link to work?"
	}
	var keys []models.InlineKeyboardButton
	for _, ttl := range b.ttls {
		keys = append(keys, button(span(ttl), newPrefix+ttl.String()))
	}
	if len(keys) == 0 && text == "" {
		text = "No durations are set up. Name one, as in /new 1h, or make a permanent link."
	}
	keys = append(keys, button("permanent", doPrefix+cmdNewPerm))
	return reply{text: text, keys: rows(3, keys...)}
}

func (b *Bot) newPermanent(ctx context.Context, by int64, args string) reply {
	return b.make(ctx, by, 0, args)
}

// make makes a link, whose address is in the answer and nowhere else.
func (b *Bot) make(ctx context.Context, by int64, ttl time.Duration, label string) reply {
	link, url, err := b.links.NewLink(ctx, ttl, shorten(label), by)
	if err != nil {
		return b.trouble("a link could not be made", err)
	}
	return reply{
		text: fmt.Sprintf("%s\n\n%s\n\nThe address is shown only here.", b.describe(link), url),
		keys: rows(1, button("Switch it off", offPrefix+strconv.FormatInt(link.ID, 10))),
	}
}

func (b *Bot) active(ctx context.Context, _ int64, _ string) reply {
	links, err := b.links.Active(ctx)
	if err != nil {
		return b.trouble("the links could not be listed", err)
	}
	if len(links) == 0 {
		return reply{text: "No link works now. /new makes one."}
	}
	text := []string{fmt.Sprintf("%s now:", count(len(links), "link works", "links work"))}
	var keys []models.InlineKeyboardButton
	for _, link := range links[:min(len(links), listed)] {
		text = append(text, b.describe(link))
		keys = append(keys, button(fmt.Sprintf("Switch #%d off", link.ID), listPrefix+strconv.FormatInt(link.ID, 10)))
	}
	if more := len(links) - listed; more > 0 {
		text = append(text, fmt.Sprintf("and %d older.", more))
	}
	return reply{text: strings.Join(text, "\n"), keys: rows(2, keys...)}
}

func (b *Bot) status(ctx context.Context, _ int64, _ string) reply {
	s, err := b.links.Status(ctx)
	if err != nil {
		return b.trouble("the status could not be had", err)
	}
	text := "The stream is " + s.State
	if !s.Since.IsZero() {
		text += " since " + b.clock(s.Since)
	}
	return reply{
		text: fmt.Sprintf("%s.\n%s, %s.", text, count(s.Viewers, "viewer", "viewers"), count(s.Links, "active link", "active links")),
		keys: rows(2, button("Again", doPrefix+cmdStatus), button("Active links", doPrefix+cmdActive)),
	}
}

// off switches a link off by its number, or shows which there are.
func (b *Bot) off(ctx context.Context, by int64, args string) reply {
	id, err := strconv.ParseInt(strings.TrimPrefix(args, "#"), 10, 64)
	if err != nil || id <= 0 {
		r := b.active(ctx, by, "")
		r.text = "/off takes the number of a link, as in /off 12.\n\n" + r.text
		return r
	}
	text, _ := b.switchOff(ctx, by, id)
	return reply{text: text}
}

// switchOff says what came of it, and whether the link is off now.
func (b *Bot) switchOff(ctx context.Context, by, id int64) (text string, isOff bool) {
	switch err := b.links.Disable(ctx, id, by); {
	case errors.Is(err, ErrNoLink):
		return fmt.Sprintf("Link #%d does not work any more, or never existed.", id), true
	case err != nil:
		return b.trouble("a link could not be switched off", err).text, false
	}
	return fmt.Sprintf("Link #%d is off.", id), true
}

func (b *Bot) offLast(ctx context.Context, by int64, _ string) reply {
	link, err := b.links.DisableLatest(ctx, by)
	switch {
	case errors.Is(err, ErrNoLink):
		return reply{text: "No link works now: there is nothing to switch off."}
	case err != nil:
		return b.trouble("the newest link could not be switched off", err)
	}
	return reply{text: fmt.Sprintf("Link #%d%s is off.", link.ID, quoted(link.Label))}
}

func (b *Bot) trouble(what string, err error) reply {
	b.log.warn(what, err)
	return reply{text: failed}
}
