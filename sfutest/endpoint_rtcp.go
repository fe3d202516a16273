package sfutest

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// rtcpLocked takes an SRTCP packet. It needs the lock.
func (e *Endpoint) rtcpLocked(b []byte, now time.Time) {
	if e.cfg.sink { // type and sender of the first packet are clear (RFC 3711 §3.4)
		ssrc := binary.BigEndian.Uint32(b[4:])
		if media := e.declared[ssrc]; media != MediaUndeclared && rtcp.PacketType(b[1]) == rtcp.TypeSenderReport {
			s := e.streamLocked(ssrc, media)
			s.sawReport(now)
			s.stats.SenderReports++
		}
		return
	}
	plain, err := e.rx.DecryptRTCP(nil, b, nil)
	if err != nil {
		e.violations.add(ViolationMalformed, "SRTCP that cannot be decrypted: %v", err)
		return
	}
	packets, err := rtcp.Unmarshal(plain)
	if err != nil {
		e.violations.add(ViolationMalformed, "RTCP that cannot be parsed: %v", err)
		return
	}
	for _, p := range packets {
		if sr, ok := p.(*rtcp.SenderReport); ok {
			if media := e.declared[sr.SSRC]; media == MediaUndeclared {
				e.violations.add(ViolationUndeclaredSSRC, "a Sender Report of SSRC %d", sr.SSRC)
			} else {
				e.streamLocked(sr.SSRC, media).senderReport(sr, now)
				e.checkClocksLocked(now)
			}
		}
	}
}

// pretendLocked decides whether a video packet is taken for lost. It needs the lock.
func (e *Endpoint) pretendLocked(h *rtp.Header) bool {
	return e.cfg.pretendLoss > 0 && e.declared[h.SSRC] == MediaVideo && e.rng.Float64() < e.cfg.pretendLoss
}

// loseLocked takes a video packet for lost and asks for it. It needs the lock.
func (e *Endpoint) loseLocked(b []byte, now time.Time) []outgoing {
	e.injectedLocked(b, now)
	e.nacks.add(videoPacket{binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[2:])}, now)
	return e.nackLocked(now)
}

// nackLocked asks for the video packets that are due to be asked for. It needs the lock.
func (e *Endpoint) nackLocked(now time.Time) (out []outgoing) {
	for ssrc, seqs := range e.nacks.due(now) {
		e.countNACKsLocked(ssrc, seqs, now)
		out = append(out, e.sealLocked(&rtcp.TransportLayerNack{
			SenderSSRC: e.feedbackSSRC, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs),
		})...)
	}
	return out
}

// countNACKsLocked takes note of a request for packets. It needs the lock.
func (e *Endpoint) countNACKsLocked(ssrc uint32, seqs []uint16, now time.Time) {
	e.counters.NACKs += int64(len(seqs))
	for _, seq := range seqs {
		e.asked.ask(videoPacket{ssrc, seq}, now)
	}
}

// askLocked asks for a key frame when video begins, as for a viewer who subscribes; padding is no video. It needs the lock.
func (e *Endpoint) askLocked(p *Packet) []outgoing {
	if p.Size == 0 || e.pliSent || !e.cfg.pliOnStart {
		return nil
	}
	e.pliSent = true
	return e.pliLocked(p.Arrival)
}

func (e *Endpoint) pliLocked(now time.Time) []outgoing {
	e.counters.PLIs++
	e.requestedLocked(now)
	return e.sealLocked(&rtcp.PictureLossIndication{SenderSSRC: e.feedbackSSRC, MediaSSRC: e.VideoSSRC()})
}

// feedbackLocked returns the RTCP that is due, and when the next is. It needs the lock.
func (e *Endpoint) feedbackLocked(now time.Time) (out []outgoing, next time.Time) {
	for _, s := range e.streams {
		s.advance(now)
	}
	e.orderTransportLocked(now)
	if every(&e.reportsDue, e.cfg.reports, now) {
		out = append(out, e.reportLocked(now)...)
	}
	if every(&e.feedbackDue, e.cfg.feedback, now) {
		out = append(out, e.sealLocked(e.transportLog.BuildFeedbackPacket()...)...)
	}
	if e.cfg.randomPLI > 0 {
		if !e.pliDue.IsZero() && !now.Before(e.pliDue) && e.streams[e.VideoSSRC()] != nil {
			out = append(out, e.pliLocked(now)...)
		}
		if !now.Before(e.pliDue) {
			e.pliDue = now.Add(time.Duration(e.rng.ExpFloat64() * float64(e.cfg.randomPLI)))
		}
	}
	out = append(out, e.nackLocked(now)...)
	return out, earliest(earliest(e.reportsDue, e.feedbackDue), earliest(e.pliDue, e.nacks.next()))
}

// every tells whether something that happens in an interval is due, and sets the next time. Times that were missed are left out.
func every(due *time.Time, interval time.Duration, now time.Time) bool {
	if due.IsZero() || now.Before(*due) {
		return false
	}
	if *due = due.Add(interval); !due.After(now) {
		*due = now.Add(interval)
	}
	return true
}

// reportLocked makes the Receiver Report. It needs the lock.
func (e *Endpoint) reportLocked(now time.Time) []outgoing {
	rr := &rtcp.ReceiverReport{SSRC: e.feedbackSSRC}
	for ssrc, media := range e.declared {
		if s := e.streams[ssrc]; s != nil && media != MediaRTX && s.stats.Packets > 0 {
			rr.Reports = append(rr.Reports, s.receptionReport(now))
		}
	}
	if len(rr.Reports) == 0 {
		return nil
	}
	return e.sealLocked(rr)
}

// sealLocked encrypts RTCP packets as one compound packet. It needs the lock.
func (e *Endpoint) sealLocked(packets ...rtcp.Packet) []outgoing {
	if len(packets) == 0 || e.tx == nil {
		return nil
	}
	plain, err := rtcp.Marshal(packets)
	if err != nil {
		return nil // feedback too large for a packet: as good as lost
	}
	out, _ := e.sealBytesLocked(plain)
	return out
}

func (e *Endpoint) sealBytesLocked(plain []byte) ([]outgoing, error) {
	b, err := e.tx.EncryptRTCP(nil, plain, nil)
	if err != nil {
		return nil, fmt.Errorf("sfutest: %d bytes of RTCP cannot be encrypted: %w", len(plain), err)
	}
	return []outgoing{{e.ice.selected.path, b}}, nil
}
