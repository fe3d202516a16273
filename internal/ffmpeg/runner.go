package ffmpeg

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gotgcall/models"
)

// DefaultPath is the program that is started where no path is given. It is looked for in PATH.
const DefaultPath = "ffmpeg"

// Config is what a Runner is made of. The zero value is usable.
type Config struct {
	// Path of the ffmpeg program, or a name to be looked for in PATH at each start. It defaults to "ffmpeg".
	Path string
	// Logger receives starts and exits at debug level, and a warning for a child that does not die. It defaults to none.
	Logger *slog.Logger
	// StderrLogger receives each line that a child writes to stderr, redacted, at debug level. It defaults to none.
	StderrLogger *slog.Logger
	// MaxProcesses is how many children may live at a time, 1 or more. It defaults to 0, no limit.
	MaxProcesses int
	// LowPriority starts children with a lower priority than the program's own: nice 10, on Windows the class below normal.
	LowPriority bool
	// ProcessLimits are what each child may use up, but for those whose Command is Unlimited. They are as CheckLimits takes them. By default there
	// are none.
	ProcessLimits models.ProcessLimits
}

// limits are the durations a Runner works with; tests shorten them.
type limits struct {
	// quiet: after a program's exit, output that pauses this long is over, even if a descendant that left the group still holds it.
	quiet time.Duration
	// exit: how long a program may live after it has closed all its outputs and its input has ended.
	exit time.Duration
	// kill: how long Stop waits for a killed child to be gone.
	kill time.Duration
	// close: how long Close waits for all of them.
	close time.Duration
	// reason: how long a Write that nobody reads waits for the exit that explains it.
	reason time.Duration
	// room: how long a Start waits for others to end when there are as many children as there may be.
	room time.Duration
}

var defaultLimits = limits{
	quiet:  500 * time.Millisecond,
	exit:   5 * time.Second,
	kill:   1500 * time.Millisecond,
	close:  4 * time.Second,
	reason: time.Second,
	room:   10 * time.Second,
}

// Runner starts and supervises child processes. Its methods are safe for concurrent use.
type Runner struct {
	*shared
	log    *slog.Logger
	stderr *slog.Logger // nil: what children write there is not logged
}

// LearnFPSMode notes that the ffmpeg has -fps_mode in the place of -vsync, as its user has found out; FPSMode tells whether that was noted.
func (r *Runner) LearnFPSMode() { r.fpsMode.Store(true) }

// FPSMode is as LearnFPSMode says.
func (r *Runner) FPSMode() bool { return r.fpsMode.Load() }

// shared is what a Runner has in common with those that With made of it.
type shared struct {
	// Set at construction.
	path     string
	limits   limits
	room     room
	low      bool
	allowed  models.ProcessLimits
	spawn    func(spec) (child, error)
	requests chan *request
	closing  chan struct{} // closed by the first Close
	idle     chan struct{} // closed when the Runner is closed and no child is left
	forkEnd  chan struct{} // closed when the forking goroutine has ended

	fpsMode atomic.Bool

	// mu guards the rest.
	mu      sync.Mutex
	closed  bool
	forking bool                  // the forking goroutine was started
	live    int                   // Starts under way and children not yet reaped
	procs   map[*Process]struct{} // those that still hold a pid or a pipe
}

// New makes a Runner. It starts nothing and does not look for the program; Lookup does.
func New(c Config) *Runner {
	return newRunner(c, defaultLimits, spawn)
}

func newRunner(c Config, l limits, spawn func(spec) (child, error)) *Runner {
	r := &Runner{log: c.Logger, stderr: c.StderrLogger, shared: &shared{
		path:     c.Path,
		limits:   l,
		room:     room{size: c.MaxProcesses},
		low:      c.LowPriority,
		allowed:  c.ProcessLimits,
		spawn:    spawn,
		requests: make(chan *request),
		closing:  make(chan struct{}),
		idle:     make(chan struct{}),
		forkEnd:  make(chan struct{}),
		procs:    make(map[*Process]struct{}),
	}}
	if r.path == "" {
		r.path = DefaultPath
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r
}

// With returns a Runner whose log records carry the attributes, as those of slog.Logger.With. All else it shares with r, Close included.
func (r *Runner) With(attrs ...any) *Runner {
	w := *r
	w.log = r.log.With(attrs...)
	if r.stderr != nil {
		w.stderr = r.stderr.With(attrs...)
	}
	return &w
}

// Path returns the configured ffmpeg path, "ffmpeg" when none was given.
func (r *Runner) Path() string { return r.path }

// Command is a program to run.
type Command struct {
	// Name of the program: a path, or a name to be looked for in PATH. It defaults to the Runner's ffmpeg.
	Name string
	// Args are the arguments, without the program's name.
	Args []string
	// Outputs is the number of pipes the program writes to: 1 (stdout) or 2 (stdout and descriptor 3). It defaults to 1. Two are not
	// available on Windows.
	Outputs int
	// Input gives the program a pipe as its stdin, to be written by Process.Input. By default its stdin is the null device, which is empty.
	Input bool
	// PipeSize is how many bytes the pipes of input and outputs hold, rounded up as the system likes. It defaults to what the system gives,
	// mostly 64 KiB. It is a wish: on Linux a size that the system refuses (by default, more than 1 MiB) is halved until it does not;
	// elsewhere it is ignored. stderr keeps its size.
	PipeSize int
	// Notes is given each whole line that the program writes to stderr, without its end, on a goroutine of its own, and returns what is kept of it: nil
	// for what is no error. It has seen all lines when Done is closed. nil keeps all.
	Notes func(line []byte) (kept []byte)
	// Unlimited leaves out Config.ProcessLimits: for a program that lives as long as it is fed, with nothing that a stranger made.
	Unlimited bool
	// Inherit widens the program's environment by what programs need that show or capture a desktop: display, sound server, user.
	Inherit bool
	// Secrets are texts that must not appear in errors and logs, whichever way they are escaped. Passwords and query values of URLs in
	// Args need not be listed.
	Secrets []string
}

func (r *Runner) isClosed() bool { return isClosed(r.closing) }

// enter admits one Start, and starts the forking goroutine at the first.
func (r *Runner) enter() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return models.ErrClosed
	}
	r.live++
	first := !r.forking
	r.forking = true
	r.mu.Unlock()
	if first {
		go r.fork()
	}
	return nil
}

// leave undoes enter: the Start failed, or its child was reaped.
func (r *Runner) leave() {
	r.room.give(1)
	r.mu.Lock()
	r.live--
	last := r.closed && r.live == 0
	r.mu.Unlock()
	if last {
		close(r.idle)
	}
}

// forget ends the Runner's interest in p.
func (r *Runner) forget(p *Process) {
	r.mu.Lock()
	delete(r.procs, p)
	r.mu.Unlock()
}
