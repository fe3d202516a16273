package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gotgcall/examples/tempstream/internal/secrets"
)

// Link is a watch link, without its token.
type Link struct {
	ID         int64
	Label      string
	MaxViewers int // 0: any number
	Created    time.Time
	CreatedBy  string
	Expires    time.Time // zero: permanent
	Disabled   time.Time // zero: not disabled
}

// Active says whether the link opens anything at that time.
func (l Link) Active(now time.Time) bool {
	return l.Disabled.IsZero() && (l.Expires.IsZero() || now.Before(l.Expires))
}

// LinkOptions say what kind of link is wanted.
type LinkOptions struct {
	TTL        time.Duration // 0: permanent
	Label      string
	MaxViewers int    // 0: any number
	By         string // who makes it, for the audit trail
}

// CreateLink makes a link. The token is told here and never again.
func (s *Store) CreateLink(ctx context.Context, o LinkOptions) (l Link, token string, err error) {
	token, sum := secrets.New()
	// What the file keeps, no finer.
	l = Link{Label: o.Label, MaxViewers: o.MaxViewers, Created: time.UnixMilli(s.now().UnixMilli()), CreatedBy: o.By}
	if o.TTL > 0 {
		l.Expires = l.Created.Add(o.TTL)
	}
	err = s.within(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `INSERT INTO links (token_sum, label, max_viewers, created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
			sum[:], l.Label, l.MaxViewers, millis(l.Created), l.CreatedBy, millis(l.Expires))
		if err != nil {
			return err
		}
		if l.ID, err = done.LastInsertId(); err != nil {
			return err
		}
		return s.note(ctx, tx, o.By, "link made", subject("link", l.ID))
	})
	if err != nil {
		return Link{}, "", fmt.Errorf("the link cannot be stored: %w", err)
	}
	return l, token, nil
}

const linkColumns = "id, label, max_viewers, created_at, created_by, expires_at, disabled_at"

func scanLink(row interface{ Scan(...any) error }) (l Link, err error) {
	var created, expires, disabled sql.NullInt64
	err = row.Scan(&l.ID, &l.Label, &l.MaxViewers, &created, &l.CreatedBy, &expires, &disabled)
	l.Created, l.Expires, l.Disabled = moment(created), moment(expires), moment(disabled)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return l, err
}

// FindLink returns the active link that a token opens, and ErrNotFound for everything else.
func (s *Store) FindLink(ctx context.Context, token string) (Link, error) {
	sum, ok := secrets.SumOf(token)
	if !ok {
		return Link{}, ErrNotFound
	}
	l, err := scanLink(s.db.QueryRowContext(ctx, "SELECT "+linkColumns+" FROM links WHERE token_sum = ?", sum[:]))
	if err == nil && !l.Active(s.now()) {
		return Link{}, ErrNotFound
	}
	return l, err
}

// active is what WHERE says of a link that opens something; its parameter is the time.
const active = "disabled_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"

// ActiveLinks returns the links that open something, the oldest first.
func (s *Store) ActiveLinks(ctx context.Context) ([]Link, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+linkColumns+" FROM links WHERE "+active+" ORDER BY id", s.now().UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var links []Link
	for rows.Next() {
		l, err := scanLink(rows)
		if err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	return links, rows.Err()
}

// DisableLink ends an active link. One that has ended already is ErrNotFound.
func (s *Store) DisableLink(ctx context.Context, id int64, by string) (Link, error) {
	return s.disable(ctx, by, "id = ?", id)
}

// DisableLatestLink ends the active link that was made last.
func (s *Store) DisableLatestLink(ctx context.Context, by string) (Link, error) {
	return s.disable(ctx, by, "1 ORDER BY id DESC LIMIT 1")
}

func (s *Store) disable(ctx context.Context, by, which string, args ...any) (l Link, err error) {
	now := s.now().UnixMilli()
	err = s.within(ctx, func(tx *sql.Tx) error {
		args = append([]any{now, now}, args...)
		l, err = scanLink(tx.QueryRowContext(ctx,
			"UPDATE links SET disabled_at = ? WHERE id = (SELECT id FROM links WHERE "+active+" AND "+which+") RETURNING "+linkColumns, args...))
		if err != nil {
			return err
		}
		return s.note(ctx, tx, by, "link disabled", subject("link", l.ID))
	})
	return l, err
}
