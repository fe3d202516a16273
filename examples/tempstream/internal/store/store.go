// Package store keeps links, sessions, stream keys and the audit trail in an SQLite file. Several processes may have it open: the service
// and the commands that make links beside it.
//
// What opens something (a link's token, a session's cookie, a stream key) is 24 random bytes, told once where it is made. The file has
// SHA-256 sums of them.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver, in pure Go
)

// ErrNotFound is the one answer for what does not exist, has an impossible form, has expired, or was disabled.
var ErrNotFound = errors.New("no such thing, or not any more")

//go:embed migrations
var migrations embed.FS

// Store is the open file. Its methods may be called from several goroutines at once.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

// pragmas are set on every connection. A writer waits for another one for 5 s; a commit survives a crash of the program, and WAL keeps the
// file whole when the machine itself fails.
const pragmas = "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)"

// connections of one process: a writer and some readers.
const connections = 4

// Open opens the file at path, makes it when it does not exist, readable for its owner alone, and brings its tables up to date.
func Open(ctx context.Context, path string) (*Store, error) {
	s, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("DB_PATH is %q: %w; give a file in a folder that this user may write to", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	file.Close()
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	db, err := sql.Open("sqlite", address.String()+pragmas)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	s := &Store{db: db, now: time.Now}
	if err = s.migrate(ctx); err == nil {
		err = s.Pulse(ctx)
	}
	if err != nil {
		db.Close() // nothing was written
		return nil, err
	}
	return s, nil
}

func (s *Store) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, s.db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Pulse writes to the file: nil means that this works.
func (s *Store) Pulse(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO pulse (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at", s.now().UnixMilli())
	return err
}

// within runs f in a transaction.
func (s *Store) within(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// millis is what the tables have for a time; NULL for the zero one.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// moment is the time that a column has; the zero one for NULL.
func moment(column sql.NullInt64) time.Time {
	if !column.Valid {
		return time.Time{}
	}
	return time.UnixMilli(column.Int64)
}
