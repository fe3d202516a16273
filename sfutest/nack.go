package sfutest

import (
	"slices"
	"time"
)

const (
	nackInterval = 100 * time.Millisecond // between requests for the same packet
	nackTries    = 10
	maxNacks     = 1000 // packets; a longer gap is left to the next key frame
)

// videoPacket names one packet.
type videoPacket struct {
	ssrc uint32
	seq  uint16
}

// nackList are the video packets that are being asked for.
type nackList map[videoPacket]nackState

type nackState struct {
	due   time.Time
	tries int
}

// add begins to ask for a packet.
func (l nackList) add(p videoPacket, now time.Time) {
	if _, ok := l[p]; !ok && len(l) < maxNacks {
		l[p] = nackState{due: now}
	}
}

// arrived strikes a packet off, and adds those between it and the highest that arrived before.
func (l nackList) arrived(p videoPacket, s *stream, now time.Time) {
	delete(l, p)
	if !s.order.started {
		return
	}
	from, to := s.stats.LastSeq+1, s.order.extend(p.seq)
	if to-from > maxNacks {
		return
	}
	for n := from; n < to; n++ {
		l.add(videoPacket{p.ssrc, uint16(n)}, now) // modulo 2^16
	}
}

// due returns the packets to be asked for now, by SSRC.
func (l nackList) due(now time.Time) map[uint32][]uint16 {
	var ask map[uint32][]uint16
	for p, state := range l {
		switch {
		case now.Before(state.due):
		case state.tries == nackTries:
			delete(l, p)
		default:
			if ask == nil {
				ask = map[uint32][]uint16{}
			}
			ask[p.ssrc] = append(ask[p.ssrc], p.seq)
			l[p] = nackState{now.Add(nackInterval), state.tries + 1}
		}
	}
	for _, seqs := range ask {
		slices.Sort(seqs)
	}
	return ask
}

// next is when a packet has to be asked for again; the zero time is never.
func (l nackList) next() (t time.Time) {
	for _, state := range l {
		t = earliest(t, state.due)
	}
	return t
}
