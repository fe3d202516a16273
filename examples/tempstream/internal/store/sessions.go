package store

import (
	"context"
	"strings"
	"time"

	"gotgcall/examples/tempstream/internal/secrets"
)

// SessionLifetime is how long the session of a permanent link lasts; others end with their link.
const SessionLifetime = 30 * 24 * time.Hour

// CreateSession makes a session of a link. The secret is for the viewer's cookie and told only here.
func (s *Store) CreateSession(ctx context.Context, link int64) (secret string, err error) {
	secret, sum := secrets.New()
	_, err = s.db.ExecContext(ctx, "INSERT INTO sessions (secret_sum, link_id, created_at) VALUES (?, ?, ?)", sum[:], link, s.now().UnixMilli())
	return secret, err
}

// sessionLink finds a session's link. Columns of links are named as in linkColumns, of which sessions has one too.
var sessionLink = "SELECT " + strings.Replace(linkColumns, "created_at", "links.created_at", 1) +
	" FROM sessions JOIN links ON links.id = sessions.link_id WHERE secret_sum = ? AND sessions.created_at > ?"

// FindSession returns the active link of a session, and ErrNotFound when there is none.
func (s *Store) FindSession(ctx context.Context, sum secrets.Sum) (Link, error) {
	now := s.now()
	l, err := scanLink(s.db.QueryRowContext(ctx, sessionLink, sum[:], now.Add(-SessionLifetime).UnixMilli()))
	if err == nil && !l.Active(now) {
		return Link{}, ErrNotFound
	}
	return l, err
}
