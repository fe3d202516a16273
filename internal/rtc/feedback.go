package rtc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"gotgcall/models"
)

// feedback is what the server has sent about a track.
type feedback struct {
	nacks, resent, plis, firs atomic.Uint64

	mu     sync.Mutex
	last   models.RemoteStats // the report fields
	jitter uint32             // in units of the clock rate
}

// snapshot returns what is known of a track with the given clock rate in Hz.
func (f *feedback) snapshot(rate uint32) models.RemoteStats {
	f.mu.Lock()
	s := f.last
	s.Jitter = time.Duration(f.jitter) * time.Second / time.Duration(max(rate, 1))
	f.mu.Unlock()
	s.NACKs, s.Retransmitted, s.PLIs, s.FIRs = f.nacks.Load(), f.resent.Load(), f.plis.Load(), f.firs.Load()
	return s
}

// readFeedback is the goroutine of one sender: it takes note of what the server says about its track, and answers. It ends with the sender.
func (t *track) readFeedback(sender *webrtc.RTPSender) {
	buffer := make([]byte, 1500) // one datagram
	for {
		n, _, err := sender.Read(buffer)
		if err != nil {
			return
		}
		t.takeDatagram(buffer[:n], time.Now())
	}
}

// takeDatagram takes note of what a datagram of RTCP says about the track. One that is malformed says nothing.
func (t *track) takeDatagram(b []byte, now time.Time) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return
	}
	for _, p := range packets {
		t.takeFeedback(p, now)
	}
}

func (t *track) takeFeedback(p rtcp.Packet, now time.Time) {
	f := &t.feedback
	switch p := p.(type) {
	case *rtcp.ReceiverReport:
		t.takeReports(p.Reports, now)
	case *rtcp.SenderReport:
		t.takeReports(p.Reports, now)
	case *rtcp.TransportLayerNack:
		for _, pair := range p.Nacks {
			for _, sequence := range pair.PacketList() {
				f.nacks.Add(1)
				if t.retransmit(sequence) {
					f.resent.Add(1)
				}
			}
		}
	case *rtcp.PictureLossIndication:
		f.plis.Add(1) // the next key frame of the stream is the answer: sources have one every two seconds
	case *rtcp.FullIntraRequest:
		f.firs.Add(1)
	}
}

// takeReports keeps the block about the track: a report with blocks about both tracks reaches both readers.
func (t *track) takeReports(blocks []rtcp.ReceptionReport, now time.Time) {
	for _, b := range blocks {
		if b.SSRC != t.ssrc {
			continue
		}
		f := &t.feedback
		f.mu.Lock()
		f.last.Reports++
		f.last.LastReport = now
		f.last.Loss = float64(b.FractionLost) / 256
		f.last.Lost = int(int32(b.TotalLost<<8) >> 8) //nolint:gosec // 24 bits, signed (RFC 3550 §6.4.1)
		f.jitter = b.Jitter
		if sent := t.reported.Load(); sent != nil { // before, there is nothing that the block could be an answer to
			if rtt, ok := roundTrip(sent.wall.Add(now.Sub(sent.at)), b.LastSenderReport, b.Delay); ok {
				f.last.RTT = rtt
			}
		}
		f.mu.Unlock()
	}
}

// roundTrip is the round-trip time that a reception report tells: now, by the clock of the Sender Reports, less the time of the one it refers to and the
// delay since its arrival, all in 1/65536 s (RFC 3550 §6.4.1). It is false without such a Sender Report, and where clocks do not agree.
func roundTrip(now time.Time, lastReport, delay uint32) (time.Duration, bool) {
	if lastReport == 0 {
		return 0, false
	}
	rtt := int32(uint32(ntpTime(now)>>16) - lastReport - delay) //nolint:gosec // modulo 2^32, by design
	if rtt < 0 {
		return 0, rtt > -65 // a millisecond of rounding is no time at all
	}
	return time.Duration(rtt) * time.Second >> 16, true
}
