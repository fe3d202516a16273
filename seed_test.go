package gotgcall_test

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/media"
	"gotgcall/models"
)

// The contract of v0.5.8, checked by the compiler: every identifier with its kind and exact signature.

// Constants are constants: an array length must be one.
var (
	_ [gotgcall.TrackAudio]struct{} = [media.TrackAudio]struct{}{}
	_ [gotgcall.TrackVideo]struct{} = [media.TrackVideo]struct{}{}
	_ [gotgcall.Audio]struct{}      = [models.Audio]struct{}{}
	_ [gotgcall.Video]struct{}      = [models.Video]struct{}{}
	_ [gotgcall.Microphone]struct{} = [models.Microphone]struct{}{}
	_ [gotgcall.Camera]struct{}     = [models.Camera]struct{}{}
	_ [gotgcall.Connecting]struct{} = [models.Connecting]struct{}{}
	_ [gotgcall.Connected]struct{}  = [models.Connected]struct{}{}
	_ [gotgcall.Failed]struct{}     = [models.Failed]struct{}{}
	_ [gotgcall.Closed]struct{}     = [models.Closed]struct{}{}
	_ [gotgcall.Timeout]struct{}    = [models.Timeout]struct{}{}
)

// Their types.
var (
	_ gotgcall.Track      = gotgcall.TrackAudio | gotgcall.TrackVideo
	_ gotgcall.StreamType = gotgcall.Audio
	_ gotgcall.StreamType = gotgcall.Video
	_ gotgcall.Device     = gotgcall.Microphone
	_ gotgcall.Device     = gotgcall.Camera
	_ gotgcall.ConnState  = gotgcall.Connecting

	_ [gotgcall.NetworkTypeUDP4]gotgcall.NetworkType = [models.NetworkTypeUDP4]models.NetworkType{}
	_ [gotgcall.NetworkTypeUDP6]gotgcall.NetworkType = [models.NetworkTypeUDP6]models.NetworkType{}
	_ [gotgcall.NetworkTypeTCP4]gotgcall.NetworkType = [models.NetworkTypeTCP4]models.NetworkType{}
	_ [gotgcall.NetworkTypeTCP6]gotgcall.NetworkType = [models.NetworkTypeTCP6]models.NetworkType{}
)

// Variables are variables: only those have an address.
var (
	_ *func(string, ...gotgcall.EncodeOptions) gotgcall.Source = &gotgcall.FromFile
	_ *func(string, ...gotgcall.EncodeOptions) gotgcall.Source = &gotgcall.FromURL
	_ *func(string, gotgcall.Track) gotgcall.Source            = &gotgcall.FromShell

	_ = []*error{
		&gotgcall.ErrConnectionExists, &gotgcall.ErrConnectionNotFound, &gotgcall.ErrConnectionTimeout, &gotgcall.ErrConnectionFailed,
		&gotgcall.ErrInvalidParams, &gotgcall.ErrFFmpegSpawn, &gotgcall.ErrFFmpegCrashed, &gotgcall.ErrFile, &gotgcall.ErrClosed,
		&gotgcall.ErrInternal, &gotgcall.ErrNotConnected, &gotgcall.ErrWrongMode,
	}
)

// Types are aliases: a pointer to one is a pointer to the other.
var (
	_ *models.CallInfo       = (*gotgcall.CallInfo)(nil)
	_ *models.ConnState      = (*gotgcall.ConnState)(nil)
	_ *models.Device         = (*gotgcall.Device)(nil)
	_ *media.EncodeOptions   = (*gotgcall.EncodeOptions)(nil)
	_ *models.MediaState     = (*gotgcall.MediaState)(nil)
	_ *models.NetworkInfo    = (*gotgcall.NetworkInfo)(nil)
	_ *media.SeekableSource  = (*gotgcall.SeekableSource)(nil)
	_ *media.Source          = (*gotgcall.Source)(nil)
	_ *models.StreamType     = (*gotgcall.StreamType)(nil)
	_ *media.Track           = (*gotgcall.Track)(nil)
	_ *models.ICEServer      = (*gotgcall.ICEServer)(nil)
	_ *models.NetworkType    = (*gotgcall.NetworkType)(nil)
	_ func(gotgcall.Option)  = func(gotgcall.Option) {}
	_ gotgcall.EncodeOptions = gotgcall.EncodeOptions{
		VideoBitrateKbps: 800, VideoWidth: 1280, VideoHeight: 720, VideoFPS: 30,
		AudioBitrateKbps: 128, AudioChannels: 2, Tracks: gotgcall.TrackAudio,
	}
	_ = gotgcall.MediaState{Muted: true, Paused: true, VideoStopped: true}
	_ = gotgcall.CallInfo{CaptureTimeMs: 1}
	_ = gotgcall.NetworkInfo{State: gotgcall.Connected}
	_ = gotgcall.ICEServer{URLs: []string{"turn:host"}, Username: "a", Credential: "b"}
)

// Functions and methods.
var (
	_ func(...gotgcall.Option) (*gotgcall.Client, error)                               = gotgcall.New
	_ func(int) gotgcall.Option                                                        = gotgcall.WithDTLSCertPool
	_ func(int) gotgcall.Option                                                        = gotgcall.WithDispatchBuffer
	_ func(string) gotgcall.Option                                                     = gotgcall.WithFFmpegPath
	_ func(*slog.Logger) gotgcall.Option                                               = gotgcall.WithLogger
	_ func() gotgcall.Option                                                           = gotgcall.WithSharedUDPMux
	_ func(*gotgcall.Client, int64) (uint32, error)                                    = (*gotgcall.Client).AudioSSRC
	_ func(*gotgcall.Client) map[int64]gotgcall.CallInfo                               = (*gotgcall.Client).Calls
	_ func(*gotgcall.Client) error                                                     = (*gotgcall.Client).Close
	_ func(*gotgcall.Client, int64, string) error                                      = (*gotgcall.Client).Connect
	_ func(*gotgcall.Client, int64) (string, error)                                    = (*gotgcall.Client).CreateCall
	_ func(*gotgcall.Client, int64, string) error                                      = (*gotgcall.Client).StartRTMP
	_ func(*gotgcall.Client, int64) (gotgcall.MediaState, error)                       = (*gotgcall.Client).GetState
	_ func(*gotgcall.Client, int64) (bool, error)                                      = (*gotgcall.Client).Mute
	_ func(*gotgcall.Client, func(int64, gotgcall.NetworkInfo))                        = (*gotgcall.Client).OnConnectionChange
	_ func(*gotgcall.Client, func(int64, gotgcall.StreamType, gotgcall.Device, error)) = (*gotgcall.Client).OnStreamEnd
	_ func(*gotgcall.Client, int64) (bool, error)                                      = (*gotgcall.Client).Pause
	_ func(*gotgcall.Client, int64) (bool, error)                                      = (*gotgcall.Client).Resume
	_ func(*gotgcall.Client, int64, gotgcall.Source, ...gotgcall.EncodeOptions) error  = (*gotgcall.Client).SetStreamSources
	_ func(*gotgcall.Client, int64) error                                              = (*gotgcall.Client).Stop
	_ func(*gotgcall.Client, int64) (uint64, error)                                    = (*gotgcall.Client).Time
	_ func(*gotgcall.Client, int64) (bool, error)                                      = (*gotgcall.Client).Unmute
	_ func(*gotgcall.Client, context.Context, int64) (string, error)                   = (*gotgcall.Client).CreateCallContext
	_ func(*gotgcall.Client, context.Context, int64, string) error                     = (*gotgcall.Client).ConnectContext
	_ func(*gotgcall.Client, context.Context, int64) error                             = (*gotgcall.Client).StopContext
	_ func(*gotgcall.Client, int64) (int32, error)                                     = (*gotgcall.Client).LeaveSource
	_ func(*gotgcall.Client, int64) ([]int32, error)                                   = (*gotgcall.Client).Sources
	_ func(time.Duration) gotgcall.Option                                              = gotgcall.WithConnectTimeout
	_ func([]gotgcall.ICEServer) gotgcall.Option                                       = gotgcall.WithICEServers
	_ func(...gotgcall.NetworkType) gotgcall.Option                                    = gotgcall.WithNetworkTypes
	_ func(_, _, _ time.Duration) gotgcall.Option                                      = gotgcall.WithICETimeouts
	_ func(int) gotgcall.Option                                                        = gotgcall.WithICEMaxBindingRequests
	_ func(time.Duration) gotgcall.Option                                              = gotgcall.WithICEPreConnectDelay
	_ func() gotgcall.Option                                                           = gotgcall.WithDebugLogs
	_ func() gotgcall.Option                                                           = gotgcall.WithFFmpegStderrLog
	_ func() gotgcall.Option                                                           = gotgcall.WithPionTraceLogs
	_ func() gotgcall.Option                                                           = gotgcall.WithICECandidateLogs
	_ func() gotgcall.Option                                                           = gotgcall.WithVerboseConnectionLogs
	_ func() gotgcall.Option                                                           = gotgcall.WithDispatchPerChat
	_ func(int) gotgcall.Option                                                        = gotgcall.WithMaxProcesses
	_ func() gotgcall.Option                                                           = gotgcall.WithLowPriority
	_ func(func(*url.URL) error) gotgcall.Option                                       = gotgcall.WithURLPolicy
	_ func(*url.URL) error                                                             = gotgcall.PublicHosts
)

// userSource is a Source as a program written against the seed has one.
type userSource struct{ audio io.Reader }

func (userSource) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

func (s userSource) Open(context.Context) (*media.Streams, error) {
	return media.NewStreams(s.audio, nil, func() error { return nil }), nil
}

func (s userSource) OpenAt(ctx context.Context, _ time.Duration) (*media.Streams, error) {
	return s.Open(ctx)
}

var (
	_ gotgcall.Source         = userSource{}
	_ gotgcall.SeekableSource = userSource{}
)

// The field names of Streams belong to the contract as well.
var _ = media.Streams{Audio: io.Reader(nil), Video: io.Reader(nil)}

func TestTheSentinelErrorsOfTheRootAreThoseOfModels(t *testing.T) {
	for _, pair := range [][2]error{
		{gotgcall.ErrConnectionExists, models.ErrConnectionExists},
		{gotgcall.ErrConnectionNotFound, models.ErrConnectionNotFound},
		{gotgcall.ErrConnectionTimeout, models.ErrConnectionTimeout},
		{gotgcall.ErrConnectionFailed, models.ErrConnectionFailed},
		{gotgcall.ErrInvalidParams, models.ErrInvalidParams},
		{gotgcall.ErrFFmpegSpawn, models.ErrFFmpegSpawn},
		{gotgcall.ErrFFmpegCrashed, models.ErrFFmpegCrashed},
		{gotgcall.ErrFile, models.ErrFile},
		{gotgcall.ErrClosed, models.ErrClosed},
		{gotgcall.ErrInternal, models.ErrInternal},
		{gotgcall.ErrNotConnected, models.ErrNotConnected},
		{gotgcall.ErrWrongMode, models.ErrWrongMode},
		{gotgcall.ErrUnsupportedCallMode, models.ErrUnsupportedCallMode},
		{gotgcall.ErrFingerprint, models.ErrFingerprint},
		{gotgcall.ErrSourceTimeout, models.ErrSourceTimeout},
		{gotgcall.ErrStalled, models.ErrStalled},
		{gotgcall.ErrFormat, models.ErrFormat},
		{gotgcall.ErrJoinRefused, models.ErrJoinRefused},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%v at the root is not %v of models", pair[0], pair[1])
		}
	}
}
