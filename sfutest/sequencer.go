package sfutest

import "time"

const (
	maxSequenceJump = 3000      // numbers; a jump beyond is a new beginning (RFC 3550 appendix A.1, MAX_DROPOUT)
	maxLoss         = 1<<15 - 1 // numbers; half of a cycle less one: beyond, a step forward cannot be told from one back
	maxHeld         = 512       // items waiting for a missing number before it is given up
)

// arrival tells what a number is to the numbers before it.
type arrival uint8

const (
	arrivalFresh     arrival = iota // new
	arrivalLate                     // given up before, and here after all; or from before the first
	arrivalDuplicate                // seen before
	arrivalJump                     // far from everything seen: the numbering began anew
)

// gap is what is missing before an item.
type gap struct {
	lost    int // taken by the server's own impairments
	missing int // without explanation
}

// sequencer puts items with 16-bit sequence numbers into their order. It waits a while for a number that is missing, unless it was told
// that the number will not come.
type sequencer[T any] struct {
	hold    time.Duration
	leap    int64 // a step forward beyond is a jump
	started bool
	first   int64 // the lowest extended number seen
	next    int64 // the one that is due
	highest int64 // the highest seen or explained
	gap     gap   // before next
	pending map[int64]T
	waiting []held // the pending ones in the order of their arrival; others may still be among them
	// passed has the numbers that next went past without an item; they may still come.
	passed    map[int64]struct{}
	explained map[int64]struct{}
	early     []uint16 // explained before the first item
}

// held is when an item came that cannot be given out yet.
type held struct {
	n  int64
	at time.Time
}

func newSequencer[T any](hold time.Duration) *sequencer[T] {
	return &sequencer[T]{
		hold: hold, leap: maxSequenceJump, pending: map[int64]T{}, passed: map[int64]struct{}{}, explained: map[int64]struct{}{},
	}
}

// sequencerOf returns one for what comes over the network of a config. Where that may lose packets, every step forward is a loss: 3000 numbers of a film
// are half of the interruption that its call lives through.
func sequencerOf[T any](cfg *config) *sequencer[T] {
	q := newSequencer[T](holdMissing + cfg.network.reorderDelay)
	if cfg.tolerances.Loss {
		q.leap = maxLoss
	}
	return q
}

// extend returns the number with its cycles, the nearest to the highest so far.
func (q *sequencer[T]) extend(seq uint16) int64 {
	return q.highest + int64(int16(seq-uint16(q.highest))) // arithmetic modulo 2^16 is meant
}

// push takes an item in. A fresh one, or one after a jump, is given out by pop in its turn; others are not.
func (q *sequencer[T]) push(seq uint16, item T, now time.Time) (int64, arrival) {
	if !q.started {
		q.restart(1<<16+int64(seq), item, now) // one cycle up, so that earlier packets that come late stay positive
		return q.highest, arrivalFresh
	}
	n := q.extend(seq)
	if jump := n - q.highest; jump > q.leap || jump < -maxSequenceJump {
		q.restart((q.highest>>16+1)<<16+int64(seq), item, now)
		return q.highest, arrivalJump
	}
	if n < q.first {
		for missing := n + 1; missing < q.first; missing++ {
			q.passed[missing] = struct{}{} // they may be late as well
		}
		q.first = n
		return n, arrivalLate
	}
	if n < q.next {
		if _, ok := q.passed[n]; ok {
			delete(q.passed, n)
			return n, arrivalLate
		}
		return n, arrivalDuplicate
	}
	if _, ok := q.pending[n]; ok {
		return n, arrivalDuplicate
	}
	delete(q.explained, n)
	q.keep(n, item, now)
	q.highest = max(q.highest, n)
	return n, arrivalFresh
}

func (q *sequencer[T]) keep(n int64, item T, now time.Time) {
	q.pending[n] = item
	if n != q.next {
		q.waiting = append(q.waiting, held{n, now})
	}
}

// restart begins at n and forgets what it waited for.
func (q *sequencer[T]) restart(n int64, item T, now time.Time) {
	clear(q.pending)
	clear(q.passed)
	clear(q.explained)
	q.started, q.first, q.next, q.highest, q.gap = true, n, n, n, gap{}
	q.waiting = q.waiting[:0]
	q.keep(n, item, now)
	for _, seq := range q.early {
		q.explain(seq)
	}
	q.early = nil
}

// explain says that a number was lost on purpose and is not to be waited for.
func (q *sequencer[T]) explain(seq uint16) {
	if !q.started {
		if len(q.early) < maxHeld {
			q.early = append(q.early, seq)
		}
		return
	}
	n := q.extend(seq)
	if _, here := q.pending[n]; here || n < q.next {
		return
	}
	q.explained[n] = struct{}{}
	q.highest = max(q.highest, n)
}

// pop returns the next item in order and what is missing before it, or false when there is nothing to be given out now.
func (q *sequencer[T]) pop(now time.Time) (item T, before gap, ok bool) {
	for {
		if item, ok := q.pending[q.next]; ok {
			delete(q.pending, q.next)
			before, q.gap = q.gap, gap{}
			q.advance()
			return item, before, true
		}
		if _, ok := q.explained[q.next]; ok {
			delete(q.explained, q.next)
			q.gap.lost++
		} else if q.giveUp(now) {
			q.gap.missing++
		} else {
			return item, gap{}, false
		}
		q.passed[q.next] = struct{}{}
		q.advance()
	}
}

// advance goes to the next number, and forgets the one that is now too far back to be told from a jump.
func (q *sequencer[T]) advance() {
	delete(q.passed, q.next-maxSequenceJump)
	q.next++
}

// giveUp tells whether the number that is due has been waited for long enough.
func (q *sequencer[T]) giveUp(now time.Time) bool {
	if len(q.pending) > maxHeld {
		return true
	}
	for len(q.waiting) > 0 && q.waiting[0].n < q.next {
		q.waiting = q.waiting[1:]
	}
	return len(q.waiting) > 0 && now.Sub(q.waiting[0].at) >= q.hold
}
