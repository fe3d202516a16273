package instances

import (
	"context"
	"fmt"
	"sync"

	"gotgcall/internal/demux"
	"gotgcall/models"
)

// queue holds the frames that a leg's reader has read ahead. One goroutine pushes, one takes.
//
// A full queue stops its reader, and with it an ffmpeg that writes both legs: so only while the other leg has frames too. Otherwise it
// grows, because what the other leg waits for comes behind what this one has not read yet. One that rolls never stops its reader.
type queue struct {
	// set at construction
	limit int64         // ticks of media: a fuller queue stops the reader
	bytes int           // the bound in bytes, whatever the other leg has
	space chan struct{} // capacity 1: told to a reader that waits
	other *queue        // the other leg of the same stream, nil when there is none
	// tangles: a queue at its bound in bytes gives up with errTangled when the other leg has never had anything.
	tangles bool
	// keeps is for a queue that is offered frames instead: how many ticks of media it holds; what is older makes room.
	keeps int64
	coded bool // its pictures refer to each other

	mu      sync.Mutex
	cut     bool          // of coded pictures, none is taken before a key frame
	frames  []demux.Frame // frames[head:] are waiting
	head    int
	size    int
	begun   bool  // there has been a frame
	waiting bool  // the reader waits for space
	bounded bool  // it waits because of the bound in bytes
	rolls   int64 // ticks of media that are kept while it rolls, 0 when it does not
	rolled  bool  // frames have been dropped because of that
	ended   bool
	err     error // why the stream ended; nil at its natural end
}

func newQueue(limit int64, bytes int) *queue {
	return &queue{limit: limit, bytes: bytes, space: make(chan struct{}, 1)}
}

// errTangled says that the legs lie too far apart in the source for one reader of both.
var errTangled = fmt.Errorf("%w: sound and picture lie too far apart in the source", models.ErrFormat)

// push appends a frame, waiting while the queue is full. It reports whether the queue was empty before; err is ctx's cause, or errTangled.
func (q *queue) push(ctx context.Context, f demux.Frame) (wasEmpty bool, err error) {
	for {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		fed, begun := true, true
		if q.other != nil {
			fed, begun = q.other.fed()
		}
		q.mu.Lock()
		if q.rolls > 0 {
			q.rollLocked(f)
			break
		}
		if !q.fullLocked(fed) {
			break
		}
		if !begun && q.tangles {
			q.mu.Unlock()
			return false, errTangled
		}
		q.waiting, q.bounded = true, !fed
		q.mu.Unlock()
		if q.other != nil {
			if now, _ := q.other.fed(); now != fed { // who changed that did not find anybody waiting
				continue
			}
		}
		select {
		case <-q.space:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
	defer q.mu.Unlock()
	q.waiting = false
	wasEmpty, q.begun = q.head == len(q.frames), true
	q.frames = append(q.frames, f)
	q.size += len(f.Data)
	return wasEmpty, nil
}

// offer appends a frame without ever waiting: the oldest ones make room for it. It reports whether the queue was empty before. What is left of coded
// pictures begins with a key frame.
func (q *queue) offer(f demux.Frame) (wasEmpty bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended || q.cut && !f.Key {
		return false
	}
	wasEmpty, q.begun, q.cut = q.head == len(q.frames), true, false
	q.frames = append(q.frames, f)
	q.size += len(f.Data)
	q.trimLocked(q.keeps)
	return wasEmpty
}

// dropped tells whether frames were dropped since it was last asked.
func (q *queue) dropped() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	was := q.rolled
	q.rolled = false
	return was
}

// trim drops the oldest frames of a queue that is offered them, until that many ticks are left.
func (q *queue) trim(ticks int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.trimLocked(ticks)
}

// trimLocked leaves the newest frame, however long it lasts: a cover is shown for a second, which is more than a call may fall behind.
func (q *queue) trimLocked(ticks int64) {
	for len(q.frames)-q.head > 1 && (q.levelLocked() > ticks || q.size > q.bytes) {
		q.popLocked()
		q.rolled = true
		for q.coded && q.head < len(q.frames) && !q.frames[q.head].Key {
			q.popLocked()
		}
		q.cut = q.coded && q.head == len(q.frames)
	}
}

// fed tells whether the scheduler finds something in the queue, be it the end, and whether it ever did.
func (q *queue) fed() (now, ever bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended || q.head < len(q.frames), q.ended || q.begun
}

// had tells whether there has ever been a frame.
func (q *queue) had() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.begun
}

// end says that no more frames come, and why.
func (q *queue) end(err error) {
	q.mu.Lock()
	q.ended, q.err = true, err
	q.mu.Unlock()
}

// peek returns the first waiting frame. Without one, ended tells whether there will be none, and err why.
func (q *queue) peek() (f demux.Frame, ok, ended bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head < len(q.frames) {
		return q.frames[q.head], true, false, nil
	}
	return demux.Frame{}, false, q.ended, q.err
}

// pop removes the first waiting frame, which was peeked at, unless it is gone since then. A waiting reader is told when the queue is half empty, so that it
// reads many frames per wake-up; the other leg's reader when this queue has run dry.
func (q *queue) pop(peeked demux.Frame) {
	tell, dry := q.take(peeked)
	if tell {
		q.tell()
	}
	if dry && q.other != nil {
		q.other.tell()
	}
}

// take removes the first waiting frame, and tells whether the reader is to look again, and whether nothing is left.
func (q *queue) take(peeked demux.Frame) (tell, dry bool) {
	q.mu.Lock()
	defer q.mu.Unlock()                                                // also when this panics: what ends the stream then looks at the queue
	if q.head == len(q.frames) || q.frames[q.head].PTS != peeked.PTS { // cleared, or trimmed, since then: what follows is still to be played
		return false, false
	}
	q.popLocked()
	return q.waiting && (q.bounded || q.levelLocked()*2 <= q.limit) && q.size*2 <= q.bytes, q.head == len(q.frames) && !q.ended
}

func (q *queue) popLocked() {
	q.size -= len(q.frames[q.head].Data)
	q.frames[q.head] = demux.Frame{}
	q.head++
	if q.head*2 >= len(q.frames) {
		n := copy(q.frames, q.frames[q.head:])
		clear(q.frames[n:])
		q.frames, q.head = q.frames[:n], 0
	}
}

// clear drops what waits.
func (q *queue) clear() {
	q.mu.Lock()
	clear(q.frames)
	q.frames, q.head, q.size = q.frames[:0], 0, 0
	q.mu.Unlock()
	q.tell()
}

// count returns how many frames are waiting.
func (q *queue) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.frames) - q.head
}

// tell lets a waiting reader look again.
func (q *queue) tell() {
	q.mu.Lock()
	waiting := q.waiting
	q.waiting = false
	q.mu.Unlock()
	if waiting {
		select {
		case q.space <- struct{}{}:
		default:
		}
	}
}

// level returns how many ticks of media are waiting, whether no more come, and why.
func (q *queue) level() (ticks int64, ended bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.levelLocked(), q.ended, q.err
}

func (q *queue) fullLocked(fed bool) bool {
	return (fed && q.levelLocked() >= q.limit) || q.size >= q.bytes
}

func (q *queue) levelLocked() int64 {
	if q.head == len(q.frames) {
		return 0
	}
	first, last := q.frames[q.head], q.frames[len(q.frames)-1]
	return last.PTS + last.Duration - first.PTS
}
