package instances

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// stream is an opened source: its legs are reading ahead.
type stream struct {
	// set at construction
	request  request
	opened   *media.Streams
	timeline media.Timeline
	liveness *media.Liveness // what is known of the source; nil for a shared one
	name     string          // of the source, as Stats shows it
	// interactive: fed by a program while it plays
	interactive bool
	// shared: a hub fills its queues, and wakes the scheduler by wake
	shared bool
	wake   func()
	placed func() // tells the hub that the stream has taken its place
	legs   []*leg // video before audio: the order of their ends
	cancel context.CancelCauseFunc

	readers  sync.WaitGroup
	settling sync.Once
	settled  chan struct{} // closed when the stream has taken its place, or never will
	unplaced error         // why it never will; written before settled is closed
	closing  sync.Once
	closed   chan struct{} // closed when the process and the readers are gone

	reopening atomic.Bool           // its source is being opened again
	broken    atomic.Pointer[error] // why that failed, and nothing can take its place
	vain      atomic.Pointer[error] // why that failed for a live source, the last time

	bequest atomic.Pointer[media.EncodeOptions] // what was asked of it too late, and holds for the tracks after it; nil for nothing

	heard bool // it is counted among the listeners of its hub, whose mu guards this

	// owned by the scheduler's goroutine
	skipped bool // another track of its list was asked for
	unheard bool // who asked for it is told of its end by an error
	stalls  int  // how often it was opened again because it stalls or has broken off
	started bool
	rolling bool          // it is live, stands still and is read on
	begins  time.Duration // PTS of the earliest first frame
}

// errStreamClosed is the cause that ends a stream's context.
var errStreamClosed = errors.New("gotgcall: the stream was closed")

// interactiveAhead is how far the sound of a program that talks is read ahead: so much later is heard what it says.
const interactiveAhead = 100 * time.Millisecond

// interact prepares for a source that a program feeds while it plays: little is read ahead, silence is no stall, and it may be interrupted.
func (s *stream) interact(wake func()) {
	s.interactive = true
	for _, l := range s.legs {
		l.queue.limit = pacer.Ticks(interactiveAhead, l.rate)
	}
	s.opened.OnClear(func() {
		for _, l := range s.legs {
			l.queue.clear()
		}
		wake()
	})
}

// lookInterval is how often awaitFirst looks whether one leg has enough to begin without the other.
const lookInterval = 20 * time.Millisecond

// awaitFirst waits until the stream can begin: until every leg has its first frame, or has ended without one. A leg whose media begins
// later is not waited for once the other one has read as far ahead as it should.
func (s *stream) awaitFirst(ctx context.Context) error {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for _, l := range s.legs {
		for !l.isReady() && !s.oneIsFull() {
			select {
			case <-l.ready:
			case <-ticker.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	var failed error
	empty := errEmpty
	playable := false
	for _, l := range s.legs {
		err := l.failure()
		switch {
		case err == nil:
			playable = playable || l.queue.had()
			continue
		case errors.Is(err, errEmpty):
		default:
			failed = errors.Join(failed, err)
		}
		l.over, l.broken, l.absent = true, err, errors.Is(err, errEmpty)
		l.finished.Store(true)
	}
	switch {
	case playable:
		return nil
	case failed != nil: // what broke is the reason, not what the source does not have
		return orCause(ctx, failed)
	default:
		return orCause(ctx, s.whyEmpty(empty))
	}
}

// whyEmpty words that no leg has anything to play.
func (s *stream) whyEmpty(empty error) error {
	if s.timeline.Begin > 0 {
		return fmt.Errorf("%w, in %s from %s on: it is not that long", empty, s.name, s.timeline.Begin)
	}
	return fmt.Errorf("%w, in %s", empty, s.name)
}

// oneIsFull tells whether a leg has read as far ahead as it should.
func (s *stream) oneIsFull() bool {
	for _, l := range s.legs {
		if level, _, _ := l.queue.level(); level >= l.queue.limit {
			return true
		}
	}
	return false
}

// orCause prefers the reason why ctx ended to the error that this made.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// settle tells the SetStreamSources that waits that its stream has taken its place, or why it never will.
func (s *stream) settle(unplaced error) {
	s.settling.Do(func() {
		s.unplaced = unplaced
		close(s.settled)
	})
}

// claimed gives a stream the claim on its list that close takes back. It cannot fail: who opens the stream has one.
func (s *stream) claimed() { _ = s.request.claim() }

// close ends the stream. It does not wait, for a user's Source may hang in its Close; closed tells when all is gone.
func (s *stream) close() {
	s.settle(errStreamClosed)
	s.closing.Do(func() {
		s.cancel(errStreamClosed)
		s.request.release()
		go func() {
			closeOpened(s.request.host.env.Logger, s.opened)
			s.readers.Wait()
			close(s.closed)
		}()
	})
}

// ended tells whether nothing is left to play.
func (s *stream) ended() bool {
	for _, l := range s.legs {
		if !l.over {
			return false
		}
	}
	return true
}

// has tells whether the stream has a leg of that kind to play.
func (s *stream) has(kind models.StreamType) bool {
	for _, l := range s.legs {
		if l.kind == kind && !l.over {
			return true
		}
	}
	return false
}

// owe takes note that the end of the leg of that kind has to be told, although nothing may come of it.
func (s *stream) owe(kind models.StreamType) {
	for _, l := range s.legs {
		if l.kind == kind {
			l.owed = true
		}
	}
}

// flowing tells whether the stream is in the middle of playing.
func (s *stream) flowing() bool {
	for _, l := range s.legs {
		if s.started && l.flows() {
			return true
		}
	}
	return false
}

// readThrough tells whether the source has been read to its end, and that is the end.
func (s *stream) readThrough() bool {
	for _, l := range s.legs {
		if _, ended, err := l.queue.level(); !ended || !l.finished.Load() && s.revivable(err) {
			return false
		}
	}
	return true
}

// tangled tells whether a leg has given up reading because the other one had nothing for too long.
func (s *stream) tangled() bool {
	for _, l := range s.legs {
		if _, _, err := l.queue.level(); errors.Is(err, errTangled) {
			return true
		}
	}
	return false
}

// sounding tells whether the sound is playing: then it sets the time, and the picture follows.
func (s *stream) sounding() bool {
	for _, l := range s.legs {
		if l.kind == models.Audio {
			return l.flows()
		}
	}
	return false
}

// otherFlows tells whether another leg than l is playing.
func (s *stream) otherFlows(l *leg) bool {
	for _, o := range s.legs {
		if o != l && !o.over && !o.starved {
			return true
		}
	}
	return false
}
