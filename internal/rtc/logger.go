package rtc

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/pion/logging"
)

// pionLog carries pion's log lines into slog, all at debug level: what a line means for the call is said by the Link itself, in its states
// and errors. It keeps the last failure of the handshake, which pion reports nowhere else.
type pionLog struct {
	// set at construction
	logger  *slog.Logger
	all     bool              // traces too, and what is left out otherwise
	secrets *strings.Replacer // hides passwords, which pion prints

	mu      sync.Mutex
	failure string
}

// pionLog returns what takes pion's lines. The passwords, those of ICE, are not shown, nor are those of the ICE servers.
func (e *Engine) pionLog(passwords ...string) *pionLog {
	for _, s := range e.config.ICEServers {
		passwords = append(passwords, s.Credential)
	}
	var pairs []string
	for _, p := range passwords {
		if p != "" {
			pairs = append(pairs, p, "***")
		}
	}
	l := &pionLog{logger: e.config.Logger, secrets: strings.NewReplacer(pairs...)}
	if e.config.Pion != nil {
		l.logger, l.all = e.config.Pion, true
	}
	return l
}

// NewLogger implements logging.LoggerFactory.
func (l *pionLog) NewLogger(scope string) logging.LeveledLogger {
	return &scopedLog{log: l, scope: scope}
}

// lastFailure returns why pion could not start the transports, "" when it did not say.
func (l *pionLog) lastFailure() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failure
}

// noise are lines that pion prints once for every foreign SSRC, that is, for every other participant.
var noise = []string{"Incoming unhandled RT", "Simulcast probe"}

// startFailure is what pion's PeerConnection says when ICE or DTLS did not start.
const startFailure = "Failed to start manager: "

type scopedLog struct {
	log   *pionLog
	scope string
}

func (s *scopedLog) write(level, msg string) {
	for _, n := range noise {
		if strings.HasPrefix(msg, n) && !s.log.all {
			return
		}
	}
	if reason, ok := strings.CutPrefix(msg, startFailure); ok {
		s.log.mu.Lock()
		s.log.failure = reason
		s.log.mu.Unlock()
	}
	s.log.logger.Debug(s.log.secrets.Replace(msg), "pion", s.scope, "severity", level)
}

func (s *scopedLog) writef(level, format string, args []any) {
	if !s.log.logger.Enabled(context.Background(), slog.LevelDebug) && !strings.HasPrefix(format, startFailure) {
		return
	}
	s.write(level, fmt.Sprintf(format, args...))
}

// Trace implements logging.LeveledLogger: pion's trace lines are one per packet, and dropped unless they are wanted.
func (s *scopedLog) Trace(msg string) {
	if s.log.all {
		s.write("trace", msg)
	}
}

// Tracef implements logging.LeveledLogger.
func (s *scopedLog) Tracef(format string, args ...any) {
	if s.log.all {
		s.writef("trace", format, args)
	}
}

// Debug implements logging.LeveledLogger.
func (s *scopedLog) Debug(msg string) { s.write("debug", msg) }

// Debugf implements logging.LeveledLogger.
func (s *scopedLog) Debugf(format string, args ...any) { s.writef("debug", format, args) }

// Info implements logging.LeveledLogger.
func (s *scopedLog) Info(msg string) { s.write("info", msg) }

// Infof implements logging.LeveledLogger.
func (s *scopedLog) Infof(format string, args ...any) { s.writef("info", format, args) }

// Warn implements logging.LeveledLogger.
func (s *scopedLog) Warn(msg string) { s.write("warn", msg) }

// Warnf implements logging.LeveledLogger.
func (s *scopedLog) Warnf(format string, args ...any) { s.writef("warn", format, args) }

// Error implements logging.LeveledLogger.
func (s *scopedLog) Error(msg string) { s.write("error", msg) }

// Errorf implements logging.LeveledLogger.
func (s *scopedLog) Errorf(format string, args ...any) { s.writef("error", format, args) }
