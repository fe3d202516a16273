package instances

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/models"
)

// How far a leg reads ahead. The pipe behind it holds more.
const (
	audioAhead = 2 * time.Second
	// maxAheadBytes bounds a leg's queue whatever its bit rate.
	maxAheadBytes = 16 << 20
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

	// owned by the scheduler's goroutine
	first    int64 // PTS of the first frame
	next     int64 // PTS at which the next frame is expected: the end of the last one sent
	starved  bool  // the queue was empty when the next frame was due
	since    time.Time
	spurt    bool // the next packet begins a talk spurt
	reported time.Time
	over     bool
}

func newAudioLeg(r io.Reader) *leg {
	d := demux.NewOgg(r)
	return &leg{
		kind:    models.Audio,
		device:  models.Microphone,
		demuxer: d,
		rate:    d.ClockRate(),
		queue:   newQueue(pacer.Ticks(audioAhead, d.ClockRate()), maxAheadBytes),
		ready:   make(chan struct{}),
		spurt:   true,
	}
}

// read is the leg's goroutine. It fills the queue until the stream ends or ctx does; wake tells the scheduler that it may find something
// where there was nothing.
func (l *leg) read(ctx context.Context, wake func()) {
	first := true
	for {
		f, err := l.demuxer.Next()
		if err != nil {
			l.queue.end(endOf(err))
			if first {
				close(l.ready)
			}
			wake()
			return
		}
		wasEmpty, err := l.queue.push(ctx, f)
		if err != nil {
			return
		}
		if first {
			first = false
			l.first, l.next = f.PTS, f.PTS
			close(l.ready)
		}
		if wasEmpty {
			wake()
		}
	}
}

// endOf maps a reader's error to what OnStreamEnd says: nil at the natural end.
func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// failure returns why the leg has nothing at all to play, nil when it has something. It may be called when ready is closed.
func (l *leg) failure() error {
	_, ok, ended, err := l.queue.peek()
	if ok || !ended {
		return nil
	}
	if err == nil {
		return fmt.Errorf("%w: the source ended before its first frame of %s", models.ErrFile, l.kind)
	}
	return err
}
