package gotgcall

import (
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/instances"
	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/notify"
	"gotgcall/internal/rtc"
	"gotgcall/models"
)

// config is what the options set. New checks it once; afterwards it does not change.
type config struct {
	ffmpegPath     string
	withoutFFmpeg  bool
	maxProcesses   int // 0: no limit
	lowPriority    bool
	processLimits  models.ProcessLimits
	urlPolicy      func(*url.URL) error
	logger         *slog.Logger // nil: WithLogger was not given
	logs           logSwitches
	sharedSockets  bool
	certificates   int
	dispatchBuffer int
	dispatchByChat bool
	connectTimeout time.Duration
	iceServers     []models.ICEServer
	networkTypes   []models.NetworkType
	iceTimeouts    rtc.ICETimeouts
	iceChecks      int // 0: as many as bound those of all pairs
	iceDelay       time.Duration
	loopback       bool
	settings       func(*webrtc.SettingEngine)
	patience       instances.Patience // of sources; tests shorten it

	problem error // the first option that was out of range
}

func defaultConfig() config {
	return config{
		certificates:   4,
		dispatchBuffer: 256,
		connectTimeout: 10 * time.Second,
		networkTypes:   []models.NetworkType{models.NetworkTypeUDP4, models.NetworkTypeUDP6},
		iceTimeouts:    rtc.DefaultICETimeouts(),
	}
}

// require takes note of an option that is out of range: its text names option, value and range.
func (c *config) require(ok bool, format string, args ...any) {
	if !ok && c.problem == nil {
		c.problem = fmt.Errorf("%w: %s", models.ErrInvalidParams, fmt.Sprintf(format, args...))
	}
}

// validate returns what is wrong with the options, each by itself and together.
func (c *config) validate() error {
	c.require(c.iceDelay < c.connectTimeout, "WithICEPreConnectDelay(%s): expected less than the connect timeout, which is %s (WithConnectTimeout)",
		c.iceDelay, c.connectTimeout)
	return c.problem
}

// engine is the part of the options that connections are made with.
func (c *config) engine(l loggers) rtc.Config {
	return rtc.Config{
		Logger:             l.main,
		Steps:              l.steps,
		Candidates:         l.candidates,
		Pion:               l.pion,
		Certificates:       c.certificates,
		SharedSockets:      c.sharedSockets,
		ICEServers:         c.iceServers,
		NetworkTypes:       c.networkTypes,
		Timeouts:           c.iceTimeouts,
		MaxBindingRequests: c.iceChecks,
		PreConnectDelay:    c.iceDelay,
		Settings:           c.settings,
	}
}

// runner is the part of the options that child processes are run with.
func (c *config) runner(path string, l loggers) ffmpeg.Config {
	return ffmpeg.Config{
		Path: path, Logger: l.main, StderrLogger: l.stderr,
		MaxProcesses: c.maxProcesses, LowPriority: c.lowPriority, ProcessLimits: c.processLimits,
	}
}

// queue returns what calls the callbacks.
func (c *config) queue(l loggers) queue {
	q := notify.Config{Warn: c.dispatchBuffer, Logger: l.main}
	if c.dispatchByChat {
		return notify.NewPerChat(q)
	}
	return notify.New(q)
}
