package main

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"gotgcall/sfutest"
)

// listener writes down what arrives at the server: what another member of the group would hear and see.
type listener struct {
	// set at construction
	began     time.Time
	recording io.Writer
	film      bool // watch too
	ctx       context.Context
	cancel    context.CancelFunc

	// set by follow
	endpoint  *sfutest.Endpoint
	following sync.WaitGroup

	mu       sync.Mutex
	arrivals []arrival // of the sound
	pieces   []piece   // of the picture
	starts   []arrival // of the picture's frames: the first packet of each
	stamps   stamps
	err      error // of writing the recording
}

// stamps are the RTP timestamps of the first packets.
type stamps struct{ sound, picture uint32 }

// newListener returns a listener that writes what it hears to recording, as Ogg.
func newListener(recording io.Writer, film bool) *listener {
	l := &listener{began: time.Now(), recording: recording, film: film}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// clock is the time since the listener began.
func (l *listener) clock() time.Duration { return time.Since(l.began) }

// follow begins to listen. finish or close ends it.
func (l *listener) follow(e *sfutest.Endpoint) {
	l.endpoint = e
	l.following.Go(l.note)
	if l.film {
		l.following.Go(l.notePicture)
	}
	l.following.Go(func() {
		err := e.CopyOgg(l.ctx, l.recording)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.err = err
	})
}

// note writes down when each packet of the sound came.
func (l *listener) note() {
	clock := rtpClock{rate: clockRate}
	for p := range l.endpoint.Packets(l.ctx, l.endpoint.AudioSSRC()) {
		a := l.arrivalOf(&p, &clock)
		l.mu.Lock()
		l.stamps.sound = clock.first
		l.arrivals = append(l.arrivals, a)
		l.mu.Unlock()
	}
}

// notePicture writes down when each packet of the picture came.
func (l *listener) notePicture() {
	clock := rtpClock{rate: pictureClockRate}
	var ids pictureIDs
	for p := range l.endpoint.Packets(l.ctx, l.endpoint.VideoSSRC()) {
		if p.Size == 0 {
			continue // padding, before there is a picture
		}
		a := l.arrivalOf(&p, &clock)
		piece := pieceOf(&p, a, &ids)
		l.mu.Lock()
		l.stamps.picture = clock.first
		l.pieces = append(l.pieces, piece)
		if piece.begins && !piece.again {
			l.starts = append(l.starts, a)
		}
		l.mu.Unlock()
	}
}

// arrivalOf takes from a packet what is written down.
func (l *listener) arrivalOf(p *sfutest.Packet, clock *rtpClock) arrival {
	at := p.Arrival.Sub(l.began)
	return arrival{
		sent: at - ageOf(p.Extensions.AbsSendTime, p.Arrival), at: at, media: clock.media(p.Timestamp), size: p.Size,
		seq: p.Seq, level: p.Extensions.AudioLevel, marker: p.Marker,
	}
}

// catchUp gives what was lost of the picture the time to come again.
func (l *listener) catchUp(ctx context.Context, s settings) {
	if !s.film || s.loss == 0 {
		return
	}
	const requests = time.Second // the server asks ten times, every 100 ms
	select {
	case <-time.After(requests + 4*s.delay):
	case <-ctx.Done():
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

// all returns what has arrived of the sound, in the order of arrival.
func (l *listener) all() []arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.arrivals)
}

// seen returns what has arrived of the picture, in the order of arrival, and the first packets of its frames.
func (l *listener) seen() (pieces []piece, starts []arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.pieces), slices.Clone(l.starts)
}

// firsts returns the timestamps of the first packets.
func (l *listener) firsts() stamps {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stamps
}
