package telegram

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// remindEvery is how often a trouble is told again while it lasts: polls fail every few seconds then.
	remindEvery = 10 * time.Minute
	// maxErrorText bounds what is logged of an error: the library puts the whole answer into it when it is not what it expected.
	maxErrorText = 300
)

// reporter writes the log, without the token.
type reporter struct {
	log   *slog.Logger
	token string

	mu     sync.Mutex // guards what follows
	last   string     // the trouble that was told last; empty when there is none
	lastAt time.Time
	quiet  bool // the bot is stopping: what is broken off then is no trouble
}

func newReporter(log *slog.Logger, token string) *reporter { return &reporter{log: log, token: token} }

// safe is an error's text without the token, and not too long.
func (r *reporter) safe(err error) string {
	text := strings.ReplaceAll(err.Error(), r.token, "[token]")
	if runes := []rune(text); len(runes) > maxErrorText {
		text = string(runes[:maxErrorText]) + "…"
	}
	return text
}

func (r *reporter) info(text string, args ...any) { r.log.Info(text, args...) }

func (r *reporter) warn(text string, err error, args ...any) {
	r.log.Warn(text, append(args, "err", r.safe(err))...)
}

// failed is told what goes wrong with polls. The same trouble is written once, and from time to time while it lasts.
func (r *reporter) failed(err error) {
	text := r.safe(err)
	r.mu.Lock()
	again := r.quiet || text == r.last && time.Since(r.lastAt) < remindEvery
	if !again {
		r.last, r.lastAt = text, time.Now()
	}
	r.mu.Unlock()
	if !again {
		r.log.Warn("Telegram does not answer as it should; trying again", "err", text)
	}
}

// hush ends the writing of troubles with polls.
func (r *reporter) hush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.quiet = true
}

// reached is told of every good poll.
func (r *reporter) reached() {
	r.mu.Lock()
	was := r.last != ""
	r.last = ""
	r.mu.Unlock()
	if was {
		r.log.Info("Telegram answers again")
	}
}
