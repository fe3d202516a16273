package instances

import (
	"errors"
	"sync"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/guard"
	"gotgcall/models"
)

// TestAReaderIsToldOfALegThatRunsDryAtTheMomentAtWhichItsQueueIsFull: the source gives nothing to the one before the other goes on.
func TestAReaderIsToldOfALegThatRunsDryAtTheMomentAtWhichItsQueueIsFull(t *testing.T) {
	frame := func(i int64) demux.Frame { return demux.Frame{Data: []byte{1}, PTS: i, Duration: 1} }
	for range 20_000 {
		full, dry := newQueue(1, 1<<20), newQueue(1, 1<<20)
		full.other, dry.other = dry, full
		for _, q := range []*queue{full, dry} {
			if _, err := q.push(t.Context(), frame(0)); err != nil {
				t.Fatal(err)
			}
		}
		var both sync.WaitGroup
		begin := make(chan struct{})
		read := make(chan error, 1)
		both.Go(func() {
			<-begin
			_, err := full.push(t.Context(), frame(1))
			read <- err
		})
		both.Go(func() {
			<-begin
			dry.pop(frame(0))
		})
		close(begin)
		select {
		case err := <-read:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the reader of one leg waits, and the other leg has nothing")
		}
		both.Wait()
	}
}

// TestADefectInAQueueDoesNotKeepItLocked: who ends what plays because of that looks at it again, for all calls of a goroutine.
func TestADefectInAQueueDoesNotKeepItLocked(t *testing.T) {
	q := newQueue(48000, 1<<20)
	q.head = 1 // of nothing
	if err := guard.Call("popping", func() error { q.pop(demux.Frame{}); return nil }); !errors.Is(err, models.ErrInternal) {
		t.Fatalf("the error is %v", err)
	}
	if !q.mu.TryLock() {
		t.Error("the queue is still locked")
	}
}

// TestWhatIsPoppedIsWhatWasPeekedAt: between the two a hub may have dropped that for something new, or the program that talks may have cleared it. A key frame
// that went with it would leave pictures that nobody can decode.
func TestWhatIsPoppedIsWhatWasPeekedAt(t *testing.T) {
	frame := func(i int64) demux.Frame { return demux.Frame{Data: []byte{1}, PTS: i, Duration: 1, Key: i%10 == 0} }
	for name, meanwhile := range map[string]func(q *queue){
		"a hub is faster": func(q *queue) {
			for i := range int64(14) {
				q.offer(frame(i + 1))
			}
		},
		"the program has something else to say": func(q *queue) {
			q.clear()
			q.offer(frame(10))
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue(20, 1<<20)
			q.keeps, q.coded = 12, true
			q.offer(frame(0))
			f, _, _, _ := q.peek()
			meanwhile(q)
			q.pop(f)
			if next, ok, _, _ := q.peek(); !ok || next.PTS != 10 {
				t.Errorf("frame %d follows, %v, expected the key frame 10", next.PTS, ok)
			}
		})
	}
}
