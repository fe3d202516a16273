package app

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"gotgcall/examples/tempstream/internal/store"
	"gotgcall/examples/tempstream/internal/telegram"
)

// LinkURL is the address that a token makes.
func LinkURL(base, token string) string { return base + "/live/stream/" + token }

// NewLink makes a link and returns its address, which nobody can be told again.
func (a *App) NewLink(ctx context.Context, o store.LinkOptions) (store.Link, string, error) {
	l, token, err := a.store.CreateLink(ctx, o)
	return l, LinkURL(a.BaseURL(), token), err
}

// DisableLink ends a link at once.
func (a *App) DisableLink(ctx context.Context, id int64, by string) error {
	if _, err := a.store.DisableLink(ctx, id, by); err != nil {
		return err
	}
	return a.gate.Refresh(ctx)
}

// links is the service as the bot commands it.
type links struct{ app *App }

// user names a Telegram user in the audit trail.
func user(id int64) string { return "telegram:" + strconv.FormatInt(id, 10) }

// foreign makes of the store's error the bot's.
func foreign(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return telegram.ErrNoLink
	}
	return err
}

func (l links) told(s store.Link) telegram.Link {
	return telegram.Link{
		ID: s.ID, Label: s.Label, Created: s.Created, Expires: s.Expires, Viewers: l.app.gate.Viewers()[s.ID], MaxViewers: s.MaxViewers,
	}
}

func (l links) NewLink(ctx context.Context, ttl time.Duration, label string, by int64) (telegram.Link, string, error) {
	made, url, err := l.app.NewLink(ctx, store.LinkOptions{TTL: ttl, Label: label, By: user(by)})
	return l.told(made), url, err
}

func (l links) Active(ctx context.Context) ([]telegram.Link, error) {
	active, err := l.app.store.ActiveLinks(ctx)
	var told []telegram.Link
	for _, s := range slices.Backward(active) {
		told = append(told, l.told(s))
	}
	return told, err
}

func (l links) Disable(ctx context.Context, id, by int64) error {
	return foreign(l.app.DisableLink(ctx, id, user(by)))
}

func (l links) DisableLatest(ctx context.Context, by int64) (telegram.Link, error) {
	s, err := l.app.store.DisableLatestLink(ctx, user(by))
	if err != nil {
		return telegram.Link{}, foreign(err)
	}
	return l.told(s), l.app.gate.Refresh(ctx)
}

func (l links) Status(ctx context.Context) (telegram.Status, error) {
	active, err := l.app.store.ActiveLinks(ctx)
	if err != nil {
		return telegram.Status{}, err
	}
	now := l.app.announce.status()
	told := telegram.Status{State: string(now.State), Since: now.Since, Links: len(active)}
	for _, n := range l.app.gate.Viewers() {
		told.Viewers += n
	}
	return told, nil
}

// keys are the stream keys as the media server asks for them.
type keys struct{ store *store.Store }

func (k keys) Operator(ctx context.Context, key string) (id int64, name string, ok bool, err error) {
	found, err := k.store.FindKey(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return 0, "", false, nil
	}
	return found.ID, found.Operator, err == nil, err
}

func (k keys) Valid(ctx context.Context, id int64) (bool, error) {
	valid, err := k.store.Keys(ctx)
	return slices.ContainsFunc(valid, func(v store.Key) bool { return v.ID == id }), err
}
