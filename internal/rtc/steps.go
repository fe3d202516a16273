package rtc

import (
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
)

// steps logs how a connection comes about, as far as somebody wants to know.
type steps struct {
	log        *slog.Logger // nil: nobody does
	candidates *slog.Logger // nil: nobody wants the ICE candidates
	start      time.Time    // of Connect
}

// say logs a step, with the time since the beginning.
func (s steps) say(text string, attrs ...any) {
	if s.log != nil {
		s.log.Debug(text, append([]any{"after", time.Since(s.start).Round(time.Microsecond)}, attrs...)...)
	}
}

// remote logs what the server offers, and what of it is not used.
func (s steps) remote(answer *jsonparams.Answer) {
	if s.candidates == nil {
		return
	}
	for _, c := range answer.Candidates {
		s.candidates.Debug("remote ICE candidate", "type", c.Type, "protocol", c.Protocol, "address", hostPort(c.Addr.String(), c.Port))
	}
	for _, reason := range answer.Skipped {
		s.candidates.Debug("remote ICE candidate left out", "reason", reason)
	}
}

// watch follows a PeerConnection. Its callbacks run on goroutines of pion's.
func (s steps) watch(p *peer) {
	if s.candidates != nil {
		p.pc.OnICECandidate(s.local)
		p.dtls.ICETransport().OnSelectedCandidatePairChange(s.selected)
	}
}

// local logs a candidate of ours; nil is the end of the gathering.
func (s steps) local(c *webrtc.ICECandidate) {
	if c == nil {
		s.candidates.Debug("no more local ICE candidates")
		return
	}
	attrs := []any{"type", c.Typ.String(), "protocol", c.Protocol.String(), "address", hostPort(c.Address, c.Port)}
	if c.RelatedAddress != "" {
		attrs = append(attrs, "related", hostPort(c.RelatedAddress, c.RelatedPort))
	}
	s.candidates.Debug("local ICE candidate", attrs...)
}

func (s steps) selected(pair *webrtc.ICECandidatePair) {
	if pair == nil {
		return
	}
	s.candidates.Debug("ICE pair selected", "local", hostPort(pair.Local.Address, pair.Local.Port), "local_type", pair.Local.Typ.String(),
		"remote", hostPort(pair.Remote.Address, pair.Remote.Port), "remote_type", pair.Remote.Typ.String())
}

func hostPort(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
