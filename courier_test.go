package gotgcall_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/sfutest"
)

// courier is a Signaler whose Telegram is the world's server.
type courier struct {
	w       *world
	onJoin  func(ctx context.Context, try int) error // asked before each join, counted from 1; nil is always yes
	onLeave func(ctx context.Context) error          // asked before each leave

	mu     sync.Mutex
	joins  []joined
	leaves []int32
}

// joined is one call of Join.
type joined struct {
	at      time.Time
	payload string
}

func (c *courier) Join(ctx context.Context, chatID int64, params string) (string, error) {
	c.mu.Lock()
	c.joins = append(c.joins, joined{time.Now(), params})
	try := len(c.joins)
	c.mu.Unlock()
	if c.onJoin != nil {
		if err := c.onJoin(ctx, try); err != nil {
			return "", err
		}
	}
	return c.w.server.Join(chatID, params)
}

func (c *courier) Leave(ctx context.Context, chatID int64, source int32) error {
	c.mu.Lock()
	c.leaves = append(c.leaves, source)
	c.mu.Unlock()
	if c.onLeave != nil {
		if err := c.onLeave(ctx); err != nil {
			return err
		}
	}
	return c.w.server.Leave(chatID, source)
}

// times returns when the joins were, since start.
func (c *courier) times(start time.Time) (times []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range c.joins {
		times = append(times, j.at.Sub(start))
	}
	return times
}

// expect fails unless there were so many joins, each with an identity of its own, and so many leaves.
func (c *courier) expect(joins, leaves int) {
	c.w.t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.joins) != joins || len(c.leaves) != leaves {
		c.w.t.Errorf("there were %d joins and %d leaves, expected %d and %d", len(c.joins), len(c.leaves), joins, leaves)
	}
	var payloads []string
	for _, j := range c.joins {
		payloads = append(payloads, j.payload)
	}
	slices.Sort(payloads)
	if len(slices.Compact(payloads)) != len(c.joins) {
		c.w.t.Error("an identity was used in two joins")
	}
}

// inspector is a courier that can also check.
type inspector struct {
	*courier
	onCheck func(ctx context.Context) error // asked before each check
}

func (i inspector) Check(ctx context.Context, chatID int64, sources []int32) ([]int32, error) {
	if i.onCheck != nil {
		if err := i.onCheck(ctx); err != nil {
			return nil, err
		}
	}
	return i.w.server.Check(chatID, sources), nil
}

// forgiving is a courier for whom a call that the server has forgotten is left.
type forgiving struct{ *courier }

func (f forgiving) Leave(ctx context.Context, chatID int64, source int32) error {
	if err := f.courier.Leave(ctx, chatID, source); !errors.Is(err, sfutest.ErrJoinMissing) {
		return err
	}
	return nil
}

// hang returns what waits until the test ends: it does not look at any context.
func (w *world) hang() func(context.Context) error {
	release := make(chan struct{})
	w.t.Cleanup(func() { close(release) })
	return func(context.Context) error {
		<-release
		return context.Canceled
	}
}

// politely waits until ctx ends, as a Signaler should.
func politely(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// hasCall tells whether the chat has a call.
func (w *world) hasCall(chat int64) bool {
	_, has := w.client.Calls()[chat]
	return has
}

var (
	_ gotgcall.Signaler = (*courier)(nil)
	_ gotgcall.Checker  = inspector{}
)

// plain is the simplest Signaler.
type plain struct{ w *world }

func (c *plain) Join(_ context.Context, chatID int64, params string) (string, error) {
	return c.w.server.Join(chatID, params)
}

func (c *plain) Leave(_ context.Context, chatID int64, source int32) error {
	return c.w.server.Leave(chatID, source)
}
