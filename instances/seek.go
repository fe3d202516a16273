package instances

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"gotgcall/media"
	"gotgcall/models"
)

// seekBy moves the position. What plays goes on until the new position has its first frame. Beyond either end the source ends.
func (p *playback) seekBy(ctx context.Context, delta time.Duration) error {
	o := newOpening(p.life, ctx)
	defer o.end()
	from, err := p.beginSeek(o, delta)
	if err != nil {
		return err
	}
	defer p.background.Done()
	if o.seeks.offset >= 0 {
		if err = p.open(o, *o.seeks); !errors.Is(err, errEmpty) {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opening == o {
		p.opening = nil
	}
	p.over = from
	p.entry.Wake()
	return nil
}

// beginSeek decides where a seek goes, and makes it the newest opening. It counts from where an earlier seek that is still on its way will be.
func (p *playback) beginSeek(o *opening, delta time.Duration) (from *stream, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.unusableLocked(); err != nil {
		return nil, err
	}
	from = p.playing.Load()
	at := time.Duration(p.position.Load()) * time.Millisecond
	if p.next != nil {
		from, at = p.next, p.next.timeline.Begin
	}
	switch {
	case p.opening != nil && p.opening.seeks == nil, p.next != nil && !p.next.request.continues:
		return nil, fmt.Errorf("%w: another source is being opened; seek when it plays", models.ErrBusy)
	case from == nil:
		return nil, fmt.Errorf("%w: set a source first, or again after its end", models.ErrNoSource)
	case p.opening != nil:
		at = p.opening.seeks.offset
	}
	if _, ok := from.request.source.(media.SeekableSource); !ok {
		return nil, fmt.Errorf("%w: it is live, or a command, or a Source without OpenAt", models.ErrSeekUnsupported)
	}
	r := from.request
	r.continues = true
	r.offset = sum(at, delta)
	o.seeks = &r
	p.beginLocked(o)
	return from, nil
}

// sum adds without overflow.
func sum(a, b time.Duration) time.Duration {
	switch c := a + b; {
	case b > 0 && c < a:
		return math.MaxInt64
	case b < 0 && c > a:
		return math.MinInt64
	default:
		return c
	}
}
