package telegram

import (
	"context"
	"errors"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

const (
	// sendTries is how often a message is tried that may not have arrived. One that arrives twice does less harm than an address that is lost.
	sendTries = 3
	// sendBackoff is the first of the waits between them.
	sendBackoff = 500 * time.Millisecond
)

// reply is what the bot says: a text, and buttons below it.
type reply struct {
	text string
	keys [][]models.InlineKeyboardButton
}

func (r reply) markup() models.ReplyMarkup {
	if len(r.keys) == 0 {
		return nil
	}
	return &models.InlineKeyboardMarkup{InlineKeyboard: r.keys}
}

// unseen keeps Telegram from fetching the addresses in a text for a preview: it would be a viewer.
func unseen() *models.LinkPreviewOptions { return &models.LinkPreviewOptions{IsDisabled: bot.True()} }

// say sends a message.
func (b *Bot) say(ctx context.Context, chat int64, r reply) {
	b.report("a message could not be sent", b.try(ctx, func(ctx context.Context) error {
		_, err := b.api.SendMessage(ctx, &bot.SendMessageParams{ChatID: chat, Text: r.text, ReplyMarkup: r.markup(), LinkPreviewOptions: unseen()})
		return err
	}))
}

// change puts something else into a message of the bot's own.
func (b *Bot) change(ctx context.Context, chat int64, message int, r reply) {
	b.report("a message could not be changed", b.try(ctx, func(ctx context.Context) error {
		_, err := b.api.EditMessageText(ctx, &bot.EditMessageTextParams{
			ChatID: chat, MessageID: message, Text: r.text, ReplyMarkup: r.markup(), LinkPreviewOptions: unseen(),
		})
		return err
	}))
}

// acknowledge ends the waiting that a button shows. A text is shown over the chat.
func (b *Bot) acknowledge(ctx context.Context, query, text string) {
	b.report("a button could not be answered", b.try(ctx, func(ctx context.Context) error {
		_, err := b.api.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: query, Text: text})
		return err
	}))
}

func (b *Bot) report(what string, err error) {
	if err != nil {
		b.log.warn(what, err)
	}
}

// try makes a request until it succeeds, is refused, or its time is up. It waits as long as Telegram asks for, if that much time is left.
func (b *Bot) try(ctx context.Context, request func(ctx context.Context) error) error {
	backoff := sendBackoff
	for failures := 0; ; {
		asked, cancel := context.WithTimeout(ctx, answerTime)
		err := request(asked)
		cancel()
		if err == nil || refused(err) || ctx.Err() != nil {
			return err
		}
		wait := flood(err)
		if wait == 0 {
			if failures++; failures == sendTries {
				return err
			}
			wait, backoff = backoff, 2*backoff
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return err
		}
		if pause(ctx, wait) != nil {
			return err
		}
	}
}

// refused tells an answer that will be the same next time.
func refused(err error) bool {
	var moved *bot.MigrateError
	return errors.Is(err, bot.ErrorBadRequest) || errors.Is(err, bot.ErrorForbidden) || errors.Is(err, bot.ErrorUnauthorized) ||
		errors.Is(err, bot.ErrorNotFound) || errors.Is(err, bot.ErrorConflict) || errors.As(err, &moved)
}

// flood is how long Telegram asks to be left alone for; 0 when that is not what the error is about.
func flood(err error) time.Duration {
	var busy *bot.TooManyRequestsError
	if !errors.As(err, &busy) {
		return 0
	}
	return max(floodWait(int64(busy.RetryAfter)), time.Second)
}
