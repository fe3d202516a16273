package broadcast

import "time"

const (
	// maxBacklog of sound: a server that took nothing for so long has gone, and what waits for it is of no use to its listeners.
	maxBacklog = 10 * time.Second
	// maxPictureTime is the time that waiting pictures may span, in ms, and maxPictureBytes their size; one picture may always wait.
	maxPictureTime  = 500
	maxPictureBytes = 24 << 20
)

// block is a piece of media for one moment.
type block struct {
	track track
	at    uint64 // ms
	data  []byte
}

// queue holds blocks by their time; those of one track in the order in which they came. It is not safe for concurrent use.
//
// What was taken out last counts as waiting until the next is taken out: it is being written.
type queue struct {
	list     []block
	head     int // list[head:] wait
	writing  block
	samples  int64 // that wait or are being written
	pictures int   // likewise
	bytes    int   // of these pictures
	hung     bool  // there was too much sound
}

// push puts a block into its place. It reports false when it is refused: a picture when too many wait, and everything from the moment at which
// there was too much sound.
func (q *queue) push(b block) bool {
	switch {
	case q.hung:
		return false
	case b.track == audioTrack && q.backlog() >= maxBacklog:
		q.hung = true
		return false
	case b.track == videoTrack && !q.hasRoom(b):
		return false
	}
	q.add(b, 1)
	if q.head > 0 && len(q.list) == cap(q.list) {
		n := copy(q.list, q.list[q.head:])
		clear(q.list[n:])
		q.list, q.head = q.list[:n], 0
	}
	q.list = append(q.list, b)
	for i := len(q.list) - 1; i > q.head && q.list[i-1].at > b.at; i-- {
		q.list[i], q.list[i-1] = q.list[i-1], b
	}
	return true
}

// pop takes the first block out.
func (q *queue) pop() (block, bool) {
	q.add(q.writing, -1)
	q.writing = block{}
	if q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
		return block{}, false
	}
	q.writing, q.list[q.head] = q.list[q.head], block{}
	q.head++
	return q.writing, true
}

// clear drops what waits and returns how many pictures that were. What is being written does not wait any more either.
func (q *queue) clear() (pictures uint64) {
	pictures = uint64(q.pictures)
	if q.writing.track == videoTrack {
		pictures--
	}
	*q = queue{hung: q.hung}
	return pictures
}

// hasRoom reports whether another picture may wait.
func (q *queue) hasRoom(b block) bool {
	if q.pictures == 0 {
		return true
	}
	oldest := q.writing
	for i := q.head; oldest.track != videoTrack; i++ {
		oldest = q.list[i]
	}
	return b.at <= oldest.at+maxPictureTime && q.bytes+len(b.data) <= maxPictureBytes
}

// add counts a block in or, with -1, out.
func (q *queue) add(b block, sign int) {
	switch b.track {
	case audioTrack:
		q.samples += int64(sign) * int64(len(b.data)/sampleSize)
	case videoTrack:
		q.pictures += sign
		q.bytes += sign * len(b.data)
	}
}

func (q *queue) backlog() time.Duration { return timeOf(q.samples) }
