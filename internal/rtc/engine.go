package rtc

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
)

// Config is what the calls of one Client share.
type Config struct {
	Logger *slog.Logger
	// Certificates is how many DTLS certificates are kept ready; 0 makes each on demand.
	Certificates int
	// SharedSockets lets calls to different server addresses share UDP sockets.
	SharedSockets bool
	// Loopback gathers and accepts loopback candidates.
	Loopback bool
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
	lookup       func(remote netip.AddrPort) (local netip.Addr, err error)
}

// ICE timing (docs/WIRE.md §3). pion answers the server's consent checks for ever; these are our own checks.
const (
	// iceKeepalive is how often the selected pair is checked, in both states Connected and Disconnected.
	iceKeepalive = 500 * time.Millisecond
	// iceDisconnected is how long nothing may arrive before the state is Disconnected: a blackout of 3 s is reported as one, while at
	// 20 % loss four checks and two reports in a row have to be lost.
	iceDisconnected = 2 * time.Second
	// iceFailed is how long Disconnected may last: with iceDisconnected 25 s, well above the 20 s that a call must survive and below 30 s.
	iceFailed = 23 * time.Second
	// checkBudget bounds the connectivity checks of one attempt, whatever the number of candidates: a hostile answer must not turn
	// the library into a packet source.
	checkBudget = 90
	// maxChecksPerPair lets a pair be checked every 200 ms (pion's interval) for the whole connect timeout of 10 s.
	maxChecksPerPair = 50
	// dtlsRetransmission is the first interval of the handshake's retransmissions; it doubles each time.
	dtlsRetransmission = 100 * time.Millisecond
)

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
	e := &Engine{config: c, media: media, certificates: newCertificatePool(c.Certificates), lookup: systemRoute}
	if c.SharedSockets {
		e.sockets = newSocketPool(&pionLog{logger: c.Logger})
	}
	return e, nil
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
