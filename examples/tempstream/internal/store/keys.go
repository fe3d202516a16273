package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gotgcall/examples/tempstream/internal/secrets"
)

// Key is an operator's stream key, without the key itself.
type Key struct {
	ID       int64
	Operator string
	Created  time.Time
	Revoked  time.Time // zero: valid
}

// CreateKey makes a stream key. The key itself is told here and never again.
func (s *Store) CreateKey(ctx context.Context, operator, by string) (k Key, key string, err error) {
	key, sum := secrets.New()
	k = Key{Operator: operator, Created: time.UnixMilli(s.now().UnixMilli())}
	err = s.within(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "INSERT INTO stream_keys (operator, key_sum, created_at) VALUES (?, ?, ?)", operator, sum[:], millis(k.Created))
		if err != nil {
			return err
		}
		if k.ID, err = done.LastInsertId(); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "key made", subject("key", k.ID))
	})
	if err != nil {
		return Key{}, "", fmt.Errorf("the key cannot be stored: %w", err)
	}
	return k, key, nil
}

const keyColumns = "id, operator, created_at, revoked_at"

func scanKey(row interface{ Scan(...any) error }) (k Key, err error) {
	var created, revoked sql.NullInt64
	err = row.Scan(&k.ID, &k.Operator, &created, &revoked)
	k.Created, k.Revoked = moment(created), moment(revoked)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return k, err
}

// FindKey returns the valid key, and ErrNotFound for one that is unknown, revoked or has an impossible form.
func (s *Store) FindKey(ctx context.Context, key string) (Key, error) {
	sum, ok := secrets.SumOf(key)
	if !ok {
		return Key{}, ErrNotFound
	}
	return scanKey(s.db.QueryRowContext(ctx, "SELECT "+keyColumns+" FROM stream_keys WHERE key_sum = ? AND revoked_at IS NULL", sum[:]))
}

// Keys returns the valid keys, the oldest first.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+keyColumns+" FROM stream_keys WHERE revoked_at IS NULL ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var keys []Key
	for rows.Next() {
		k, err := scanKey(rows)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// RevokeKey makes a key worthless. One that is so already is ErrNotFound.
func (s *Store) RevokeKey(ctx context.Context, id int64, by string) (k Key, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		k, err = scanKey(tx.QueryRowContext(ctx,
			"UPDATE stream_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING "+keyColumns, s.now().UnixMilli(), id))
		if err != nil {
			return err
		}
		return s.note(ctx, tx, by, "key revoked", subject("key", id))
	})
	return k, err
}
