package gotgcall

import (
	"context"
	"log/slog"
)

// logSwitches are the options that switch log records on.
type logSwitches struct{ debug, stderr, pion, candidates, steps bool }

// WithLogger sets the logger; the package comment says what each level carries. It defaults to no logging, or to slog.Default() at the time of
// New where one of WithDebugLogs, WithFFmpegStderrLog, WithPionTraceLogs, WithICECandidateLogs and WithVerboseConnectionLogs is given. Stream
// keys, passwords and query values in addresses are never logged, whatever is switched on.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) {
		c.logger = l
		c.require(l != nil, "WithLogger(nil): expected a logger; leave the option out for no logging")
	}
}

// WithDebugLogs has all records of the level Debug written, also where the logger's own level would hold them back. By default the logger decides.
func WithDebugLogs() Option {
	return func(c *config) { c.logs.debug = true }
}

// WithFFmpegStderrLog has each line logged that ffmpeg, or the program of FromShell, writes to stderr: at the level Debug, whatever the logger's own
// level, with its secrets masked, as they are in errors. A logger that is slow then slows these programs down. By default only the last lines of a
// program that failed are shown, in the error.
func WithFFmpegStderrLog() Option {
	return func(c *config) { c.logs.stderr = true }
}

// WithPionTraceLogs has all lines of pion logged, its traces included: at the level Debug, whatever the logger's own level, with pion's level in the
// attribute severity. That is several lines for each packet. By default the lines above pion's trace level are logged, at the level Debug.
func WithPionTraceLogs() Option {
	return func(c *config) { c.logs.pion = true }
}

// WithICECandidateLogs has the addresses logged by which the two sides try to reach each other, those that were left out with the reason, and the
// pair in use: at the level Debug, whatever the logger's own level. By default they are not logged.
func WithICECandidateLogs() Option {
	return func(c *config) { c.logs.candidates = true }
}

// WithVerboseConnectionLogs has each step of connecting logged, with the time since its beginning: routes, roles, states and failed attempts, at
// the level Debug, whatever the logger's own level. By default the outcome is logged, at the level Info.
func WithVerboseConnectionLogs() Option {
	return func(c *config) { c.logs.steps = true }
}

// loggers are where records go. main is never nil; of the others nil means that nobody wants them.
type loggers struct{ main, stderr, pion, candidates, steps *slog.Logger }

// loggers says where records go.
func (c *config) loggers() loggers {
	l := loggers{main: c.logger}
	if l.main == nil {
		l.main = slog.New(slog.DiscardHandler)
		if c.logs != (logSwitches{}) {
			l.main = slog.Default()
		}
	}
	everything := slog.New(unfiltered{l.main.Handler()})
	for _, s := range []struct {
		on  bool
		log **slog.Logger
	}{{c.logs.debug, &l.main}, {c.logs.stderr, &l.stderr}, {c.logs.pion, &l.pion}, {c.logs.candidates, &l.candidates}, {c.logs.steps, &l.steps}} {
		if s.on {
			*s.log = everything
		}
	}
	return l
}

// unfiltered is a handler whose level is Debug, whatever it was.
type unfiltered struct{ slog.Handler }

// Enabled implements slog.Handler.
func (unfiltered) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelDebug }

// WithAttrs implements slog.Handler.
func (u unfiltered) WithAttrs(attrs []slog.Attr) slog.Handler {
	return unfiltered{u.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (u unfiltered) WithGroup(name string) slog.Handler {
	return unfiltered{u.Handler.WithGroup(name)}
}
