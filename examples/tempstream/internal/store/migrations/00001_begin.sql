-- Times are milliseconds since 1970 in UTC. Of tokens, keys and cookies only SHA-256 sums are here.

-- +goose Up
CREATE TABLE links (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    token_sum   BLOB    NOT NULL UNIQUE,
    label       TEXT    NOT NULL,
    max_viewers INTEGER NOT NULL, -- 0: any number
    created_at  INTEGER NOT NULL,
    created_by  TEXT    NOT NULL,
    expires_at  INTEGER,          -- NULL: permanent
    disabled_at INTEGER
);

CREATE TABLE sessions (
    secret_sum BLOB    PRIMARY KEY,
    link_id    INTEGER NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX sessions_of_link ON sessions (link_id);

CREATE TABLE stream_keys (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    operator   TEXT    NOT NULL,
    key_sum    BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
);

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL
);

CREATE INDEX audit_by_time ON audit (at);

-- One row, written to find out whether the database can be written to.
CREATE TABLE pulse (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
);

-- +goose Down
DROP TABLE pulse;
DROP TABLE audit;
DROP TABLE stream_keys;
DROP TABLE sessions;
DROP TABLE links;
