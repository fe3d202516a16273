package rtc

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// Config is what the calls of one Client share. Zero fields have their defaults.
type Config struct {
	Logger *slog.Logger
	// Steps receives how each connection comes about, Candidates its ICE candidates, Pion pion's own lines with its traces: all at debug level.
	// They default to nil, none; then pion's lines go to Logger, without the traces.
	Steps, Candidates, Pion *slog.Logger
	// Certificates is how many DTLS certificates are kept ready; 0 makes each on demand.
	Certificates int
	// SharedSockets lets calls to different server addresses share UDP sockets.
	SharedSockets bool
	// ICEServers are STUN and TURN servers that passed CheckICEServers.
	ICEServers []models.ICEServer
	// NetworkTypes are what a connection may use, UDP4 or UDP6 among them. They default to both.
	NetworkTypes []models.NetworkType
	// Timeouts default to DefaultICETimeouts.
	Timeouts ICETimeouts
	// MaxBindingRequests is how often a pair of candidates is checked. It defaults to what bounds all checks of an attempt together.
	MaxBindingRequests int
	// PreConnectDelay is the time between the setting up of the first ICE agent of a Connect and its first check.
	PreConnectDelay time.Duration
	// Settings, when set, sees each PeerConnection's SettingEngine after ours: it may override anything.
	Settings func(*webrtc.SettingEngine)
}

// Engine makes identities and connections for one Client. All methods may be called from any goroutine.
type Engine struct {
	// set at construction
	config       Config
	media        *webrtc.MediaEngine
	certificates *certificatePool
	sockets      *socketPool // nil without SharedSockets
	networks     *networks
	lookup       func(remote netip.AddrPort) (local netip.Addr, err error)
}

// dtlsRetransmission is the first interval of the handshake's retransmissions, as in browsers; it doubles each time.
const dtlsRetransmission = 50 * time.Millisecond

// NewEngine returns an Engine. It opens nothing and starts nothing.
func NewEngine(c Config) (*Engine, error) {
	media := &webrtc.MediaEngine{}
	for _, codec := range []struct {
		parameters webrtc.RTPCodecParameters
		kind       webrtc.RTPCodecType
	}{
		{opusCodec, webrtc.RTPCodecTypeAudio},
		{vp8Codec, webrtc.RTPCodecTypeVideo},
		{rtxCodec, webrtc.RTPCodecTypeVideo},
	} {
		if err := media.RegisterCodec(codec.parameters, codec.kind); err != nil {
			return nil, err
		}
	}
	if c.Timeouts == (ICETimeouts{}) {
		c.Timeouts = DefaultICETimeouts()
	}
	e := &Engine{config: c, media: media, certificates: newCertificatePool(c.Certificates), networks: &networks{}, lookup: systemRoute}
	if c.SharedSockets {
		e.sockets = newSocketPool(e.pionLog(), lifeSpan(c.Timeouts))
	}
	return e, nil
}

// With returns an Engine whose log records carry the attributes, as those of slog.Logger.With. All else it shares with e, Close included.
func (e *Engine) With(attrs ...any) *Engine {
	w := *e
	for _, l := range []**slog.Logger{&w.config.Logger, &w.config.Steps, &w.config.Candidates, &w.config.Pion} {
		if *l != nil {
			*l = (*l).With(attrs...)
		}
	}
	return &w
}

// Close releases what the calls shared. The Links must be closed before.
func (e *Engine) Close() {
	e.certificates.close()
	if e.sockets != nil {
		e.sockets.close()
	}
}

// The codecs, with the fixed payload types of docs/WIRE.md §5 and the feedback that is answered.
var (
	opusCodec = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType:    webrtc.MimeTypeOpus,
			ClockRate:   jsonparams.ClockRateOpus,
			Channels:    jsonparams.ChannelsOpus,
			SDPFmtpLine: jsonparams.FmtpOpus,
			RTCPFeedback: []webrtc.RTCPFeedback{
				{Type: webrtc.TypeRTCPFBTransportCC},
			},
		},
		PayloadType: jsonparams.PayloadTypeOpus,
	}
	vp8Codec = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType:  webrtc.MimeTypeVP8,
			ClockRate: jsonparams.ClockRateVP8,
			RTCPFeedback: []webrtc.RTCPFeedback{
				{Type: webrtc.TypeRTCPFBNACK},
				{Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"},
				{Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"},
				{Type: webrtc.TypeRTCPFBTransportCC},
			},
		},
		PayloadType: jsonparams.PayloadTypeVP8,
	}
	rtxCodec = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType:    webrtc.MimeTypeRTX,
			ClockRate:   jsonparams.ClockRateVP8,
			SDPFmtpLine: jsonparams.FmtpRTX,
		},
		PayloadType: jsonparams.PayloadTypeRTX,
	}
)
