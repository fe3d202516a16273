package sfutest

import (
	"time"

	"github.com/pion/rtcp"
)

const (
	maxReports  = 4096                   // Sender Reports kept of one SSRC, the latest
	flowGap     = time.Second            // a pause of the media as long as that begins anew the wait for a Sender Report
	clockTicks  = 1 << 16                // NTP short format, RFC 3550 §4
	holdMissing = 500 * time.Millisecond // a packet that has not come by then is given up
)

// stream is one SSRC. Its endpoint guards it.
type stream struct {
	media      Media
	format     format
	tolerances *Tolerances
	ledger     *ledger
	drops      *dropMeter
	stats      StreamStats
	record     ring[Packet]
	reports    ring[SenderReport]
	order      *sequencer[Packet]
	timeline   timeline
	pictures   *pictures       // of a video; nil for others
	recovered  map[uint16]bool // came by RTX; the original may follow and is no repetition

	jitter      float64 // in ticks
	lastTransit int64   // arrival minus timestamp, in ticks
	flowing     time.Time
	reported    time.Time // last Sender Report, or complaint about a missing one
	srNTP       uint32    // the middle bits of the last report's NTP time
	srArrival   time.Time
	rrExpected  int64 // at the last Receiver Report
	rrReceived  int64
}

func newStream(cfg *config, l *ledger, stalls *stallMeter, drops *dropMeter, ssrc uint32, media Media) *stream {
	s := &stream{
		media: media, format: formats[media], tolerances: &cfg.tolerances, ledger: l, drops: drops,
		stats:     StreamStats{SSRC: ssrc, Media: media},
		record:    ring[Packet]{limit: cfg.recordLimit},
		reports:   ring[SenderReport]{limit: maxReports},
		recovered: map[uint16]bool{},
		order:     sequencerOf[Packet](cfg),
	}
	s.timeline = timeline{media: media, rate: s.format.clockRate, tolerances: s.tolerances, ledger: l, stalls: stalls, opaque: cfg.sink}
	s.timeline.leads.windows.limit = maxLeadWindows
	if media == MediaVideo {
		s.pictures = newPictures(cfg, l, stalls)
	}
	return s
}

// receive takes a packet in; repeated says that the server's own impairment made it of another one.
func (s *stream) receive(p Packet, repeated bool) {
	first := !s.order.started
	n, how := s.order.push(p.Seq, p, p.Arrival)
	switch {
	case first:
		s.stats.FirstSeq, s.stats.FirstArrival = n, p.Arrival
	case how == arrivalJump:
		s.ledger.add(ViolationSequence, "%s: the sequence number jumps from %d to %d", s.media, uint16(s.stats.LastSeq), p.Seq)
		s.stats.FirstSeq += n - s.stats.LastSeq - 1 // the jump is no loss
	case how == arrivalDuplicate:
		s.stats.Duplicates++
		if !repeated && !p.Retransmitted && !s.tolerances.Loss && !s.recovered[p.Seq] {
			s.ledger.add(ViolationSequence, "%s: sequence number %d came twice", s.media, p.Seq)
		}
		return
	case how == arrivalLate:
		s.late(n, &p)
	}
	s.count(n, &p)
	s.record.push(p)
	s.advance(p.Arrival)
}

// late takes note of a packet that was no longer waited for, or of one from before the first.
func (s *stream) late(n int64, p *Packet) {
	if !p.Retransmitted {
		s.stats.Late++
	}
	if n < s.stats.FirstSeq {
		s.stats.Lost += s.stats.FirstSeq - n - 1
		s.stats.FirstSeq = n
	} else {
		s.stats.Lost--
	}
}

func (s *stream) count(n int64, p *Packet) {
	st := &s.stats
	st.Packets++
	st.Bytes += int64(p.Size)
	st.LastSeq = max(st.LastSeq, n)
	if p.Retransmitted {
		st.Recovered++
		s.recovered[p.Seq] = true
		return // its arrival says nothing about the sender's clock
	}
	delete(s.recovered, p.Seq)
	if p.Arrival.Sub(st.LastArrival) >= flowGap {
		s.flowing = p.Arrival
	}
	st.LastArrival = p.Arrival
	s.measureJitter(p)
	s.expectReport(p.Arrival)
}

// advance checks what is in order by now.
func (s *stream) advance(now time.Time) {
	for {
		p, before, ok := s.order.pop(now)
		if !ok {
			return
		}
		s.stats.Lost += int64(before.lost + before.missing)
		if before.missing > 0 && !s.tolerances.Loss && !s.drops.excuse(streamNumbers, before.missing, now) {
			s.ledger.add(ViolationSequence, "%s: %d packets missing before sequence number %d", s.media, before.missing, p.Seq)
		}
		if s.media == MediaAudio || s.media == MediaVideo {
			s.timeline.next(&p, before)
		}
		if s.pictures != nil && !s.timeline.opaque {
			s.pictures.next(&p, before)
		}
	}
}

// injected takes note of a packet that the server itself lost.
func (s *stream) injected(seq uint16, now time.Time) {
	s.stats.Injected++
	if s.pictures != nil {
		s.pictures.unsure = true
	}
	s.order.explain(seq)
	s.advance(now)
}

// measureJitter is RFC 3550 appendix A.8.
func (s *stream) measureJitter(p *Packet) {
	if s.format.clockRate == 0 {
		return
	}
	transit := ticks(p.Arrival.Sub(s.stats.FirstArrival), s.format.clockRate) - int64(p.Timestamp)
	if s.stats.Packets > 1 {
		d := int64(int32(transit - s.lastTransit)) // timestamps wrap at 2^32
		s.jitter += (float64(max(d, -d)) - s.jitter) / 16
	}
	s.lastTransit = transit
	s.stats.Jitter = time.Duration(s.jitter / float64(s.format.clockRate) * float64(time.Second))
}

// expectReport complains when media has been flowing for too long without a Sender Report.
func (s *stream) expectReport(now time.Time) {
	if s.media != MediaAudio && s.media != MediaVideo {
		return
	}
	if since := now.Sub(maxTime(s.flowing, s.reported)); since > s.tolerances.ReportGap {
		s.ledger.add(ViolationMissingSR, "%s has been flowing for %v without a Sender Report", s.media, since.Round(time.Millisecond))
		s.reported = now
	}
}

// sawReport notes that there was a Sender Report, whatever is in it.
func (s *stream) sawReport(now time.Time) { s.reported = now }

// senderReport takes one in.
func (s *stream) senderReport(sr *rtcp.SenderReport, now time.Time) {
	s.sawReport(now)
	s.stats.SenderReports++
	s.srNTP, s.srArrival = uint32(sr.NTPTime>>16), now // the middle 32 bits, RFC 3550 §6.4.1
	r := SenderReport{Arrival: now, NTP: fromNTP(sr.NTPTime), Timestamp: sr.RTPTime, Packets: sr.PacketCount, Bytes: sr.OctetCount}
	if s.reports.total > 0 {
		before := s.reports.at(s.reports.total - 1)
		s.checkLine(&before, &r)
	}
	s.reports.push(r)
	s.timeline.report(&r)
}

// receptionReport describes the stream since the last one (RFC 3550 §6.4.1 and appendix A.3).
func (s *stream) receptionReport(now time.Time) rtcp.ReceptionReport {
	expected := s.stats.LastSeq - s.stats.FirstSeq + 1
	received := s.stats.Packets
	interval, got := expected-s.rrExpected, received-s.rrReceived
	s.rrExpected, s.rrReceived = expected, received
	r := rtcp.ReceptionReport{
		SSRC:               s.stats.SSRC,
		TotalLost:          uint32(min(max(expected-received, 0), 1<<23-1)), // bounded
		LastSequenceNumber: uint32(s.stats.LastSeq),                         // cycles and number, modulo 2^32
		Jitter:             uint32(s.jitter),
		LastSenderReport:   s.srNTP,
	}
	if lost := interval - got; interval > 0 && lost > 0 {
		r.FractionLost = uint8(min(lost*256/interval, 255)) // bounded
	}
	if !s.srArrival.IsZero() {
		r.Delay = uint32(now.Sub(s.srArrival).Seconds() * clockTicks)
	}
	return r
}
