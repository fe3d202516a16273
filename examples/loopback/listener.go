package main

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"gotgcall/sfutest"
)

// listener writes down what arrives at the server: what another member of the group would hear.
type listener struct {
	// set at construction
	began     time.Time
	recording io.Writer
	ctx       context.Context
	cancel    context.CancelFunc

	// set by follow
	endpoint  *sfutest.Endpoint
	following sync.WaitGroup

	mu       sync.Mutex
	arrivals []arrival
	err      error // of writing the recording
}

// newListener returns a listener that writes what it hears to recording, as Ogg.
func newListener(recording io.Writer) *listener {
	l := &listener{began: time.Now(), recording: recording}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// clock is the time since the listener began.
func (l *listener) clock() time.Duration { return time.Since(l.began) }

// follow begins to listen. finish or close ends it.
func (l *listener) follow(e *sfutest.Endpoint) {
	l.endpoint = e
	l.following.Go(l.note)
	l.following.Go(func() {
		err := e.CopyOgg(l.ctx, l.recording)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.err = err
	})
}

// note writes down when each packet came.
func (l *listener) note() {
	var ticks int64
	var last uint32
	first := true
	for p := range l.endpoint.Packets(l.ctx, l.endpoint.AudioSSRC()) {
		if first {
			first, last = false, p.Timestamp
		}
		ticks += int64(int32(p.Timestamp - last)) // timestamps wrap at 2^32
		last = p.Timestamp
		at := p.Arrival.Sub(l.began)
		a := arrival{
			sent: at - ageOf(p.Extensions.AbsSendTime, p.Arrival), at: at, media: ticksToDuration(ticks), size: p.Size,
			level: p.Extensions.AudioLevel, marker: p.Marker,
		}
		l.mu.Lock()
		l.arrivals = append(l.arrivals, a)
		l.mu.Unlock()
	}
}

// finish waits until everything that was sent before the client's goodbye has been read.
func (l *listener) finish() {
	const patience = 2 * time.Second // the goodbye is a datagram, and may be lost
	select {
	case <-l.endpoint.Done():
	case <-time.After(patience):
		l.cancel()
	}
	l.following.Wait()
}

// close ends the listening at once, and tells whether the recording is complete. It may be called more than once.
func (l *listener) close() error {
	l.cancel()
	l.following.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// all returns what has arrived, in the order of arrival.
func (l *listener) all() []arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.arrivals)
}

// moment is the state of the listening for the line of progress.
type moment struct {
	packets, lost int64
	kbits         int           // of Opus in a second, over the last second
	level         int           // as announced, in dBov
	drift         time.Duration // of the last second
}

// now sums up the last second.
func (l *listener) now() moment {
	const second = int(time.Second / frame)
	var m moment
	if l.endpoint != nil {
		stats := l.endpoint.Stats(l.endpoint.AudioSSRC())
		m.packets, m.lost = stats.Packets, stats.Lost
	}
	l.mu.Lock()
	defer l.mu.Unlock()
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

func medianLead(arrivals []arrival) time.Duration {
	leads := make([]time.Duration, 0, len(arrivals))
	for _, a := range arrivals {
		leads = append(leads, a.lead())
	}
	return median(leads)
}
