package demux

import (
	"bytes"
	"io"
	"testing"

	"gotgcall/internal/demux/ivftest"
)

func TestIVFGivesOnlyFramesThatCanBeDecoded(t *testing.T) {
	key, next := ivftest.Key(20, 1), ivftest.Inter(20, 2)
	noCode := bytes.Clone(key)
	noCode[4]++
	withCode := bytes.Clone(key)
	withCode[0] |= 1
	for _, c := range []struct {
		name   string
		frames [][]byte
		want   []int // which of them
	}{
		{"the first is a key frame", [][]byte{key, next, next}, []int{0, 1, 2}},
		{"a start in the middle", [][]byte{next, next, key, next}, []int{2, 3}},
		{"dropped pictures", [][]byte{nil, key, nil, next, nil, nil, next, nil}, []int{1, 3, 6}},
		{"a key frame with a wrong start code first", [][]byte{noCode, next, key, next}, []int{2, 3}},
		{"a key frame with a wrong start code later", [][]byte{key, next, noCode, next, next, key, next}, []int{0, 1, 5, 6}},
		{"a key frame that is too short", [][]byte{key, next, key[:9], next, key}, []int{0, 1, 4}},
		{"a frame shorter than its tag", [][]byte{key, next[:2], next[:3], {1}, next}, []int{0, 2, 4}},
		{"a start code in a frame that needs others", [][]byte{withCode, key, withCode}, []int{1, 2}},
		{"the shortest key frame", [][]byte{key[:10], next}, []int{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var list []ivftest.Frame
			for i, data := range c.frames {
				list = append(list, ivftest.Frame{PTS: uint64(i), Data: data})
			}
			frames, err := readIVF(t, bytes.NewReader(ivftest.Stream{}.Bytes(list)))
			if err != io.EOF || len(frames) != len(c.want) {
				t.Fatalf("%d frames and %v, want %d and io.EOF", len(frames), err, len(c.want))
			}
			for i, n := range c.want {
				f := frames[i]
				if f.PTS != int64(n)*3000 || !bytes.Equal(f.Data, c.frames[n]) || f.Key != (c.frames[n][0]&1 == 0) {
					t.Errorf("frame %d has PTS %d and key %v, want frame %d", i, f.PTS, f.Key, n)
				}
			}
		})
	}
}
