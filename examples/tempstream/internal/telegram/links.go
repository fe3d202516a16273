package telegram

import (
	"context"
	"errors"
	"time"
)

// ErrNoLink is what Disable and DisableLatest wrap when there is nothing to switch off: no link of that number, or one that has ended already.
var ErrNoLink = errors.New("there is no such active link")

// Links is what operators command by the bot. Every method may be called by one goroutine at a time, and returns soon after ctx has ended.
// by is the Telegram user who asked, for the audit.
type Links interface {
	// NewLink makes a link that lives for ttl, or until it is switched off when ttl is 0. The address is known only now: just a hash of it is kept.
	// label is for operators and may be empty.
	NewLink(ctx context.Context, ttl time.Duration, label string, by int64) (link Link, url string, err error)
	// Active lists the links that work now, the newest first.
	Active(ctx context.Context) ([]Link, error)
	// Disable switches a link off, or wraps ErrNoLink.
	Disable(ctx context.Context, id, by int64) error
	// DisableLatest switches off the newest of the active links, which it returns, or wraps ErrNoLink.
	DisableLatest(ctx context.Context, by int64) (Link, error)
	Status(ctx context.Context) (Status, error)
}

// Link is one link, without its secret.
type Link struct {
	ID         int64
	Label      string // empty without one
	Created    time.Time
	Expires    time.Time // zero for a permanent one
	Viewers    int       // who watch by it now
	MaxViewers int       // 0 for any number
}

// Status is how the stream is doing.
type Status struct {
	State   string    // live, waiting, paused or ended
	Since   time.Time // of this state; zero when it is not known
	Viewers int       // by all links
	Links   int       // that work now
}
