package main

import (
	"time"
)

// burstWindow is the time after a pause in which packets are counted.
const burstWindow = 100 * time.Millisecond

// pauseReport says what the listener noticed of a pause.
type pauseReport struct {
	// During counts packets that were sent after Pause had returned and before Resume.
	During int `json:"packets_during"`
	// Burst counts packets in the 100 ms that begin with the first packet after the pause: 5, or 6 when one is early.
	Burst int `json:"packets_in_100ms_after"`
	// Restart is the time from Resume to the first packet.
	Restart millis `json:"first_packet_after_resume_ms"`
	// Before and After are the positions that Time told after Pause and before Resume, Heard the sound that had been sent by then.
	Before millis `json:"position_before_ms"`
	After  millis `json:"position_after_ms"`
	Heard  millis `json:"heard_before_ms"`
}

// pauseOf measures a pause of the first song of a call.
func pauseOf(arrivals []arrival, m pauseMoments) pauseReport {
	r := pauseReport{
		During: sentBetween(arrivals, m.paused, m.resumed),
		Before: millis(m.before), After: millis(m.after),
		Heard: millis(time.Duration(sentBetween(arrivals, 0, m.resumed)) * frame),
	}
	for i, a := range arrivals {
		if a.sent < m.resumed {
			continue
		}
		r.Restart = millis(a.at - m.resumed)
		for _, b := range arrivals[i:] {
			if b.at < a.at+burstWindow {
				r.Burst++
			}
		}
		break
	}
	return r
}

// piecesDuring counts the packets of the picture that were sent during a pause, but for those that were asked for again.
func piecesDuring(pieces []piece, m pauseMoments) (n int) {
	for _, p := range pieces {
		if !p.again && p.sent >= m.paused && p.sent < m.resumed {
			n++
		}
	}
	return n
}

// changeReport says what the listener noticed of a change of the source.
type changeReport struct {
	// Took is how long SetStreamSources took; the old song played on meanwhile.
	Took millis `json:"set_stream_sources_ms"`
	// Gap is the time from the last packet of the old song to the first of the new one.
	Gap gap `json:"gap"`
	// Seam is by how much the timestamps' step between these two differs from one packet.
	Seam millis `json:"timestamp_step_beyond_a_packet_ms"`
}

// changeOf measures a change of the source. boundary is the number of the new song's first packet.
func changeOf(arrivals []arrival, m changeMoments, ticks []time.Duration) (r changeReport, boundary int) {
	r.Took = millis(m.done - m.asked)
	// The position tells how many of the packets that had been sent were the new song's. One more may have left between the two looks, so
	// the longest gap of those around counts.
	boundary = min(max(sentBetween(arrivals, 0, m.done)-int(m.position/frame), 0), len(arrivals))
	r.Gap = longestGap(arrivals, boundary-1, boundary+2, nil, ticks)
	for i := max(1, boundary-1); i <= boundary+1 && i < len(arrivals); i++ {
		r.Seam = max(r.Seam, millis(arrivals[i].media-arrivals[i-1].media-frame))
	}
	return r, boundary
}
