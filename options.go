package gotgcall

import (
	"net/url"

	"gotgcall/internal/ffmpeg"
)

// Option changes one setting of New. A value out of range is ErrInvalidParams from New; of an option given twice the later one counts.
type Option func(*config)

// WithFFmpegPath sets the ffmpeg binary: a path, or a name to look up in PATH. It defaults to "ffmpeg", and "" is that too.
func WithFFmpegPath(p string) Option {
	return func(c *config) { c.ffmpegPath = p }
}

// WithoutFFmpeg lets New succeed on a machine without ffmpeg, for programs that play Opus: FromFile and FromURL with Opus in Ogg or WebM (see Passthrough),
// FromOpus, and Sources of their own. Sources that need ffmpeg then fail with ErrFFmpegSpawn when they are opened. By default New looks ffmpeg up.
func WithoutFFmpeg() Option {
	return func(c *config) { c.withoutFFmpeg = true }
}

// WithMaxProcesses sets how many child processes (ffmpeg, and the programs of FromShell) may run at a time in all calls of the Client, 1 to
// 10000. Who needs one more waits in line: for 10 seconds at most, then the source is not played and the error is ErrBusy. The line ends with the
// context of the call that waits. By default there is no limit.
//
// A source takes one process; FromShells, and a film whose sound and picture one process cannot give together, take two at once: with a smaller n
// they are ErrInvalidParams. To change the source, and to seek, takes the new one's processes while the old ones still play. A broadcast takes one
// more for its encoder, Probe one while it looks. So n is best one more than what plays at the same time. What can be opened once, as FromReader, is
// used up by ErrBusy.
func WithMaxProcesses(n int) Option {
	const most = 10_000
	return func(c *config) {
		c.maxProcesses = n
		c.require(n >= 1 && n <= most, "WithMaxProcesses(%d): expected 1 to %d, or leave the option out for no limit", n, most)
	}
}

// WithLowPriority runs child processes with a lower priority than the program itself (nice 10; on Windows the class below normal): on a machine that is
// full, encoders get slower before the packets of the calls come late. By default they have the program's own.
func WithLowPriority() Option {
	return func(c *config) { c.lowPriority = true }
}

// WithProcessLimits bounds what each child process may use up that plays a source or looks at it (Probe): processor time, address space, the size of
// files it writes. So hostile media, of which a decoder never gets enough, cost no more than that. A process that reaches a limit ends its source
// with ErrFFmpegCrashed, which names the limit. By default there are none.
//
// The encoder of a broadcast has no limits: it lives for as long as the broadcast does, and gets nothing but decoded sound and pictures. CPU has to be
// enough for the longest thing that is played: a live source ends, too, when it has used it up.
//
// The limits are set just after the start. They exist on Linux alone; elsewhere New fails with ErrInvalidParams, which is errors.ErrUnsupported too.
func WithProcessLimits(limits ProcessLimits) Option {
	return func(c *config) {
		c.processLimits = limits
		if c.problem == nil {
			c.problem = ffmpeg.CheckLimits(limits)
		}
	}
}

// WithURLPolicy has every URL judged that the library itself hands to ffmpeg, before anything is started: those of FromURL, when they are
// played and when they are probed, and that of StartRTMP. It gets the URL whole, user and password included. An error refuses it: SetStreamSources,
// Probe or StartRTMP return ErrInvalidParams that also wraps the policy's error, and what plays goes on. By default all are allowed.
//
// [PublicHosts] is a ready policy, for bots that play what anybody asks for.
//
// The policy may be called from several goroutines at once. It may look hosts up; the time counts as that of the source's opening.
//
// Where the library itself asks for a URL, to send Opus as it is, the policy judges each redirection too. And because a name may have other addresses
// when the connection is made, it is asked once more before one is made to an address that is not public, with that address as the URL's host: a
// policy that allows internal hosts by name has to allow their addresses as well.
//
// It does not see where ffmpeg goes: ffmpeg looks hosts up anew, and follows redirections and the parts of playlists. Nor does it see a Proxy, behind
// which the proxy looks hosts up, or what a command of FromShell opens. docs/SECURITY.md says what confines those.
func WithURLPolicy(policy func(*url.URL) error) Option {
	return func(c *config) {
		c.urlPolicy = policy
		c.require(policy != nil, "WithURLPolicy(nil): expected a function; leave the option out to allow every URL")
	}
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
	const most = 10_000
	return func(c *config) {
		c.certificates = n
		c.require(n >= 0 && n <= most, "WithDTLSCertPool(%d): expected 0 to %d", n, most)
	}
}

// WithDispatchBuffer sets how many events may wait for the callbacks before a warning is logged, at least 1. No event is ever dropped. It
// defaults to 256. With WithDispatchPerChat it counts the events of one chat.
func WithDispatchBuffer(n int) Option {
	return func(c *config) {
		c.dispatchBuffer = n
		c.require(n >= 1, "WithDispatchBuffer(%d): expected at least 1", n)
	}
}

// WithDispatchPerChat calls the callbacks of each chat on a goroutine of the chat's own: still one at a time and in order for one chat, but a
// callback that takes its time holds nobody else's. Callbacks of different chats then run at the same time, and must be ready for that. A chat
// without events has no goroutine. By default all callbacks run on one goroutine.
func WithDispatchPerChat() Option {
	return func(c *config) { c.dispatchByChat = true }
}
