package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotgcall/examples/tempstream/internal/secrets"
	"gotgcall/internal/leak"
)

// clock is a time that a test moves.
type clock struct{ now time.Time }

func newStore(t *testing.T) (*Store, *clock, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a file?#%.sqlite")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &clock{time.UnixMilli(1_800_000_000_000)}
	s.now = func() time.Time { return c.now }
	return s, c, path
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestALinkOpensUntilItExpiresOrIsDisabled(t *testing.T) {
	leak.Check(t)
	s, clock, _ := newStore(t)
	ctx := t.Context()
	short, token, err := s.CreateLink(ctx, LinkOptions{TTL: time.Hour, Label: "friends", MaxViewers: 3, By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	lasting, other, err := s.CreateLink(ctx, LinkOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.FindLink(ctx, token); err != nil || found != short || found.Label != "friends" || found.MaxViewers != 3 {
		t.Errorf("found %+v, %v; expected %+v", found, err, short)
	}
	if active := must[[]Link](t)(s.ActiveLinks(ctx)); len(active) != 2 || active[0] != short || active[1] != lasting {
		t.Errorf("active: %+v", active)
	}

	clock.now = clock.now.Add(time.Hour)
	if _, err := s.FindLink(ctx, token); !errors.Is(err, ErrNotFound) {
		t.Errorf("after it has expired: %v", err)
	}
	if _, err := s.DisableLink(ctx, short.ID, "test"); !errors.Is(err, ErrNotFound) {
		t.Errorf("disabled after it has expired: %v", err)
	}
	if _, err := s.FindLink(ctx, other); err != nil {
		t.Errorf("a permanent link: %v", err)
	}
	if l, err := s.DisableLatestLink(ctx, "test"); err != nil || l.ID != lasting.ID {
		t.Errorf("the latest is %+v, %v", l, err)
	}
	if _, err := s.FindLink(ctx, other); !errors.Is(err, ErrNotFound) {
		t.Errorf("after it was disabled: %v", err)
	}
	if _, err := s.DisableLatestLink(ctx, "test"); !errors.Is(err, ErrNotFound) {
		t.Errorf("without an active one: %v", err)
	}
}

func TestUnknownAndMalformedTokensAreTheSameAsExpiredOnes(t *testing.T) {
	s, _, _ := newStore(t)
	unknown, _ := secrets.New()
	for _, token := range []string{"", "x", unknown, unknown + "A", strings.Repeat("=", 32), strings.Repeat("\n", 32), unknown[:31] + " ", strings.Repeat("A", 1<<16)} {
		if _, err := s.FindLink(t.Context(), token); !errors.Is(err, ErrNotFound) {
			t.Errorf("%.40q: %v", token, err)
		}
		if _, err := s.FindKey(t.Context(), token); !errors.Is(err, ErrNotFound) {
			t.Errorf("as a key %.40q: %v", token, err)
		}
	}
}

func TestTheFileHasNoSecretAndIsForItsOwnerAlone(t *testing.T) {
	s, _, path := newStore(t)
	ctx := t.Context()
	l, token, err := s.CreateLink(ctx, LinkOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	session := must[string](t)(s.CreateSession(ctx, l.ID))
	_, key, err := s.CreateKey(ctx, "anna", "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		for _, secret := range []string{token, session, key} {
			if bytes.Contains(must[[]byte](t)(os.ReadFile(file)), []byte(secret)) {
				t.Errorf("%s has a secret", file)
			}
		}
		if info := must[os.FileInfo](t)(os.Stat(file)); info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%s is for others too: %v", file, info.Mode())
		}
	}
}

func TestASessionEndsWithItsLinkOrAfterAMonth(t *testing.T) {
	s, clock, _ := newStore(t)
	ctx := t.Context()
	l, _, err := s.CreateLink(ctx, LinkOptions{By: "test"})
	if err != nil {
		t.Fatal(err)
	}
	old, _ := secrets.SumOf(must[string](t)(s.CreateSession(ctx, l.ID)))
	if found, err := s.FindSession(ctx, old); err != nil || found != l {
		t.Errorf("%+v, %v; expected %+v", found, err, l)
	}
	clock.now = clock.now.Add(SessionLifetime)
	fresh, _ := secrets.SumOf(must[string](t)(s.CreateSession(ctx, l.ID)))
	if _, err := s.FindSession(ctx, old); !errors.Is(err, ErrNotFound) {
		t.Errorf("after a month: %v", err)
	}
	if _, err := s.DisableLink(ctx, l.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FindSession(ctx, fresh); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its link: %v", err)
	}
}

func TestARevokedKeyOpensNothing(t *testing.T) {
	s, _, _ := newStore(t)
	ctx := t.Context()
	k, key, err := s.CreateKey(ctx, "anna", "test")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.FindKey(ctx, key); err != nil || found != k {
		t.Errorf("%+v, %v; expected %+v", found, err, k)
	}
	if _, err := s.RevokeKey(ctx, k.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FindKey(ctx, key); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoked: %v", err)
	}
	if _, err := s.RevokeKey(ctx, k.ID, "test"); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoked twice: %v", err)
	}
	if keys := must[[]Key](t)(s.Keys(ctx)); len(keys) != 0 {
		t.Errorf("valid: %+v", keys)
	}
}

func TestWhatIsOverIsForgottenAndTheAuditTrailTellsOfIt(t *testing.T) {
	s, clock, _ := newStore(t)
	ctx := t.Context()
	gone, _, err := s.CreateLink(ctx, LinkOptions{TTL: time.Minute, By: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	lasting, token, err := s.CreateLink(ctx, LinkOptions{By: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []Link{gone, lasting} {
		must[string](t)(s.CreateSession(ctx, l.ID))
	}
	if n := must[int64](t)(s.CleanUp(ctx)); n != 0 {
		t.Errorf("%d rows were removed, expected none yet", n)
	}
	clock.now = clock.now.Add(time.Hour)
	if n := must[int64](t)(s.CleanUp(ctx)); n != 1 {
		t.Errorf("%d rows, expected the session of the link that has ended", n)
	}
	clock.now = clock.now.Add(keepEnded)
	if n := must[int64](t)(s.CleanUp(ctx)); n != 2 {
		t.Errorf("%d rows, expected the link and a session that is a month old", n)
	}
	if notes := must[[]Note](t)(s.Audit(ctx, 10)); len(notes) != 2 || notes[0].Actor != "anna" || notes[0].Action != "link made" || notes[0].Subject != "link 2" {
		t.Errorf("audit: %+v", notes)
	}
	clock.now = clock.now.Add(keepAudit)
	must[int64](t)(s.CleanUp(ctx))
	if notes := must[[]Note](t)(s.Audit(ctx, 10)); len(notes) != 0 {
		t.Errorf("audit after 120 days: %+v", notes)
	}
	if _, err := s.FindLink(ctx, token); err != nil {
		t.Errorf("a permanent link: %v", err)
	}
}

func TestTwoProcessesWriteOneFile(t *testing.T) {
	s, _, path := newStore(t)
	other, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	const each = 50
	errs := make(chan error)
	for _, one := range []*Store{s, other, s, other} {
		go func() {
			var all []error
			for range each {
				_, _, err := one.CreateLink(t.Context(), LinkOptions{By: "test"})
				all = append(all, err)
			}
			errs <- errors.Join(all...)
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := len(must[[]Link](t)(s.ActiveLinks(t.Context()))); n != 4*each {
		t.Errorf("%d links, expected %d", n, 4*each)
	}
}

func TestAFileThatCannotBeWrittenIsNamedWithTheFix(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "none", "db.sqlite"), dir, text, filepath.Join(text, "db.sqlite")} {
		s, err := Open(context.Background(), path)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "DB_PATH") || !strings.Contains(err.Error(), "may write to") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
