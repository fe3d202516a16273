package sfutest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

func chatName(chatID int64) string { return "chat " + strconv.FormatInt(chatID, 10) + ": " }

// ChatID is the chat of the join.
func (e *Endpoint) ChatID() int64 { return e.chatID }

// AudioSSRC returns the audio SSRC of the join payload.
func (e *Endpoint) AudioSSRC() uint32 { return e.payload.SSRC }

// VideoSSRC returns the first video SSRC that the join payload declared, 0 when there is none.
func (e *Endpoint) VideoSSRC() uint32 { return e.fromGroup(0) }

// RTXSSRC returns the SSRC of the first video's retransmissions, 0 when there is none.
func (e *Endpoint) RTXSSRC() uint32 { return e.fromGroup(1) }

func (e *Endpoint) fromGroup(i int) uint32 {
	for _, g := range e.payload.SSRCGroups {
		if g.Semantics == "FID" && len(g.Sources) > i {
			return g.Sources[i]
		}
	}
	return 0
}

// Connected is closed when the DTLS handshake is done and media can flow.
func (e *Endpoint) Connected() <-chan struct{} { return e.connected }

// Done is closed when the endpoint has ended and nothing of it runs any more.
func (e *Endpoint) Done() <-chan struct{} { return e.done }

// Err tells why the endpoint ended, nil as long as it lives.
func (e *Endpoint) Err() error { return context.Cause(e.ctx) }

// Phase tells how far the endpoint has come.
func (e *Endpoint) Phase() Phase {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.phase
}

// WaitConnected waits until media can flow. The error says how far the endpoint came, and wraps the context's cause, or Err when the
// endpoint ended before.
func (e *Endpoint) WaitConnected(ctx context.Context) error {
	select {
	case <-e.connected:
		return nil
	case <-e.done:
	case <-ctx.Done():
		return fmt.Errorf("sfutest: waiting for chat %d to connect, phase %s: %w", e.chatID, e.Phase(), context.Cause(ctx))
	}
	select {
	case <-e.connected:
		return nil
	default:
		return fmt.Errorf("sfutest: chat %d never connected: %w", e.chatID, e.Err())
	}
}

// Violations returns what the client did wrong, one entry per kind; empty when everything was right.
func (e *Endpoint) Violations() []Violation { return e.violations.list() }

// Counters returns what arrived so far.
func (e *Endpoint) Counters() Counters {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.counters
}

// SSRCs returns the SSRCs under which RTP arrived, ascending.
func (e *Endpoint) SSRCs() []uint32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	ssrcs := slices.Sorted(maps.Keys(e.streams))
	return slices.DeleteFunc(ssrcs, func(ssrc uint32) bool { return e.streams[ssrc].stats.Packets == 0 })
}

// Stats returns what arrived under an SSRC so far; the zero value, but for the SSRC and its kind, when there was nothing.
func (e *Endpoint) Stats(ssrc uint32) StreamStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.streams[ssrc]; s != nil {
		stats := s.stats
		stats.Lead = s.timeline.leads.total
		return stats
	}
	return StreamStats{SSRC: ssrc, Media: e.declared[ssrc]}
}

// SenderReports returns those that arrived for an SSRC, in order; the latest 4096 at most.
func (e *Endpoint) SenderReports(ssrc uint32) []SenderReport {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.streams[ssrc]; s != nil {
		return s.reports.all()
	}
	return nil
}

// SenderTime translates an RTP timestamp to the sender's wall clock by the SSRC's latest Sender Report; false without one. Two legs are in
// sync when what belongs together has equal sender times.
func (e *Endpoint) SenderTime(ssrc uint32, timestamp uint32) (time.Time, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.streams[ssrc]
	if s == nil || s.format.clockRate == 0 || s.reports.total == 0 {
		return time.Time{}, false
	}
	return s.senderTime(timestamp), true
}
