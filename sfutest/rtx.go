package sfutest

import (
	"slices"
	"time"
)

const (
	maxAsked = 4096 // packets that were asked for and are remembered, the latest
	maxTook  = 4096 // answers that the median is taken of, the latest
	// askedLife is how long a number stands for the packet that was asked for: the cycle of a video of 20 Mbit/s takes longer.
	askedLife = 30 * time.Second
)

// RetransmissionStats is how the client answered requests for packets.
type RetransmissionStats struct {
	// Asked counts the packets that NACKs asked for, Answered those of them that came by RTX, Once the answered ones that were asked for only
	// once.
	Asked, Answered, Once int64
	// P50 and Max are the times from the first request for a packet to its arrival. Requests and answers that get lost make it longer: the
	// server asks again after 100 ms. So Once counts the answers that took less.
	P50, Max time.Duration
}

// askedPackets remembers the packets that were asked for.
type askedPackets struct {
	requests map[videoPacket]*nackRequest
	order    ring[videoPacket]
	stats    RetransmissionStats
	took     ring[time.Duration]
}

type nackRequest struct {
	n        int64 // in order
	first    time.Time
	times    int
	answered bool
}

func newAskedPackets() askedPackets {
	return askedPackets{
		requests: map[videoPacket]*nackRequest{}, order: ring[videoPacket]{limit: maxAsked}, took: ring[time.Duration]{limit: maxTook},
	}
}

// find returns the request for a packet, nil when there was none: the packet of that number in an earlier cycle was another one.
func (a *askedPackets) find(p videoPacket, now time.Time) *nackRequest {
	if r := a.requests[p]; r != nil && now.Sub(r.first) < askedLife {
		return r
	}
	return nil
}

// ask takes note of a request.
func (a *askedPackets) ask(p videoPacket, now time.Time) {
	if r := a.find(p, now); r != nil {
		r.times++
		return
	}
	if n := a.order.oldest(); a.order.total >= maxAsked && a.requests[a.order.at(n)].n == n {
		delete(a.requests, a.order.at(n))
	}
	a.requests[p] = &nackRequest{n: a.order.total, first: now, times: 1}
	a.order.push(p)
	a.stats.Asked++
}

// answer takes note of a retransmission. It tells whether somebody had asked for it.
func (a *askedPackets) answer(p videoPacket, now time.Time) bool {
	r := a.find(p, now)
	if r == nil {
		return false
	}
	if r.answered {
		return true
	}
	r.answered = true
	took := now.Sub(r.first)
	a.took.push(took)
	a.stats.Answered++
	a.stats.Max = max(a.stats.Max, took)
	if r.times == 1 {
		a.stats.Once++
	}
	return true
}

// RetransmissionStats returns how the client answered NACKs so far.
func (e *Endpoint) RetransmissionStats() RetransmissionStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	stats := e.asked.stats
	if took := e.asked.took.all(); len(took) > 0 {
		slices.Sort(took)
		stats.P50 = took[(len(took)-1)/2]
	}
	return stats
}

// answeredLocked checks a retransmission that was unwrapped. It needs the lock.
func (e *Endpoint) answeredLocked(p *Packet) {
	if !e.asked.answer(videoPacket{p.SSRC, p.Seq}, p.Arrival) {
		e.violations.add(ViolationRetransmission, "sequence number %d was sent again though nobody had asked for it", p.Seq)
	}
}
