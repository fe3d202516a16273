package gotgcall

import (
	"gotgcall/media"
	"gotgcall/models"
)

// The vocabulary of the API; see the named packages for the meaning of each value.
type (
	// CallInfo is one entry of Calls.
	CallInfo = models.CallInfo
	// CallStats is what Stats returns.
	CallStats = models.CallStats
	// Diagnosis is what Diagnose returns.
	Diagnosis = models.Diagnosis
	// Finding is one reason in a Diagnosis.
	Finding = models.Finding
	// LegStats is what one leg has done, in CallStats.
	LegStats = models.LegStats
	// RemoteStats is what the server says of a leg, in CallStats.
	RemoteStats = models.RemoteStats
	// LinkStats is a WebRTC connection, in CallStats.
	LinkStats = models.LinkStats
	// OpusSource is what FromOpus returns.
	OpusSource = media.OpusSource
	// Passthrough says whether sound that is Opus already is sent as it is, in EncodeOptions.
	Passthrough = media.Passthrough
	// PushStats is the RTMP connection of a broadcast, in CallStats.
	PushStats = models.PushStats
	// Checker is what a Signaler may be besides: Play then asks whether the server still knows its join.
	Checker = models.Checker
	// ConnState is the state of a call's connection.
	ConnState = models.ConnState
	// Device is the place in the call that a leg occupies.
	Device = models.Device
	// ICEServer is a STUN or TURN server, for WithICEServers.
	ICEServer = models.ICEServer
	// NetworkType is a kind of network, for WithNetworkTypes.
	NetworkType = models.NetworkType
	// EncodeOptions says how a source is encoded; zero fields mean the defaults.
	EncodeOptions = media.EncodeOptions
	// MediaInfo is what Probe returns.
	MediaInfo = media.MediaInfo
	// MediaState says what a call sends at this moment.
	MediaState = models.MediaState
	// ProcessLimits bound what a child process may use up, for WithProcessLimits.
	ProcessLimits = models.ProcessLimits
	// MultiShellSource is what FromShells returns.
	MultiShellSource = media.MultiShellSource
	// NetworkInfo is what OnConnectionChange reports.
	NetworkInfo = models.NetworkInfo
	// SeekableSource is a Source that can begin in the middle.
	SeekableSource = media.SeekableSource
	// Signaler carries Play's requests to Telegram.
	Signaler = models.Signaler
	// Source is something that can be played.
	Source = media.Source
	// StreamType tells the audio from the video of a source.
	StreamType = models.StreamType
	// Track is a set of legs: TrackAudio, TrackVideo or both.
	Track = media.Track
)

// The values of Track, Passthrough, StreamType, Device, ConnState and NetworkType.
const (
	TrackAudio = media.TrackAudio
	TrackVideo = media.TrackVideo

	PassthroughAuto     = media.PassthroughAuto
	PassthroughNever    = media.PassthroughNever
	PassthroughRequired = media.PassthroughRequired

	Audio      = models.Audio
	Video      = models.Video
	Microphone = models.Microphone
	Camera     = models.Camera

	Connecting   = models.Connecting
	Connected    = models.Connected
	Failed       = models.Failed
	Closed       = models.Closed
	Timeout      = models.Timeout
	Disconnected = models.Disconnected

	NetworkTypeUDP4 = models.NetworkTypeUDP4
	NetworkTypeUDP6 = models.NetworkTypeUDP6
	NetworkTypeTCP4 = models.NetworkTypeTCP4
	NetworkTypeTCP6 = models.NetworkTypeTCP6
)

// The ready-made sources.
var (
	// FromFile plays a local file of any format that ffmpeg reads.
	FromFile = media.FromFile
	// FromURL plays an http, https, rtmp, rtmps, rtsp, rtsps or srt address.
	FromURL = media.FromURL
	// FromShell plays what a command writes to its standard output: Ogg/Opus for TrackAudio, IVF/VP8 for TrackVideo. An incomplete ffmpeg
	// command is completed. No shell is involved.
	FromShell = media.FromShell
	// FromShells plays two commands, one for the sound and one for the picture.
	FromShells = media.FromShells
	// FromReader plays a container of any format that is read from an io.Reader.
	FromReader = media.FromReader
	// FromPCM plays raw samples, 16 bits, little-endian, that are read from an io.Reader.
	FromPCM = media.FromPCM
	// FromOpus plays Opus packets that the program writes, for text-to-speech and voice agents.
	FromOpus = media.FromOpus
)
