package gotgcall

import (
	"gotgcall/media"
	"gotgcall/models"
)

// The vocabulary of the API. The named packages have the fields, the methods and the meaning of each value.
type (
	// CallInfo is one entry of Calls. See [models.CallInfo].
	CallInfo = models.CallInfo
	// CallStats is what Stats returns. See [models.CallStats].
	CallStats = models.CallStats
	// Diagnosis is what Diagnose returns. See [models.Diagnosis].
	Diagnosis = models.Diagnosis
	// Finding is one reason in a Diagnosis. See [models.Finding].
	Finding = models.Finding
	// LegStats is what one leg has done, in CallStats. See [models.LegStats].
	LegStats = models.LegStats
	// RemoteStats is what the server says of a leg, in CallStats. See [models.RemoteStats].
	RemoteStats = models.RemoteStats
	// LinkStats is a WebRTC connection, in CallStats. See [models.LinkStats].
	LinkStats = models.LinkStats
	// OpusOptions say how an OpusSource behaves, for FromOpus. See [media.OpusOptions].
	OpusOptions = media.OpusOptions
	// OpusSource is what FromOpus returns. See [media.OpusSource].
	OpusSource = media.OpusSource
	// Passthrough says whether sound that is Opus already is sent as it is, in EncodeOptions. See [media.Passthrough].
	Passthrough = media.Passthrough
	// PushStats is the RTMP connection of a broadcast, in CallStats. See [models.PushStats].
	PushStats = models.PushStats
	// Checker is what a Signaler may be besides: Play then asks whether the server still knows its join. See [models.Checker].
	Checker = models.Checker
	// ConnState is the state of a call's connection. See [models.ConnState].
	ConnState = models.ConnState
	// Device is the place in the call that a leg occupies. See [models.Device].
	Device = models.Device
	// ICEServer is a STUN or TURN server, for WithICEServers. See [models.ICEServer].
	ICEServer = models.ICEServer
	// NetworkType is a kind of network, for WithNetworkTypes. See [models.NetworkType].
	NetworkType = models.NetworkType
	// EncodeOptions says how a source is encoded; zero fields mean the defaults. See [media.EncodeOptions].
	EncodeOptions = media.EncodeOptions
	// MediaInfo is what Probe returns. See [media.MediaInfo].
	MediaInfo = media.MediaInfo
	// MediaState says what a call sends at this moment. See [models.MediaState].
	MediaState = models.MediaState
	// ProcessLimits bound what a child process may use up, for WithProcessLimits. See [models.ProcessLimits].
	ProcessLimits = models.ProcessLimits
	// MultiShellSource is what FromShells returns. See [media.MultiShellSource].
	MultiShellSource = media.MultiShellSource
	// NetworkInfo is what OnConnectionChange reports. See [models.NetworkInfo].
	NetworkInfo = models.NetworkInfo
	// SeekableSource is a Source that can begin in the middle. See [media.SeekableSource].
	SeekableSource = media.SeekableSource
	// Signaler carries Play's requests to Telegram. See [models.Signaler].
	Signaler = models.Signaler
	// Source is something that can be played. See [media.Source].
	Source = media.Source
	// StreamInfo is a stream of sound or pictures, in MediaInfo. See [media.StreamInfo].
	StreamInfo = media.StreamInfo
	// StreamType tells the audio from the video of a source. See [models.StreamType].
	StreamType = models.StreamType
	// Track is a set of legs: TrackAudio, TrackVideo or both. See [media.Track].
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

// The codes of the findings in a Diagnosis. docs/NO_SOUND.md says what each of them means, and what to do.
const (
	FindNotConnected = models.FindNotConnected
	FindNoSource     = models.FindNoSource
	FindEnded        = models.FindEnded
	FindPaused       = models.FindPaused
	FindMuted        = models.FindMuted
	FindNoSound      = models.FindNoSound
	FindStarved      = models.FindStarved
	FindNothingSent  = models.FindNothingSent
	FindSilent       = models.FindSilent
	FindNoReports    = models.FindNoReports
	FindLoss         = models.FindLoss
	FindNothingWrong = models.FindNothingWrong
)

// The ready-made sources. Each is the function of that name in package media, whose comment says what it plays and refuses.
var (
	// FromFile(path, options…) plays a local file of any format that ffmpeg reads. See [media.FromFile].
	FromFile = media.FromFile
	// FromURL(url, options…) plays an http, https, rtmp, rtmps, rtsp, rtsps or srt address. See [media.FromURL].
	FromURL = media.FromURL
	// FromShell(command, track) plays what a command writes to its standard output: Ogg/Opus for TrackAudio, IVF/VP8 for TrackVideo. An
	// incomplete ffmpeg command is completed. No shell is involved. See [media.FromShell].
	FromShell = media.FromShell
	// FromShells(sound, picture) plays two commands, one for the sound and one for the picture. See [media.FromShells].
	FromShells = media.FromShells
	// FromReader(reader, options…) plays a container of any format that is read from an io.Reader. See [media.FromReader].
	FromReader = media.FromReader
	// FromPCM(reader, rate, channels, options…) plays raw samples, 16 bits, little-endian, that are read from an io.Reader. See [media.FromPCM].
	FromPCM = media.FromPCM
	// FromOpus(options…) plays Opus packets that the program writes, for text-to-speech and voice agents. See [media.FromOpus].
	FromOpus = media.FromOpus
)
