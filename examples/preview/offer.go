package main

import (
	"fmt"
	"strings"

	"gotgcall/jsonparams"
)

type block = map[string]any

// The audio and video blocks of a server's answer. Payload types and extension numbers are the same for everybody (docs/WIRE.md §5); the offer
// has them, too.
var (
	audioBlock = block{
		"payload-types": []block{{
			"id": 111, "name": "opus", "clockrate": 48000, "channels": 2, "parameters": block{"minptime": 10, "useinbandfec": 1},
			"rtcp-fbs": []block{{"type": "transport-cc"}},
		}},
		"rtp-hdrexts": []block{
			{"id": 1, "uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level"}, {"id": 2, "uri": uriSendTime}, {"id": 3, "uri": uriTransportCC},
		},
	}
	videoBlock = block{
		"endpoint": "preview", "server_sources": []int{},
		"payload-types": []block{{
			"id": 100, "name": "VP8", "clockrate": 90000, "channels": 0, "parameters": block{},
			"rtcp-fbs": []block{
				{"type": "goog-remb"}, {"type": "transport-cc"}, {"type": "ccm", "subtype": "fir"}, {"type": "nack"}, {"type": "nack", "subtype": "pli"},
			},
		}, {"id": 101, "name": "rtx", "clockrate": 90000, "channels": 0, "parameters": block{"apt": "100"}, "rtcp-fbs": []block{}}},
		"rtp-hdrexts": []block{{"id": 2, "uri": uriSendTime}, {"id": 3, "uri": uriTransportCC}, {"id": 13, "uri": "urn:3gpp:video-orientation"}},
	}
)

const (
	uriSendTime    = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	uriTransportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// The lines of a section that depend on its kind.
const (
	audioLines = `m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1;stereo=1
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
`
	videoLines = `m=video 9 UDP/TLS/RTP/SAVPF 100 101
a=mid:1
a=rtpmap:100 VP8/90000
a=rtcp-fb:100 goog-remb
a=rtcp-fb:100 transport-cc
a=rtcp-fb:100 ccm fir
a=rtcp-fb:100 nack
a=rtcp-fb:100 nack pli
a=rtpmap:101 rtx/90000
a=fmtp:101 apt=100
a=extmap:13 urn:3gpp:video-orientation
`
)

// offerOf turns the join payload into the SDP offer that makes the page the server: a browser answers with the payload types of the offer. What
// roles they have then is what docs/WIRE.md §3 and §4 ask for: because of a=ice-lite the page is controlling, and because of a=setup:passive it is
// the DTLS client. There are no candidates: the library reaches out to the page, which learns the address from its checks, as Telegram's
// server does. Both tracks belong to one stream, so that the page keeps them in sync.
func offerOf(payload string) (string, error) {
	p, err := jsonparams.ParseJoinPayload(payload)
	if err != nil {
		return "", err
	}
	var s strings.Builder
	s.WriteString("v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nt=0 0\na=ice-lite\na=group:BUNDLE 0 1\na=msid-semantic: WMS gotgcall\n")

	writeSection(&s, audioLines, p)
	writeSource(&s, p.SSRC, "audio")

	writeSection(&s, videoLines, p)
	for _, g := range p.SSRCGroups {
		if g.Semantics != "FID" || len(g.Sources) != 2 {
			return "", fmt.Errorf("the join payload has a group %s of %d SSRCs, expected FID with the video and its retransmissions", g.Semantics, len(g.Sources))
		}
		fmt.Fprintf(&s, "a=ssrc-group:FID %d %d\n", g.Sources[0], g.Sources[1])
		writeSource(&s, g.Sources[0], "video")
		writeSource(&s, g.Sources[1], "video")
	}
	return strings.ReplaceAll(s.String(), "\n", "\r\n"), nil
}

// writeSection writes a section without its SSRCs. The library is the DTLS server.
func writeSection(s *strings.Builder, lines string, p jsonparams.JoinPayload) {
	media, rest, _ := strings.Cut(lines, "\n")
	fmt.Fprintf(s, "%s\nc=IN IP4 0.0.0.0\na=rtcp:9 IN IP4 0.0.0.0\n%sa=extmap:2 %s\na=extmap:3 %s\n", media, rest, uriSendTime, uriTransportCC)
	fmt.Fprintf(s, "a=ice-ufrag:%s\na=ice-pwd:%s\n", p.Ufrag, p.Pwd)
	for _, f := range p.Fingerprints {
		fmt.Fprintf(s, "a=fingerprint:%s %s\n", f.Hash, f.Value)
	}
	s.WriteString("a=setup:passive\na=rtcp-mux\na=rtcp-rsize\na=sendonly\na=msid:gotgcall ")
	if strings.HasPrefix(media, "m=audio") {
		s.WriteString("audio\n")
	} else {
		s.WriteString("video\n")
	}
}

func writeSource(s *strings.Builder, ssrc uint32, track string) {
	fmt.Fprintf(s, "a=ssrc:%d cname:gotgcall\na=ssrc:%d msid:gotgcall %s\n", ssrc, ssrc, track)
}
