package media

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Nature is what a source turns out to be, once it is open.
type Nature uint8

const (
	// Unknown is that of which nothing was said.
	Unknown Nature = iota
	// Finite has a length.
	Finite
	// Endless is an answer of HTTP that does not tell its length: it may be live, or a song whose server does not know better.
	Endless
	// LivePlaylist is HLS to which parts are still added. What it has said to be its end is its end.
	LivePlaylist
	// Station is a radio that sends the headers of one (icy-name and its like), and no length. It has no end.
	Station
)

// Live tells whether it is made while it is played, for certain.
func (n Nature) Live() bool { return n >= LivePlaylist }

// Liveness is told by a source that is opened with it what it turns out to be.
type Liveness struct {
	// Set at construction.
	known chan struct{}

	once   sync.Once
	nature Nature // written before known is closed

	lost atomic.Bool // the playlist could not be had any more, the last time it was asked for
}

// NewLiveness returns one of which nothing is known.
func NewLiveness() *Liveness { return &Liveness{known: make(chan struct{})} }

// Known is closed when it is known. Of most sources nothing is ever told.
func (l *Liveness) Known() <-chan struct{} { return l.known }

// Nature returns what is known.
func (l *Liveness) Nature() Nature {
	select {
	case <-l.known:
		return l.nature
	default:
		return Unknown
	}
}

// tell is called by the source. What is told first counts.
func (l *Liveness) tell(n Nature) {
	l.once.Do(func() {
		l.nature = n
		close(l.known)
	})
}

// WithLiveness returns a context in which FromURL tells l what an http or https source is, before its first frame.
func WithLiveness(ctx context.Context, l *Liveness) context.Context {
	return context.WithValue(ctx, livenessKey{}, l)
}

// livenessFrom returns what ctx carries, or one that nobody asks.
func livenessFrom(ctx context.Context) *Liveness {
	if l, ok := ctx.Value(livenessKey{}).(*Liveness); ok {
		return l
	}
	return NewLiveness()
}

// errBrokeOff is wrapped by the end of what comes over a network and has ended in the middle.
var errBrokeOff = errors.New("it broke off before its end")

// BrokeOff reports whether err is the end of something that came over a network and ended in the middle.
func BrokeOff(err error) bool { return errors.Is(err, errBrokeOff) }
