package instances

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/guard"
	"gotgcall/internal/pacer"
	"gotgcall/models"
)

// leg is the audio or the video of a stream: a reader that fills, and what the scheduler keeps while it empties.
type leg struct {
	// set at construction
	kind    models.StreamType
	device  models.Device
	demuxer demux.Demuxer
	rate    int
	queue   *queue
	ready   chan struct{} // closed when the first frame or the end is in the queue

	intro intro // written by the reader

	finished atomic.Bool // over, for everyone to read

	// owned by the scheduler's goroutine
	begun    bool
	first    int64 // PTS of the first frame
	shown    int64 // PTS of the last frame sent
	next     int64 // PTS at which the next frame is expected: the end of that
	starved  bool  // the queue was empty when the next frame was due
	since    time.Time
	spurt    bool // the next audio packet begins a talk spurt
	reported time.Time
	over     bool
	absent   bool     // the source does not have it
	owed     bool     // it was there before the source was opened again
	broken   error    // why there was never anything to play
	late     lateness // of the video leg
}

func newLeg(kind models.StreamType, device models.Device, d demux.Demuxer, ahead time.Duration, bytes int) *leg {
	l := newLegAt(kind, device, d.ClockRate(), ahead, bytes)
	l.demuxer = d
	return l
}

// newLegAt makes a leg whose queue is filled by somebody else.
func newLegAt(kind models.StreamType, device models.Device, rate int, ahead time.Duration, bytes int) *leg {
	return &leg{
		kind:   kind,
		device: device,
		rate:   rate,
		queue:  newQueue(pacer.Ticks(ahead, rate), bytes),
		ready:  make(chan struct{}),
		spurt:  true,
	}
}

// read is the leg's goroutine. It fills the queue until the stream ends or ctx does; wake tells the scheduler that it may find something
// where there was nothing.
func (l *leg) read(ctx context.Context, log *slog.Logger, wake func()) {
	ready := sync.OnceFunc(func() { close(l.ready) })
	err := guard.Logged(log, "reading the "+l.kind.String()+" of a source", func() error {
		for {
			f, err := l.demuxer.Next()
			if err != nil {
				return err
			}
			l.intro.add(f)
			wasEmpty, err := l.queue.push(ctx, f)
			if err != nil {
				return err
			}
			if wasEmpty {
				wake()
			}
			ready()
		}
	})
	l.queue.end(endOf(err))
	ready()
	wake()
}

// endOf maps a reader's error to what OnStreamEnd says: nil at the natural end, which is io.EOF itself. An error that wraps it tells of
// something that broke off.
func endOf(err error) error {
	if err == io.EOF { //nolint:errorlint // see above
		return nil
	}
	return err
}

// isReady tells whether the first frame or the end is in the queue.
func (l *leg) isReady() bool { return isClosed(l.ready) }

// failure returns why the leg has nothing at all to play, nil when it has something or may still get it.
func (l *leg) failure() error {
	_, ok, ended, err := l.queue.peek()
	if ok || !ended {
		return nil
	}
	if err == nil {
		return fmt.Errorf("%w of %s", errEmpty, l.kind)
	}
	return err
}

// errEmpty is the failure of a leg that the source does not have.
var errEmpty = fmt.Errorf("%w: the source ended before its first frame", models.ErrFile)

// begin takes note of the first frame. It reports false as long as there is none.
func (l *leg) begin() bool {
	if !l.begun {
		if f, ok, _, _ := l.queue.peek(); ok {
			l.begun = true
			l.first, l.next = f.PTS, f.PTS
		}
	}
	return l.begun
}

// flows tells whether the leg is in the middle of playing.
func (l *leg) flows() bool { return l.begun && !l.over && !l.starved }

// skip drops what waits of the first d of the leg, but for one frame, and returns how much that was.
func (l *leg) skip(d time.Duration) time.Duration {
	first, ok, _, _ := l.queue.peek()
	f := first
	for ok && l.queue.count() > 1 && pacer.Duration(f.PTS-first.PTS, l.rate) < d {
		l.queue.pop(f)
		f, ok, _, _ = l.queue.peek()
	}
	return pacer.Duration(f.PTS-first.PTS, l.rate)
}

// begins returns the PTS of the first frame.
func (l *leg) begins() time.Duration { return pacer.Duration(l.first, l.rate) }
