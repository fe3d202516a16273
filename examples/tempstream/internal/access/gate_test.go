package access

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/examples/tempstream/internal/secrets"
	"gotgcall/examples/tempstream/internal/store"
)

// book is a store in memory.
type book struct {
	mu       sync.Mutex // guards what follows
	links    map[string]store.Link
	sessions map[secrets.Sum]int64
	made     int
	broken   bool
}

func newBook(links map[string]store.Link) *book {
	return &book{links: links, sessions: map[secrets.Sum]int64{}}
}

func (b *book) FindLink(_ context.Context, token string) (store.Link, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.links[token]; l.ID != 0 && l.Active(time.Now()) {
		return l, nil
	}
	return store.Link{}, store.ErrNotFound
}

func (b *book) CreateSession(_ context.Context, link int64) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made++
	secret := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%024d", b.made))
	b.sessions[sha256.Sum256([]byte(secret))] = link
	return secret, nil
}

func (b *book) FindSession(_ context.Context, sum secrets.Sum) (store.Link, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.links {
		if l.ID == b.sessions[sum] && l.Active(time.Now()) {
			return l, nil
		}
	}
	return store.Link{}, store.ErrNotFound
}

func (b *book) ActiveLinks(context.Context) (active []store.Link, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken {
		return nil, errors.New("the disk is full")
	}
	for _, l := range b.links {
		if l.Active(time.Now()) {
			active = append(active, l)
		}
	}
	return active, nil
}

func (b *book) disable(token string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.links[token]
	l.Disabled = time.Now()
	b.links[token] = l
}

// world runs f with a gate in fake time.
func world(t *testing.T, links func() map[string]store.Link, f func(t *testing.T, g *Gate, b *book)) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook(links())
		g := New(b, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- g.Run(ctx) }()
		f(t, g, b)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		g.Close()
	})
}

// enter opens a link and returns the right to play.
func enter(t *testing.T, g *Gate, token string) *Pass {
	t.Helper()
	_, secret, err := g.Enter(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.Pass(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func lasting(limit int) func() map[string]store.Link {
	return func() map[string]store.Link { return map[string]store.Link{"t": {ID: 1, MaxViewers: limit}} }
}

func TestALinkThatIsDisabledElsewhereEndsForItsViewersWithinASecond(t *testing.T) {
	world(t, lasting(0), func(t *testing.T, g *Gate, b *book) {
		p := enter(t, g, "t")
		time.Sleep(time.Hour)
		if p.Context().Err() != nil {
			t.Fatal("it ended by itself")
		}
		b.disable("t")
		began := time.Now()
		<-p.Context().Done()
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
		if _, _, err := g.Enter(t.Context(), "t"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("it opens again: %v", err)
		}
	})
}

func TestALinkEndsWhenItExpires(t *testing.T) {
	world(t, func() map[string]store.Link {
		return map[string]store.Link{"t": {ID: 1, Expires: time.Now().Add(time.Minute)}}
	}, func(t *testing.T, g *Gate, b *book) {
		b.broken = true // the clock is enough
		p := enter(t, g, "t")
		began := time.Now()
		<-p.Context().Done()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it lasted %v", took)
		}
	})
}

func TestADatabaseThatCannotBeAskedEndsNothing(t *testing.T) {
	world(t, lasting(0), func(t *testing.T, g *Gate, b *book) {
		p := enter(t, g, "t")
		b.mu.Lock()
		b.broken = true
		b.mu.Unlock()
		time.Sleep(time.Minute)
		if p.Context().Err() != nil {
			t.Error("the link has ended")
		}
	})
}

func TestALinkHasAsManyViewersAsItMayHave(t *testing.T) {
	world(t, lasting(2), func(t *testing.T, g *Gate, _ *book) {
		one, two, three := enter(t, g, "t"), enter(t, g, "t"), enter(t, g, "t")
		if !one.Hold() || !two.Take() || three.Take() || three.Hold() || !one.Take() {
			t.Fatal("expected places for two")
		}
		if n := g.Viewers()[1]; n != 2 {
			t.Errorf("%d viewers", n)
		}
		one.Release() // the page is left: its place is free at once
		if !three.Hold() || one.Take() {
			t.Error("the place of who left was not given to the next")
		}
		time.Sleep(seen) // two asks for nothing any more
		if n := g.Viewers()[1]; n != 1 {
			t.Errorf("%d viewers, expected the one who holds a place", n)
		}
		if !one.Take() {
			t.Error("the place of who fell silent was not given to the next")
		}
	})
}

func TestWhoWaitedLongForAPlaceIsCountedOnceItHasOne(t *testing.T) {
	world(t, lasting(1), func(t *testing.T, g *Gate, _ *book) {
		one, two := enter(t, g, "t"), enter(t, g, "t")
		one.Hold()
		time.Sleep(10 * forget) // two is forgotten meanwhile
		one.Release()
		if !two.Hold() || one.Take() || g.Viewers()[1] != 1 {
			t.Errorf("%d viewers, expected the one who waited", g.Viewers()[1])
		}
	})
}

func TestASessionThatIsNoneOpensNothing(t *testing.T) {
	world(t, lasting(0), func(t *testing.T, g *Gate, b *book) {
		_, secret, err := g.Enter(t.Context(), "t")
		if err != nil {
			t.Fatal(err)
		}
		b.disable("t")
		for _, s := range []string{"", "x", secret} {
			if _, err := g.Pass(t.Context(), s); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}
