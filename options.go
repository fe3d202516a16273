package gotgcall

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/models"
)

// Option changes one setting of New.
type Option func(*config)

// config is what the options set. New checks it once; afterwards it does not change.
type config struct {
	ffmpegPath     string
	withoutFFmpeg  bool
	logger         *slog.Logger
	sharedSockets  bool
	certificates   int
	dispatchBuffer int
	connectTimeout time.Duration
	loopback       bool
	settings       func(*webrtc.SettingEngine)
}

func defaultConfig() config {
	return config{
		logger:         slog.New(slog.DiscardHandler),
		certificates:   4,
		dispatchBuffer: 256,
		connectTimeout: 10 * time.Second,
	}
}

func (c *config) validate() error {
	const maxCertificates = 10_000
	switch {
	case c.certificates < 0 || c.certificates > maxCertificates:
		return fmt.Errorf("%w: WithDTLSCertPool(%d): expected 0 to %d", models.ErrInvalidParams, c.certificates, maxCertificates)
	case c.dispatchBuffer < 1:
		return fmt.Errorf("%w: WithDispatchBuffer(%d): expected at least 1", models.ErrInvalidParams, c.dispatchBuffer)
	case c.connectTimeout <= 0:
		return fmt.Errorf("%w: WithConnectTimeout(%s): expected more than 0", models.ErrInvalidParams, c.connectTimeout)
	case c.logger == nil:
		return fmt.Errorf("%w: WithLogger(nil): leave the option out for no logging", models.ErrInvalidParams)
	}
	return nil
}

// WithFFmpegPath sets the ffmpeg binary: a path, or a name to look up in PATH. It defaults to "ffmpeg".
func WithFFmpegPath(p string) Option {
	return func(c *config) { c.ffmpegPath = p }
}

// WithoutFFmpeg lets New succeed on a machine without ffmpeg, for programs whose own Sources bring Opus. Sources that need ffmpeg then fail
// with ErrFFmpegSpawn when they are opened.
func WithoutFFmpeg() Option {
	return func(c *config) { c.withoutFFmpeg = true }
}

// WithLogger sets the logger. Info tells the states of calls, Warn what needs attention, Debug every process and pion's own lines. It
// defaults to no logging. Stream keys, passwords and query values in addresses are never logged.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) { c.logger = l }
}

// WithSharedUDPMux lets calls share UDP sockets: for hundreds of calls in one process. Calls to different server addresses share a socket;
// two calls to the same address cannot (the address is what tells their packets apart), so there are as many sockets as the busiest
// server address has calls, and not one for all. It defaults to a socket per call and address family.
func WithSharedUDPMux() Option {
	return func(c *config) { c.sharedSockets = true }
}

// WithDTLSCertPool sets how many DTLS certificates are kept ready, 0 to 10000, so that a burst of CreateCalls does not wait for key
// generation. 0 generates each on demand. It defaults to 4.
func WithDTLSCertPool(n int) Option {
	return func(c *config) { c.certificates = n }
}

// WithDispatchBuffer sets how many events may wait for the callbacks before a warning is logged, at least 1. No event is ever dropped. It
// defaults to 256.
func WithDispatchBuffer(n int) Option {
	return func(c *config) { c.dispatchBuffer = n }
}

// WithConnectTimeout sets how long Connect may take until it fails with ErrConnectionTimeout. It defaults to 10 seconds.
func WithConnectTimeout(d time.Duration) Option {
	return func(c *config) { c.connectTimeout = d }
}

// WithLoopback gathers and accepts loopback candidates, which are refused otherwise: for tests and demos against package sfutest.
func WithLoopback() Option {
	return func(c *config) { c.loopback = true }
}

// WithSettingEngine gives f every connection's pion SettingEngine after the library's own settings, for virtual networks in tests and for
// what no other option covers. f may override anything, at its own risk.
func WithSettingEngine(f func(*webrtc.SettingEngine)) Option {
	return func(c *config) { c.settings = f }
}
