package sfutest

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/pion/rtp"

	"gotgcall/jsonparams"
)

const maxUndeclared = 16 // SSRCs that get statistics

// rtpLocked takes an SRTP packet. It needs the lock.
func (e *Endpoint) rtpLocked(b []byte, at moment) []outgoing {
	var h rtp.Header
	size, err := h.Unmarshal(b)
	if err != nil {
		e.violations.add(ViolationMalformed, "RTP that cannot be parsed: %v", err)
		return nil
	}
	if e.pretendLocked(&h) {
		return e.loseLocked(b, at.now)
	}
	p := Packet{
		SSRC: h.SSRC, Seq: h.SequenceNumber, Timestamp: h.Timestamp, PayloadType: h.PayloadType, Marker: h.Marker,
		Arrival: at.now, read: at.read,
	}
	if e.cfg.sink {
		if !h.Padding { // how much of it is padding is encrypted; clients pad packets that have nothing else
			p.Size = max(0, len(b)-size-srtpTag)
		}
	} else {
		plain, err := e.rx.DecryptRTP(nil, b, &h)
		if err != nil {
			e.violations.add(ViolationMalformed, "SRTP that cannot be decrypted, SSRC %d, sequence number %d: %v", h.SSRC, h.SequenceNumber, err)
			return nil
		}
		p.Payload = unpad(plain[size:], h.Padding)
		p.Size = len(p.Payload)
	}
	media := e.declared[h.SSRC]
	e.extensionsLocked(&p, b, &h, media)
	e.formatLocked(&p, media)
	if p.Extensions.Has(jsonparams.ExtTransportCC) {
		e.transportLocked(&p, at.repeated)
	}
	e.deliverLocked(p, media, at.repeated)
	if media != MediaVideo {
		return nil
	}
	return append(e.askLocked(&p), e.nackLocked(at.now)...)
}

// srtpTag is the length of both profiles' authentication tags in bytes, roughly: 16 (RFC 7714 §12) and 10 (RFC 3711 §4.2).
const srtpTag = 16

// unpad cuts the padding off a payload (RFC 3550 §5.1).
func unpad(payload []byte, padded bool) []byte {
	if !padded || len(payload) == 0 {
		return payload
	}
	return payload[:max(0, len(payload)-int(payload[len(payload)-1]))]
}

// extensionsLocked reads the header extensions and checks them against what the kind of media may have. It needs the lock.
func (e *Endpoint) extensionsLocked(p *Packet, b []byte, h *rtp.Header, media Media) {
	allowed := formats[media]
	for id, value := range extensions(b, h) {
		switch {
		case id == 0:
			e.violations.add(ViolationMalformedExtension, "%s: the extension block at sequence number %d has profile %#04x or is cut",
				media, p.Seq, h.ExtensionProfile)
		case id >= 16 || allowed.extensions&(1<<id) == 0:
			p.Extensions.set(id, value)
			e.violations.add(ViolationUnknownExtension, "%s: extension %d (% x) at sequence number %d", media, id, value, p.Seq)
			if isText(value) {
				e.violations.add(ViolationMID, "%s: extension %d is the text %q at sequence number %d", media, id, value, p.Seq)
			}
		case !p.Extensions.set(id, value):
			e.violations.add(ViolationMalformedExtension, "%s: extension %d at sequence number %d has %d bytes, expected %d", media, id, p.Seq,
				len(value), extensionLength(id))
		}
	}
	if media == MediaAudio && !p.Extensions.Has(jsonparams.ExtAudioLevel) {
		e.violations.add(ViolationMissingAudioLevel, "sequence number %d has no extension 1", p.Seq)
	}
}

// isText tells whether an extension's value reads like a mid or rid: RFC 8852 §3.3 and RFC 5888 §4 make them tokens.
func isText(value []byte) bool {
	return len(value) > 0 && !slices.ContainsFunc(value, func(c byte) bool {
		return c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

// formatLocked checks SSRC and payload type against the join payload. It needs the lock.
func (e *Endpoint) formatLocked(p *Packet, media Media) {
	of := mediaOf(p.PayloadType)
	if media == MediaUndeclared {
		e.counters.Undeclared++
		e.violations.add(ViolationUndeclaredSSRC, "SSRC %d with payload type %d", p.SSRC, p.PayloadType)
	}
	if of == MediaUndeclared {
		e.violations.add(ViolationUnknownPayloadType, "%s: payload type %d, expected 111, 100 or 101", media, p.PayloadType)
	} else if media != MediaUndeclared && of != media {
		e.violations.add(ViolationPayloadTypeMismatch, "%s: payload type %d, expected %d", media, p.PayloadType, formats[media].payloadType)
	}
}

// transportLocked notes a transport-wide sequence number. It needs the lock.
func (e *Endpoint) transportLocked(p *Packet, repeated bool) {
	seq := p.Extensions.TransportSeq
	if e.cfg.feedback > 0 {
		e.transportLog.Record(p.SSRC, seq, p.Arrival.UnixMicro())
	}
	strict := !e.cfg.tolerances.Loss
	switch _, how := e.transportSeq.push(seq, struct{}{}, p.Arrival); {
	case how == arrivalDuplicate && !repeated && strict:
		e.violations.add(ViolationTransportSequence, "number %d came twice", seq)
	case how == arrivalJump:
		e.violations.add(ViolationTransportSequence, "a jump to %d", seq)
	}
	e.orderTransportLocked(p.Arrival)
}

// orderTransportLocked checks the transport-wide sequence numbers for gaps. It needs the lock.
func (e *Endpoint) orderTransportLocked(now time.Time) {
	for {
		_, before, ok := e.transportSeq.pop(now)
		if !ok {
			return
		}
		if before.missing > 0 && !e.cfg.tolerances.Loss && !e.srv.drops.excuse(transportNumbers, before.missing, now) {
			e.violations.add(ViolationTransportSequence, "%d numbers missing before %d", before.missing, uint16(e.transportSeq.next-1)) // modulo 2^16
		}
	}
}

// deliverLocked records a packet. It needs the lock.
func (e *Endpoint) deliverLocked(p Packet, media Media, repeated bool) {
	s := e.streamLocked(p.SSRC, media)
	if s == nil {
		return
	}
	if media == MediaVideo && e.cfg.nack {
		e.nacks.arrived(videoPacket{p.SSRC, p.Seq}, s, p.Arrival)
	}
	e.silenceLocked(&p, media)
	s.receive(p, repeated)
	switch {
	case media != MediaRTX || len(p.Payload) == 0:
	case len(p.Payload) < osnLength:
		e.violations.add(ViolationRetransmission, "the payload at sequence number %d has no room for the original number: %d bytes", p.Seq, p.Size)
	default:
		e.recoverLocked(p)
	}
	e.notifyLocked()
}

// osnLength is the length of the original sequence number in front of a retransmission's payload (RFC 4588 §4).
const osnLength = 2

// recoverLocked unwraps a retransmission. It needs the lock.
func (e *Endpoint) recoverLocked(p Packet) {
	for _, g := range e.payload.SSRCGroups {
		if g.Semantics == "FID" && len(g.Sources) > 1 && g.Sources[1] == p.SSRC {
			p.SSRC, p.PayloadType, p.Retransmitted = g.Sources[0], jsonparams.PayloadTypeVP8, true
			p.Seq, p.Payload = binary.BigEndian.Uint16(p.Payload), p.Payload[osnLength:]
			p.Size = len(p.Payload)
			delete(e.nacks, videoPacket{p.SSRC, p.Seq})
			e.answeredLocked(&p)
			if s := e.streamLocked(p.SSRC, MediaVideo); s != nil {
				s.receive(p, false)
			}
			return
		}
	}
}

// streamLocked returns the stream of an SSRC, nil when there are too many undeclared ones. It needs the lock.
func (e *Endpoint) streamLocked(ssrc uint32, media Media) *stream {
	s := e.streams[ssrc]
	if s == nil && (media != MediaUndeclared || len(e.streams) < len(e.declared)+maxUndeclared) {
		s = newStream(e.cfg, &e.violations, &e.srv.stalls, &e.srv.drops, ssrc, media)
		e.streams[ssrc] = s
	}
	return s
}
