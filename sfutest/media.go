package sfutest

import (
	"strconv"

	"gotgcall/jsonparams"
)

// Media is what a join payload declared an SSRC for.
type Media uint8

// The kinds of RTP streams.
const (
	MediaUndeclared Media = iota // not in the join payload
	MediaAudio
	MediaVideo
	MediaRTX // retransmissions of video
)

// String returns "undeclared", "audio", "video" or "rtx".
func (m Media) String() string {
	if names := [...]string{"undeclared", "audio", "video", "rtx"}; int(m) < len(names) {
		return names[m]
	}
	return "Media(" + strconv.Itoa(int(m)) + ")"
}

// format is what a kind of media looks like on the wire (docs/WIRE.md §5).
type format struct {
	payloadType uint8
	clockRate   int64
	extensions  uint16 // bit n: id n is allowed
}

var formats = [...]format{
	MediaUndeclared: {extensions: 1<<jsonparams.ExtAudioLevel | videoExtensions}, // any that exists
	MediaAudio: {jsonparams.PayloadTypeOpus, jsonparams.ClockRateOpus,
		1<<jsonparams.ExtAudioLevel | 1<<jsonparams.ExtAbsSendTime | 1<<jsonparams.ExtTransportCC},
	MediaVideo: {jsonparams.PayloadTypeVP8, jsonparams.ClockRateVP8, videoExtensions},
	MediaRTX:   {jsonparams.PayloadTypeRTX, jsonparams.ClockRateVP8, videoExtensions},
}

const videoExtensions = 1<<jsonparams.ExtAbsSendTime | 1<<jsonparams.ExtTransportCC | 1<<jsonparams.ExtVideoOrientation

// mediaOf returns the kind of media a payload type belongs to.
func mediaOf(payloadType uint8) Media {
	switch payloadType {
	case jsonparams.PayloadTypeOpus:
		return MediaAudio
	case jsonparams.PayloadTypeVP8:
		return MediaVideo
	case jsonparams.PayloadTypeRTX:
		return MediaRTX
	}
	return MediaUndeclared
}

// declared returns the kinds of media a join payload announces, by SSRC.
func declared(p jsonparams.JoinPayload) map[uint32]Media {
	d := map[uint32]Media{p.SSRC: MediaAudio}
	for _, g := range p.SSRCGroups {
		for i, ssrc := range g.Sources {
			switch {
			case g.Semantics == "FID" && i == 0:
				d[ssrc] = MediaVideo
			case g.Semantics == "FID":
				d[ssrc] = MediaRTX
			case d[ssrc] == MediaUndeclared:
				d[ssrc] = MediaVideo // a layer of a SIM group; its FID group may follow and say the same
			}
		}
	}
	return d
}
