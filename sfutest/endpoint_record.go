package sfutest

import (
	"context"
	"fmt"
	"iter"
	"math"
)

// Records returns the packets that arrived under an SSRC and are kept (see WithRecordLimit), in the order of their arrival.
func (e *Endpoint) Records(ssrc uint32) []Packet {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.streams[ssrc]; s != nil {
		return s.record.all()
	}
	return nil
}

// Packets gives out the packets of an SSRC in the order of their arrival, first those that are kept, then each one as it comes. It ends
// with the context or with the endpoint, and what had arrived by then. A loop that is slower than the packets misses those that are no longer kept.
func (e *Endpoint) Packets(ctx context.Context, ssrc uint32) iter.Seq[Packet] {
	return func(yield func(Packet) bool) {
		end := int64(math.MaxInt64)
		for n := int64(0); ; {
			batch, next, changed, more := e.after(ssrc, n, end)
			for _, p := range batch {
				if !yield(p) {
					return
				}
				end = e.endOf(ctx, ssrc, end)
			}
			n = next
			if len(batch) > 0 {
				continue
			}
			if !more {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
		}
	}
}

// endOf returns the number of the first packet of an SSRC that comes too late for a context: math.MaxInt64 until that has ended, and from then on the same.
func (e *Endpoint) endOf(ctx context.Context, ssrc uint32, end int64) int64 {
	if end < math.MaxInt64 || ctx.Err() == nil {
		return end
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.streams[ssrc]; s != nil {
		return s.record.total
	}
	return 0
}

// after returns the kept packets from number n to that before end, the number behind them, a channel that is closed when there are more, and
// whether there can be more.
func (e *Endpoint) after(ssrc uint32, n, end int64) (batch []Packet, next int64, changed <-chan struct{}, more bool) {
	const most = 64 // packets that are copied under the lock
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.streams[ssrc]; s != nil {
		n = max(n, s.record.oldest())
		for ; n < min(s.record.total, end) && len(batch) < most; n++ {
			batch = append(batch, s.record.at(n))
		}
	}
	return batch, n, e.changedLocked(), e.phase != PhaseEnded
}

// WaitPackets waits until n packets arrived under an SSRC. The error says how many there were, and wraps the context's cause, or Err when
// the endpoint ended before.
func (e *Endpoint) WaitPackets(ctx context.Context, ssrc uint32, n int64) error {
	for {
		e.mu.Lock()
		var have int64
		if s := e.streams[ssrc]; s != nil {
			have = s.stats.Packets
		}
		changed, ended := e.changedLocked(), e.phase == PhaseEnded
		e.mu.Unlock()
		switch {
		case have >= n:
			return nil
		case ended:
			return fmt.Errorf("sfutest: chat %d ended with %d of %d packets under SSRC %d: %w", e.chatID, have, n, ssrc, e.Err())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("sfutest: chat %d has %d of %d packets under SSRC %d: %w", e.chatID, have, n, ssrc, context.Cause(ctx))
		case <-changed:
		}
	}
}

// changedLocked returns a channel that is closed when the next packet arrives or the endpoint ends. It needs the lock.
func (e *Endpoint) changedLocked() <-chan struct{} {
	if e.changed == nil {
		e.changed = make(chan struct{})
	}
	return e.changed
}

// notifyLocked wakes those who wait for a change. It needs the lock.
func (e *Endpoint) notifyLocked() {
	if e.changed != nil {
		close(e.changed)
		e.changed = nil
	}
}
