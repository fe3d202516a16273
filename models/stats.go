package models

import "time"

// CallStats is what a call has done so far. Counters run from its beginning, over all sources.
type CallStats struct {
	// State is that of the connection; Connecting also before Connect.
	State ConnState
	// Since is when the connection came into State; zero before Connect.
	Since time.Time
	// Media is what is sent, as GetState returns it.
	Media MediaState
	// Source describes what plays; empty when nothing does.
	Source string
	// Position is the position in it.
	Position time.Duration
	// Audio and Video are the legs.
	Audio, Video LegStats
	// Link is the WebRTC connection; zero for a broadcast.
	Link LinkStats
	// Push is the RTMP connection; zero for a group call.
	Push PushStats
}

// LegStats is what one leg has done so far.
type LegStats struct {
	// Playing: the current source has this leg and it is not over.
	Playing bool
	// Frames and Bytes of media were sent; without headers and retransmissions.
	Frames, Bytes uint64
	// Muted frames had their time and were not sent.
	Muted uint64
	// Dropped pictures were too late to be sent, or left out by ffmpeg, before it encoded them, to keep up with real time.
	Dropped uint64
	// Gaps is how often the source had nothing when its next frame was due.
	Gaps uint64
	// LastSent is when the last frame was sent; zero when none was.
	LastSent time.Time
	// Queued is the media that has been read ahead.
	Queued time.Duration
	// LastEnd is when a source's leg ended by itself, zero when none did, and LastError with which error; nil is the natural end.
	LastEnd   time.Time
	LastError error
	// Remote is what the server says of it; zero for a broadcast.
	Remote RemoteStats
}

// RemoteStats is what the last reception report of the server says of a leg (RFC 3550 section 6.4.1).
type RemoteStats struct {
	// Reports is how many came, LastReport when the last one did.
	Reports    uint64
	LastReport time.Time
	// Loss is the part of packets lost since the report before, 0 to 1; Lost their number in all.
	Loss float64
	Lost int
	// Jitter is the interarrival jitter.
	Jitter time.Duration
	// RTT is the round-trip time; 0 while it is not known.
	RTT time.Duration
	// NACKs are packets asked for again; Retransmitted those that were sent again.
	NACKs, Retransmitted uint64
	// PLIs and FIRs are key frames asked for.
	PLIs, FIRs uint64
}

// LinkStats is a WebRTC connection.
type LinkStats struct {
	// Connect is how long Connect took.
	Connect time.Duration
	// Controlling: the library has the controlling ICE role.
	Controlling bool
	// Local and Remote are the addresses in use, as host:port.
	Local, Remote string
}

// PushStats is the RTMP connection of a broadcast.
type PushStats struct {
	// Server is the address without its secrets.
	Server string
	// Attempts is how often a connection was tried, Connections how often the server took it.
	Attempts, Connections uint64
	// LastError is why the last one ended.
	LastError error
	// Silence took the place of missing sound; Repeated pictures of missing ones; Dropped pictures were too many for the encoder or the server.
	Silence           time.Duration
	Repeated, Dropped uint64
	// Backlog is the media that waits for the encoder and the server.
	Backlog time.Duration
}

// Diagnosis says in plain words why nobody hears anything, or that nothing is wrong on this side.
type Diagnosis struct {
	// Audible: sound leaves, and the other side confirms it (in a broadcast: takes it).
	Audible bool
	// Findings are what stands in the way, the likeliest first. There is always one.
	Findings []Finding
}

// Finding is one reason.
type Finding struct {
	// Code names it for programs: one of the Find constants.
	Code string
	// Text says what is the case and what to do, Evidence how that is known.
	Text, Evidence string
}

// The codes of findings.
const (
	FindNotConnected = "not_connected"
	FindNoSource     = "no_source"
	FindEnded        = "source_ended"
	FindPaused       = "paused"
	FindMuted        = "muted"
	FindNoSound      = "no_sound_in_source"
	FindStarved      = "source_starved"
	FindNothingSent  = "nothing_sent"
	FindSilent       = "source_silent"
	FindNoReports    = "no_reports"
	FindLoss         = "loss"
	FindNothingWrong = "nothing_wrong"
)

// String joins the findings to a text.
func (d Diagnosis) String() string {
	text := ""
	for i, f := range d.Findings {
		if i > 0 {
			text += "; "
		}
		text += f.Text + " (" + f.Evidence + ")"
	}
	return text
}
