package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// How long what is over is kept.
const (
	keepEnded = 30 * 24 * time.Hour // links that have ended, keys that were revoked
	keepAudit = 90 * 24 * time.Hour
)

// Note is a line of the audit trail: who did what, and to what. It never has a secret.
type Note struct {
	At                     time.Time
	Actor, Action, Subject string
}

// Record adds a line to the audit trail.
func (s *Store) Record(ctx context.Context, actor, action, subject string) error {
	return s.note(ctx, s.db, actor, action, subject)
}

// note adds a line, in a transaction or by itself.
func (s *Store) note(ctx context.Context, to interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, actor, action, subject string) error {
	_, err := to.ExecContext(ctx, "INSERT INTO audit (at, actor, action, subject) VALUES (?, ?, ?, ?)", s.now().UnixMilli(), actor, action, subject)
	return err
}

// subject names a row in the audit trail.
func subject(kind string, id int64) string { return fmt.Sprintf("%s %d", kind, id) }

// Audit returns the newest lines, the newest first.
func (s *Store) Audit(ctx context.Context, limit int) ([]Note, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT at, actor, action, subject FROM audit ORDER BY id DESC LIMIT ?", limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var notes []Note
	for rows.Next() {
		var n Note
		var at sql.NullInt64
		if err := rows.Scan(&at, &n.Actor, &n.Action, &n.Subject); err != nil {
			return nil, err
		}
		n.At = moment(at)
		notes = append(notes, n)
	}
	return notes, rows.Err()
}

// CleanUp forgets what nobody can use any more, and returns how many rows that were: sessions whose link has ended or which are too old, links and
// keys that ended 30 days ago, and lines of the audit trail after 90 days.
func (s *Store) CleanUp(ctx context.Context) (removed int64, err error) {
	now := s.now()
	ended, old := now.Add(-keepEnded).UnixMilli(), now.Add(-keepAudit).UnixMilli()
	err = s.within(ctx, func(tx *sql.Tx) error {
		for _, step := range []struct {
			query string
			args  []any
		}{
			{"DELETE FROM sessions WHERE created_at <= ? OR link_id NOT IN (SELECT id FROM links WHERE " + active + ")",
				[]any{now.Add(-SessionLifetime).UnixMilli(), now.UnixMilli()}},
			{"DELETE FROM links WHERE disabled_at <= ? OR expires_at <= ?", []any{ended, ended}},
			{"DELETE FROM stream_keys WHERE revoked_at <= ?", []any{ended}},
			{"DELETE FROM audit WHERE at <= ?", []any{old}},
		} {
			done, err := tx.ExecContext(ctx, step.query, step.args...)
			if err != nil {
				return err
			}
			n, err := done.RowsAffected()
			if err != nil {
				return err
			}
			removed += n
		}
		return nil
	})
	return removed, err
}
