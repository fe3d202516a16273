package jsonparams

import "encoding/json"

// SSRCGroup ties SSRCs together, as the group attribute of RFC 5576 does.
type SSRCGroup struct {
	// Semantics is the kind of the group: FID for a video SSRC and that of its retransmissions.
	Semantics string
	// Sources are the SSRCs; for FID first the video, then its retransmissions.
	Sources []uint32
}

// JoinPayload is what a participant tells the server about itself: the text of phone.joinGroupCall's params. Everything in it is fresh
// for every join (docs/WIRE.md §1).
type JoinPayload struct {
	// SSRC is that of the audio, never 0. Official clients draw it from 1 to 0x7fffffff.
	SSRC uint32
	// Ufrag is the ICE user name: 4 to 256 characters of A-Z a-z 0-9 + /.
	Ufrag string
	// Pwd is the ICE password: 22 to 256 characters of A-Z a-z 0-9 + /.
	Pwd string
	// Fingerprints are those of the DTLS certificate; one sha-256 is what official clients send.
	Fingerprints []Fingerprint
	// SSRCGroups declares the video: one FID group, and it is declared even when the call starts with audio only, because a video
	// SSRC that was not declared at the join is dropped by the server. Empty in a call that never sends video.
	SSRCGroups []SSRCGroup
}

// joinPayload is JoinPayload as JSON: the order of its keys, and SSRCs as signed numbers.
type joinPayload struct {
	SSRC         int32         `json:"ssrc"`
	Ufrag        string        `json:"ufrag"`
	Pwd          string        `json:"pwd"`
	Fingerprints []Fingerprint `json:"fingerprints"`
	SSRCGroups   []ssrcGroup   `json:"ssrc-groups,omitempty"`
}

type ssrcGroup struct {
	Semantics string  `json:"semantics"`
	Sources   []int32 `json:"sources"`
}

// Marshal returns the payload as JSON, with its keys in the order official clients use and without white space. The key ssrc-groups is
// left out when there is no group. Nothing is checked: [ParseJoinPayload] does that, on the other side.
func (p JoinPayload) Marshal() string {
	out := joinPayload{
		SSRC:         SourceID(p.SSRC),
		Ufrag:        p.Ufrag,
		Pwd:          p.Pwd,
		Fingerprints: append([]Fingerprint{}, p.Fingerprints...), // a nil slice would be written as null
	}
	for _, g := range p.SSRCGroups {
		group := ssrcGroup{Semantics: g.Semantics, Sources: make([]int32, len(g.Sources))}
		for i, ssrc := range g.Sources {
			group.Sources[i] = SourceID(ssrc)
		}
		out.SSRCGroups = append(out.SSRCGroups, group)
	}
	data, _ := json.Marshal(out) // strings and numbers: there is nothing in it that could fail
	return string(data)
}

// SourceID returns an SSRC as Telegram writes it in JSON and in its API's source fields: the signed number with the same 32 bits.
func SourceID(ssrc uint32) int32 { return int32(ssrc) } // the wrap-around is the format
