package sfutest

import (
	"slices"
	"time"

	"gotgcall/jsonparams"
)

// measure compares a frame's first packet with the frame before: how much media time passed, and how much on the sender's clock.
func (v *pictures) measure(p *Packet) {
	v.interval = longestSpread
	if !v.begun {
		v.leads = append(v.leads[:0], 0)
		return
	}
	v.interval = duration(mediaTimeOf(&v.frame.first, p, jsonparams.ClockRateVP8), jsonparams.ClockRateVP8)
	if p.Retransmitted || v.frame.first.Retransmitted || !p.timed() || !v.frame.first.timed() {
		v.leads, v.lead = v.leads[:0], 0 // what follows is compared anew
		return
	}
	v.lead += v.interval - sendStep(&v.frame.first, p)
	if len(v.leads) == recentFrames {
		v.leads = slices.Delete(v.leads, 0, 1)
	}
	v.leads = append(v.leads, v.lead)
}

// lateness is how much later than the earliest of the latest frames this one was sent.
func (v *pictures) lateness() time.Duration {
	if len(v.leads) == 0 {
		return 0
	}
	return slices.Max(v.leads) - v.lead
}

// checkBurst returns over what time the frame's packets were sent, and how many within 2 ms, all by the sender's clock. Arrivals
// say nothing about that: packets pile up in a socket. A sender that paces its packets over half of a frame's interval or more, and was
// woken up late, has to catch up with what was due meanwhile: that much is left out of account.
func (v *pictures) checkBurst() (spread time.Duration, most int) {
	sent := v.frame.sent
	if len(sent) == 0 {
		return 0, 0
	}
	slices.Sort(sent)
	late, begin, from := v.lateness(), 0, 0
	for i := range sent {
		for sent[i]-sent[begin] > burstWindow {
			begin++
		}
		if n := i - begin + 1; n > most {
			most, from = n, begin
		}
	}
	for i := 1; i <= from; i++ {
		late = max(late, sent[i]-sent[i-1])
	}
	interval := max(min(v.interval, longestSpread), burstWindow)
	caughtUp := int(min(2*late, interval) * time.Duration(len(sent)) / interval)
	if most > v.tolerances.FrameBurst+caughtUp && !v.stalled() {
		v.ledger.add(ViolationFrameBurst, "%d of the %d packets of the frame with timestamp %d were sent within %v", most, len(sent),
			v.frame.first.Timestamp, burstWindow)
	}
	return sent[len(sent)-1] - sent[0], most
}

// stalled tells whether the machine stood still around the frame.
func (v *pictures) stalled() bool {
	return v.stalls.excuse(v.frame.first.read, v.frame.last.read) > 0
}

// timed tells whether the packet says when it was sent.
func (p *Packet) timed() bool { return p.Extensions.Has(jsonparams.ExtAbsSendTime) }

// sendStep returns by how much abs-send-time advances from one packet to another; of its cycles of 64 s it takes those that are the
// nearest to the wall clock.
func sendStep(from, to *Packet) time.Duration {
	wall := ticks(to.read.Sub(from.read), absSendRate)
	off := int32(to.Extensions.AbsSendTime-from.Extensions.AbsSendTime-uint32(wall)) << (32 - absSendTimeLen) >> (32 - absSendTimeLen) // modulo 2^24
	return duration(wall+int64(off), absSendRate)
}
