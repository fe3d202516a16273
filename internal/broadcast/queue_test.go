package broadcast

import (
	"slices"
	"testing"
)

func TestAQueueThatIsNeverEmptyDoesNotGrow(t *testing.T) {
	var q queue
	pcm := make([]byte, 3840)
	for i := range uint64(100_000) {
		if !q.push(block{track: audioTrack, at: 20 * i, data: pcm}) || !q.push(block{track: videoTrack, at: 20*i + 1, data: pcm}) {
			t.Fatalf("a block was refused in round %d", i)
		}
		if i < 3 {
			continue
		}
		for _, want := range []uint64{20 * (i - 3), 20*(i-3) + 1} {
			if b, ok := q.pop(); !ok || b.at != want {
				t.Fatalf("the block at %d comes out (%v), want %d", b.at, ok, want)
			}
		}
	}
	if cap(q.list) > 32 || q.samples != 3*960 || q.pictures != 4 || q.bytes != 4*3840 {
		t.Errorf("room for %d, %d samples, %d pictures of %d bytes", cap(q.list), q.samples, q.pictures, q.bytes)
	}
	if dropped := q.clear(); dropped != 3 || q.samples != 0 || q.bytes != 0 {
		t.Errorf("%d pictures dropped, want those 3 that were not being written; %d samples, %d bytes left", dropped, q.samples, q.bytes)
	}
}

func TestAQueueKeepsNoMemoryOfWhatIsGone(t *testing.T) {
	var q queue
	for i := range uint64(10) {
		q.push(block{track: audioTrack, at: i, data: make([]byte, 4)})
	}
	for range 11 {
		q.pop()
	}
	if q.writing.data != nil || slices.ContainsFunc(q.list[:cap(q.list)], func(b block) bool { return b.data != nil }) {
		t.Error("an empty queue still holds blocks")
	}
}
