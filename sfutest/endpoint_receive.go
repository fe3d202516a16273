package sfutest

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/stun/v4"

	"gotgcall/jsonparams"
)

const maxEarly = 512 // datagrams kept until the keys are there

// earlyDatagram is SRTP or SRTCP that arrived before the handshake was done.
type earlyDatagram struct {
	b  []byte
	at moment
}

// receiveCheck takes an authentic binding request.
func (e *Endpoint) receiveCheck(p path, m *stun.Message, now time.Time) {
	e.mu.Lock()
	if e.darkLocked(now) {
		e.mu.Unlock()
		return
	}
	e.counters.Checks++
	out, learned := e.ice.request(p, m, now)
	if e.phase == PhaseJoined {
		e.phase = PhaseChecked
	}
	e.mu.Unlock()
	if learned && e.srv.owner(p) != e {
		e.srv.own(p, e)
	}
	e.flush(out)
	e.poke()
}

// receiveResponse takes the answer to a check of the server.
func (e *Endpoint) receiveResponse(p path, m *stun.Message, now time.Time) {
	e.mu.Lock()
	if !e.darkLocked(now) {
		e.ice.response(p, m, now)
	}
	e.mu.Unlock()
	e.poke()
}

// receive takes everything but STUN.
func (e *Endpoint) receive(b []byte, at moment) {
	if isDTLS(b[0]) {
		e.mu.Lock()
		dark := e.darkLocked(at.now)
		if !dark {
			e.counters.DTLS++
		}
		e.mu.Unlock()
		if !dark {
			e.dtls.push(b)
		}
		return
	}
	if !isRTP(b[0]) || len(b) < 12 {
		return
	}
	e.mu.Lock()
	if e.darkLocked(at.now) {
		e.injectedLocked(b, at.now)
		e.mu.Unlock()
		return
	}
	if isRTCP(b) {
		e.counters.RTCP++
	} else {
		e.counters.RTP++
	}
	var out []outgoing
	if e.rx == nil {
		e.keepLocked(b, at)
	} else {
		out = e.mediaLocked(b, at)
	}
	e.mu.Unlock()
	e.flush(out)
}

// darkLocked tells whether a blackout eats what arrives now, and counts it. It needs the lock.
func (e *Endpoint) darkLocked(now time.Time) bool {
	if !now.Before(e.blackoutUntil) {
		return false
	}
	e.counters.Blackout++
	return true
}

// keepLocked keeps a datagram until the keys are there. It needs the lock.
func (e *Endpoint) keepLocked(b []byte, at moment) {
	e.counters.Early++
	if len(e.early) < maxEarly && e.phase != PhaseEnded {
		e.early = append(e.early, earlyDatagram{slices.Clone(b), at})
	}
}

// mediaLocked takes an SRTP or SRTCP datagram and returns what is to be sent because of it. It needs the lock.
func (e *Endpoint) mediaLocked(b []byte, at moment) []outgoing {
	if isRTCP(b) {
		if !at.repeated {
			e.rtcpLocked(b, at.now)
		}
		return nil
	}
	return e.rtpLocked(b, at)
}

// isRTCP tells RTCP from RTP on one transport (RFC 5761 §4).
func isRTCP(b []byte) bool { return b[1] >= 192 && b[1] <= 223 }

// lost takes note of a datagram that the server's impairment lost.
func (e *Endpoint) lost(b []byte, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(b) >= 12 && isRTP(b[0]) {
		e.injectedLocked(b, now)
	}
}

// injectedLocked keeps a packet that the server lost from being taken for the client's fault. It needs the lock.
func (e *Endpoint) injectedLocked(b []byte, now time.Time) {
	if isRTCP(b) {
		if s := e.streams[binary.BigEndian.Uint32(b[4:])]; s != nil && rtcp.PacketType(b[1]) == rtcp.TypeSenderReport {
			s.sawReport(now)
		}
		return
	}
	var h rtp.Header
	if _, err := h.Unmarshal(b); err != nil {
		return
	}
	for id, value := range extensions(b, &h) {
		if id == jsonparams.ExtTransportCC && len(value) == 2 {
			e.transportSeq.explain(binary.BigEndian.Uint16(value))
			e.orderTransportLocked(now)
		}
	}
	if media := e.declared[h.SSRC]; media != MediaUndeclared {
		if media == MediaVideo { // it may have been padding
			e.silence.alive, e.silence.shown = maxTime(e.silence.alive, now), maxTime(e.silence.shown, now)
		}
		e.streamLocked(h.SSRC, media).injected(h.SequenceNumber, now)
	}
}
