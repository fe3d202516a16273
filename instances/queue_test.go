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
			dry.pop()
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
	if err := guard.Call("popping", func() error { q.pop(); return nil }); !errors.Is(err, models.ErrInternal) {
		t.Fatalf("the error is %v", err)
	}
	if !q.mu.TryLock() {
		t.Error("the queue is still locked")
	}
}
