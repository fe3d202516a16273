package jsonparams

// Payload types. The server forwards packets as they are, so every participant of every call has to use these (docs/WIRE.md §5).
const (
	PayloadTypeOpus = 111 // opus/48000/2
	PayloadTypeVP8  = 100 // VP8/90000
	PayloadTypeRTX  = 101 // rtx/90000, retransmissions of PayloadTypeVP8
)

// Clock rates, in ticks per second, and the channels that the opus line of an SDP names whatever the encoder does (RFC 7587 §7).
const (
	ClockRateOpus = 48000
	ChannelsOpus  = 2
	ClockRateVP8  = 90000
)

// Format parameters of the payload types, as they stand behind "a=fmtp:<payload type> ".
const (
	FmtpOpus = "minptime=10;useinbandfec=1"
	FmtpRTX  = "apt=100" // PayloadTypeVP8
)

// Header extension ids. The server and the other participants read extensions by number, never by URI: a wrong number is read as
// another extension (docs/WIRE.md §5). ExtAudioLevel is for audio only, ExtVideoOrientation for video only, the others for both.
const (
	ExtAudioLevel       = 1
	ExtAbsSendTime      = 2
	ExtTransportCC      = 3
	ExtVideoOrientation = 13
)

// URIs of the header extensions, for the places that name them: the SDP and pion's MediaEngine.
const (
	ExtAudioLevelURI       = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	ExtAbsSendTimeURI      = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	ExtTransportCCURI      = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	ExtVideoOrientationURI = "urn:3gpp:video-orientation"
)
