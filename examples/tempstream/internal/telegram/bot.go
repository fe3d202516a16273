package telegram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

const (
	// defaultPollTimeout is how long Telegram may hold a poll open that has nothing to tell.
	defaultPollTimeout = 50 * time.Second
	// answerTime is what an answer may take beyond that.
	answerTime = 10 * time.Second

	// updateTime bounds the work on one message or button, what Telegram asks to wait for included.
	updateTime = time.Minute
	// strangerTime is the same for those who may command nothing: they cannot keep the operators waiting.
	strangerTime = 5 * time.Second
	// stopTime is what is left to it when the bot is told to stop.
	stopTime = 5 * time.Second

	// firstBackoff and lastBackoff are the waits between two tries to reach Telegram at the start.
	firstBackoff = time.Second
	lastBackoff  = time.Minute
)

// Options are the settings of a bot. Token is required.
type Options struct {
	Token       string          // of @BotFather; it is never logged
	ServerURL   string          // of the Bot API. It defaults to https://api.telegram.org
	Allowed     []int64         // the ids of the users who may command; everybody else is told "Access denied."
	TTLs        []time.Duration // what /new offers; empty: permanent links alone are offered
	Location    *time.Location  // of the times in answers. It defaults to UTC
	PollTimeout time.Duration   // how long a poll may be held open, whole seconds. It defaults to 50 s
	Log         *slog.Logger    // It defaults to slog.Default
}

// Bot answers operators. Run it once.
type Bot struct {
	links    Links
	allowed  []int64
	ttls     []time.Duration
	location *time.Location
	log      *reporter
	wire     *wire
	api      *bot.Bot

	name string // the bot's own, known when Telegram has been reached; owned by Run until it polls, and read by the handlers then
}

// New checks the options. It does not reach out to Telegram: that is Run's.
func New(o Options, links Links) (*Bot, error) {
	if o.Token == "" || strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || strings.ContainsRune("/?#%\\\x7f", r) }) {
		return nil, errors.New("the Telegram bot token is empty or holds characters that no token has; copy it anew from @BotFather, as in 123456:ABC-DEF")
	}
	if o.PollTimeout == 0 {
		o.PollTimeout = defaultPollTimeout
	}
	if o.PollTimeout < time.Second {
		return nil, fmt.Errorf("a poll of %v is too short; use whole seconds", o.PollTimeout)
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	b := &Bot{
		links:    links,
		allowed:  slices.Clone(o.Allowed),
		ttls:     slices.Clone(o.TTLs),
		location: o.Location,
		log:      newReporter(o.Log, o.Token),
	}
	b.wire = newWire(o.PollTimeout+answerTime, b.log.reached)
	options := []bot.Option{
		bot.WithSkipGetMe(), // New does not wait for a network
		bot.WithHTTPClient(o.PollTimeout+time.Second, b.wire), // the library takes a second off
		bot.WithAllowedUpdates(bot.AllowedUpdates{models.AllowedUpdateMessage, models.AllowedUpdateCallbackQuery}),
		bot.WithNotAsyncHandlers(),   // one after the other, so that none is left behind at the end
		bot.WithUpdatesChannelCap(0), // a poll acknowledges what came before it: nothing may wait in between
		bot.WithDefaultHandler(b.take),
		bot.WithErrorsHandler(b.log.failed),
	}
	if o.ServerURL != "" {
		options = append(options, bot.WithServerURL(strings.TrimRight(o.ServerURL, "/")))
	}
	api, err := bot.New(o.Token, options...)
	if err != nil {
		return nil, errors.New(b.log.safe(err))
	}
	b.api = api
	return b, nil
}

// Run answers until ctx ends, and then returns nil within 5 seconds, the work on one message included. While Telegram cannot be reached, or refuses the
// token, it says so in the log and tries again.
func (b *Bot) Run(ctx context.Context) error {
	defer b.wire.close()
	defer context.AfterFunc(ctx, b.log.hush)()
	if b.greet(ctx) {
		b.offerMenu(ctx)
		b.api.Start(ctx)
	}
	return nil
}

// offerMenu tells Telegram the commands, for what it shows while somebody types.
func (b *Bot) offerMenu(ctx context.Context) {
	work, cancel := context.WithTimeout(ctx, updateTime)
	defer cancel()
	err := b.try(work, func(ctx context.Context) error {
		_, err := b.api.SetMyCommands(ctx, &bot.SetMyCommandsParams{Commands: menu[:]})
		return err
	})
	if err != nil && ctx.Err() == nil {
		b.log.warn("the menu of commands could not be set; they work without it", err)
	}
}

// greet asks Telegram who the bot is until it answers, and is false when ctx ends before.
func (b *Bot) greet(ctx context.Context) bool {
	for wait := firstBackoff; ; wait = min(2*wait, lastBackoff) {
		asked, cancel := context.WithTimeout(ctx, answerTime)
		me, err := b.api.GetMe(asked)
		cancel()
		if err == nil {
			b.name = me.Username
			b.log.info("the Telegram bot is ready", "name", me.Username)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		pauseFor := max(wait, flood(err))
		b.log.warn("Telegram does not answer; trying again"+hint(err), err, "in", pauseFor)
		if pause(ctx, pauseFor) != nil {
			return false
		}
	}
}

// hint says what somebody can do about an error at the start.
func hint(err error) string {
	if errors.Is(err, bot.ErrorUnauthorized) || errors.Is(err, bot.ErrorNotFound) {
		return ", but it knows no such bot: check the token"
	}
	return ""
}

// take handles one message or one button.
func (b *Bot) take(ctx context.Context, _ *bot.Bot, update *models.Update) {
	switch {
	case update.Message != nil && update.Message.From != nil:
		b.hear(ctx, update.Message)
	case update.CallbackQuery != nil:
		b.press(ctx, update.CallbackQuery)
	}
}

// mayCommand tells whether a user is an operator.
func (b *Bot) mayCommand(user int64) bool { return slices.Contains(b.allowed, user) }

// working is the context of the work on one update: it ends when its time is up, or soon after the bot has been told to stop, so that an operator
// still gets the address of a link that has just been made.
func (b *Bot) working(ctx context.Context, user int64) (context.Context, context.CancelFunc) {
	limit := strangerTime
	if b.mayCommand(user) {
		limit = updateTime
	}
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	stop := context.AfterFunc(ctx, func() {
		_ = pause(work, stopTime)
		cancel()
	})
	return work, func() { stop(); cancel() }
}
