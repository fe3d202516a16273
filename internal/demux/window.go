package demux

import (
	"errors"
	"io"
)

const (
	// firstWindow holds about a quarter of a second of audio at 128 kbit/s, so that a small stream costs a small buffer.
	firstWindow = 4096
	// maxEmptyReads in a row with neither data nor error end the input, as in package bufio.
	maxEmptyReads = 100
)

// errBadRead is a reader that claims more bytes than it was given room for.
var errBadRead = errors.New("demux: the reader returned an impossible count")

// window is a look-ahead buffer over a reader: bytes can be looked at and dropped from the front. It grows to what is looked at.
type window struct {
	src io.Reader

	// Owned by the reading goroutine.
	buf  []byte
	r, w int   // buf[r:w] are the bytes read and not yet dropped
	err  error // sticky error of src
	eof  bool  // err is the natural end: io.EOF itself, not an error that wraps it
}

// bytes returns what has been read and not dropped. It is valid until the next need.
func (b *window) bytes() []byte { return b.buf[b.r:b.w] }

// drop forgets n bytes at the front; they must be there.
func (b *window) drop(n int) { b.r += n }

// discard drops n bytes at the front, reading them first where they are not there. It reports false when the input ended before; b.err then says how.
func (b *window) discard(n int64) bool {
	for {
		k := min(n, int64(b.w-b.r))
		b.drop(int(k))
		if n -= k; n == 0 {
			return true
		}
		if !b.need(1) {
			return false
		}
	}
}

// need reads until n bytes are there. It reports false when the input ended before; b.err then says how.
func (b *window) need(n int) bool {
	for b.w-b.r < n {
		if b.err != nil {
			return false
		}
		b.makeRoom(n)
		b.read()
	}
	return true
}

// makeRoom sees to it that n bytes from the front fit into the buffer and that there is room to read.
func (b *window) makeRoom(n int) {
	if len(b.buf)-b.r >= n && b.w < len(b.buf) {
		return
	}
	to := b.buf
	if n > len(b.buf) {
		size := max(firstWindow, len(b.buf))
		for size < n {
			size *= 2
		}
		to = make([]byte, size)
	}
	b.w = copy(to, b.buf[b.r:b.w])
	b.buf, b.r = to, 0
}

// read reads once, or until something comes.
func (b *window) read() {
	for range maxEmptyReads {
		n, err := b.src.Read(b.buf[b.w:])
		if n < 0 || n > len(b.buf)-b.w {
			b.err = errBadRead
			return
		}
		b.w += n
		b.err, b.eof = err, err == io.EOF
		if n > 0 || err != nil {
			return
		}
	}
	b.err = io.ErrNoProgress
}
