package main

import "time"

// moment is the state of the listening for the line of progress.
type moment struct {
	packets, lost int64
	kbits         int           // of Opus in a second, over the last second
	level         int           // as announced, in dBov
	drift         time.Duration // of the last second

	film    bool
	picture pictureMoment
}

// pictureMoment is the state of the watching.
type pictureMoment struct {
	packets, lost int64
	kbits, frames int // in the last second
	drift         time.Duration
}

// now sums up the last second.
func (l *listener) now() moment {
	const second = int(time.Second / frame)
	m := moment{film: l.film}
	if l.endpoint != nil {
		stats := l.endpoint.Stats(l.endpoint.AudioSSRC())
		m.packets, m.lost = stats.Packets, stats.Lost
		if l.film {
			stats := l.endpoint.Stats(l.endpoint.VideoSSRC())
			m.picture.packets, m.picture.lost = stats.Packets, stats.Lost
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m.picture.takeLastSecond(l.pieces, l.starts, l.clock())
	if len(l.arrivals) == 0 {
		return m
	}
	recent := l.arrivals[max(0, len(l.arrivals)-second):]
	bytes := 0
	for _, a := range recent {
		bytes += a.size
	}
	m.kbits = int(int64(bytes) * 8 * int64(time.Second/frame) / int64(len(recent)) / 1000)
	m.level = -int(recent[len(recent)-1].level)
	first := l.arrivals[:min(second, len(l.arrivals))]
	m.drift = medianLead(recent) - medianLead(first)
	return m
}

// takeLastSecond sums up what came in the second before now.
func (m *pictureMoment) takeLastSecond(pieces []piece, starts []arrival, now time.Duration) {
	bytes := 0
	for i := len(pieces) - 1; i >= 0 && pieces[i].at > now-time.Second; i-- {
		bytes += pieces[i].size
	}
	m.kbits = bytes * 8 / 1000
	i := len(starts)
	for i > 0 && starts[i-1].at > now-time.Second {
		i--
	}
	m.frames = len(starts) - i
	if m.frames > 0 {
		m.drift = medianLead(starts[i:]) - medianLead(firstSecond(starts))
	}
}

// firstSecond returns the arrivals of the second that begins with the first one.
func firstSecond(arrivals []arrival) []arrival {
	n := 0
	for n < len(arrivals) && arrivals[n].at < arrivals[0].at+driftWindow {
		n++
	}
	return arrivals[:n]
}

func medianLead(arrivals []arrival) time.Duration {
	leads := make([]time.Duration, 0, len(arrivals))
	for _, a := range arrivals {
		leads = append(leads, a.lead())
	}
	return median(leads)
}
