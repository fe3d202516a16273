package main

import "time"

// rtpRate is the clock rate of Opus in RTP, in Hz (RFC 7587 §4.1).
const rtpRate = 48000

// arrival is one packet at the receiver.
type arrival struct {
	at        time.Time
	sequence  uint16
	timestamp uint32
}

// tally is what the receiver counts over all calls of a row.
type tally struct {
	packets, lost int64
	gaps          []time.Duration
	drifts        []time.Duration
}

// add takes in the packets of one call that arrived from begin to end.
func (t *tally) add(packets []arrival, begin, end time.Time) {
	var first, before *arrival
	for i := range packets {
		p := &packets[i]
		if p.at.Before(begin) || p.at.After(end) {
			continue
		}
		t.packets++
		if before == nil {
			first, before = p, p
			continue
		}
		if step := int16(p.sequence - before.sequence); step > 0 { //nolint:gosec // modulo 2^16, by design
			t.lost += int64(step) - 1
		} else if t.lost > 0 {
			t.lost-- // it was counted as lost before it came
		}
		t.gaps = append(t.gaps, p.at.Sub(before.at))
		before = p
	}
	if first != nil && before != first {
		media := time.Duration(before.timestamp-first.timestamp) * time.Second / rtpRate
		t.drifts = append(t.drifts, media-before.at.Sub(first.at))
	}
}

// report is what the sender is told.
func (t *tally) report() Report {
	r := Report{Packets: t.packets, Lost: t.lost, Drift: quantile(t.drifts, 0.5)}
	r.Gaps = gaps{P50: quantile(t.gaps, 0.5), P99: quantile(t.gaps, 0.99), Max: quantile(t.gaps, 1)}
	return r
}
