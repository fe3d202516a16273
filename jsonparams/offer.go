package jsonparams

import (
	"fmt"
	"strconv"
	"strings"
)

// OfferOptions shapes the offer that Answer.Offer writes. The zero value is an offer of audio alone from a full ICE agent.
type OfferOptions struct {
	// ICELite marks the server as an ICE lite agent, which makes the pion that answers the controlling side (docs/WIRE.md §3). It
	// defaults to false: pion is controlled.
	ICELite bool
	// Video adds the section of the video. It defaults to false; a call that declared video in its payload needs true, even while it
	// sends audio only.
	Video bool
	// SessionID is the sess-id of the o= line. Any number will do, 0 included: each offer is the only one of its PeerConnection.
	SessionID uint64
}

// Offer returns the answer as an SDP offer, with CRLF at the end of each line.
//
// The server speaks no SDP. A pion PeerConnection that is given this text as its remote offer and answers it sends to the server what
// the join payload announced: opus under payload type 111 in section "0" and, with Video, VP8 under 100 with its retransmissions under
// 101 in section "1", both on one transport, with header extensions under the numbers that the server expects. It becomes the DTLS
// server, checks the certificate against Strongest, and starts ICE as the controlled side, or as the controlling one with ICELite.
//
// Offer belongs to what ParseAnswer returned: there every string that reaches the text was checked.
func (a *Answer) Offer(o OfferOptions) string {
	w := new(offerWriter)
	w.line("v=0")
	w.line("o=- %d 1 IN IP4 0.0.0.0", o.SessionID)
	w.line("s=-")
	w.line("t=0 0")
	if o.Video {
		w.line("a=group:BUNDLE 0 1")
	} else {
		w.line("a=group:BUNDLE 0")
	}
	if o.ICELite {
		w.line("a=ice-lite")
	}
	w.audio(a)
	if o.Video {
		w.video(a)
	}
	return w.String()
}

// offerWriter collects the lines of an offer.
type offerWriter struct{ strings.Builder }

func (w *offerWriter) line(format string, args ...any) {
	fmt.Fprintf(w, format+"\r\n", args...)
}

func (w *offerWriter) audio(a *Answer) {
	w.line("m=audio 9 UDP/TLS/RTP/SAVPF %d", PayloadTypeOpus)
	w.transport(a, "0")
	w.candidates(a)
	w.line("a=extmap:%d %s", ExtAudioLevel, ExtAudioLevelURI)
	w.line("a=extmap:%d %s", ExtAbsSendTime, ExtAbsSendTimeURI)
	w.line("a=extmap:%d %s", ExtTransportCC, ExtTransportCCURI)
	w.line("a=rtpmap:%d opus/%d/%d", PayloadTypeOpus, ClockRateOpus, ChannelsOpus)
	w.line("a=fmtp:%d %s", PayloadTypeOpus, FmtpOpus)
	w.line("a=rtcp-fb:%d transport-cc", PayloadTypeOpus)
}

func (w *offerWriter) video(a *Answer) {
	w.line("m=video 9 UDP/TLS/RTP/SAVPF %d %d", PayloadTypeVP8, PayloadTypeRTX)
	w.transport(a, "1")
	w.line("a=extmap:%d %s", ExtAbsSendTime, ExtAbsSendTimeURI)
	w.line("a=extmap:%d %s", ExtTransportCC, ExtTransportCCURI)
	w.line("a=extmap:%d %s", ExtVideoOrientation, ExtVideoOrientationURI)
	w.line("a=rtpmap:%d VP8/%d", PayloadTypeVP8, ClockRateVP8)
	for _, feedback := range [...]string{"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"} {
		w.line("a=rtcp-fb:%d %s", PayloadTypeVP8, feedback)
	}
	w.line("a=rtpmap:%d rtx/%d", PayloadTypeRTX, ClockRateVP8)
	w.line("a=fmtp:%d %s", PayloadTypeRTX, FmtpRTX)
}

// transport writes what both sections say: in a bundle they share one transport, and each has to describe it (RFC 9143 §7.1.3).
func (w *offerWriter) transport(a *Answer, mid string) {
	w.line("c=IN IP4 0.0.0.0")
	w.line("a=mid:%s", mid)
	w.line("a=recvonly")
	w.line("a=rtcp-mux")
	w.line("a=ice-ufrag:%s", a.Ufrag)
	w.line("a=ice-pwd:%s", a.Pwd)
	fingerprint := a.Strongest()
	w.line("a=fingerprint:%s %s", fingerprint.Hash, fingerprint.Value)
	w.line("a=setup:active")
}

// candidates writes them for the first section, which is the one of a bundle that pion reads. The server sends none later.
func (w *offerWriter) candidates(a *Answer) {
	for _, c := range a.Candidates {
		w.line("a=candidate:%s", c)
	}
	w.line("a=end-of-candidates")
}

// String returns the candidate as the value of an SDP candidate attribute (RFC 8839 §5.1).
func (c Candidate) String() string {
	s := fmt.Sprintf("%s %d %s %d %s %d typ %s", c.Foundation, c.Component, c.Protocol, c.Priority, c.Addr, c.Port, c.Type)
	switch {
	case c.Type == "host":
		return s
	case !c.RelAddr.IsValid() && c.Addr.Is4():
		return s + " raddr 0.0.0.0 rport 9" // the grammar demands a related address; these are its "not told" values
	case !c.RelAddr.IsValid():
		return s + " raddr :: rport 9"
	default:
		return s + " raddr " + c.RelAddr.String() + " rport " + strconv.Itoa(int(c.RelPort))
	}
}
