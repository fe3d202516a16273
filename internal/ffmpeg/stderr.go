package ffmpeg

import (
	"bytes"
	"os"
	"sync"
	"time"
)

// tailSize is how many of the last bytes written to stderr are kept. What is shown of them is at most shownSize after redaction.
const (
	tailSize  = 8 << 10
	shownSize = 4 << 10
)

// pipeSize is what a pipe holds on Linux.
const pipeSize = 64 << 10

// tail reads a program's stderr as fast as it comes and keeps its end.
type tail struct {
	// Set at construction.
	file  *os.File
	notes func(line []byte) (kept []byte) // looks at each line; nil when nobody does
	echo  *echo                           // logs what is kept; nil when nothing is logged
	done  chan struct{}                   // closed when nothing more comes

	// line is what drain has of an unfinished line, where notes are taken.
	line []byte

	// mu guards the rest.
	mu  sync.Mutex
	buf []byte // the last tailSize bytes
	cut bool   // something before buf was dropped
}

func newTail(f *os.File, notes func(line []byte) []byte, e *echo) *tail {
	return &tail{file: f, notes: notes, echo: e, done: make(chan struct{})}
}

// drain reads until the end of stderr. Most programs hardly write to it; for one that floods it the buffer grows to what a pipe holds.
func (t *tail) drain() {
	defer close(t.done)
	defer t.file.Close()
	defer t.end()
	buf := make([]byte, 2<<10)
	for {
		n, err := t.file.Read(buf)
		t.take(buf[:n])
		if err != nil {
			break
		}
		if n == len(buf) && n < pipeSize {
			buf = make([]byte, 2*n)
		}
	}
	// After a deadline the pipe may hold something that nobody tried to read.
	for left := pipeSize; left > 0; {
		n := readNow(t.file, buf)
		if n == 0 {
			return
		}
		t.take(buf[:n])
		left -= n
	}
}

// endBy makes drain end at a time, whoever still holds the other end.
func (t *tail) endBy(deadline time.Time) { _ = t.file.SetReadDeadline(deadline) }

// take keeps what comes, but for what the notes take.
func (t *tail) take(b []byte) {
	if t.notes == nil {
		t.keep(b)
		return
	}
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		part := b[:end]
		if end == 0 {
			part = b
		}
		t.line = append(t.line, part...)
		b = b[len(part):]
		switch whole := end > 0; {
		case whole:
			t.look("\n")
		case len(t.line) >= tailSize:
			t.look("")
		}
	}
}

// look keeps what the notes leave of a line, or of a part of one that is very long.
func (t *tail) look(end string) {
	line := bytes.TrimSuffix(bytes.TrimSuffix(t.line, []byte("\n")), []byte("\r"))
	if kept := t.notes(line); kept != nil {
		t.keep(append(kept[:len(kept):len(kept)], end...))
	}
	t.line = t.line[:0]
}

// end takes note that nothing more comes.
func (t *tail) end() {
	if len(t.line) > 0 {
		t.look("")
	}
	if t.echo != nil {
		t.echo.flush()
	}
}

func (t *tail) keep(b []byte) {
	if t.echo != nil {
		t.echo.take(b)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if extra := len(b) - tailSize; extra > 0 {
		b = b[extra:]
		t.cut = true
	}
	t.buf = append(t.buf, b...)
	if extra := len(t.buf) - tailSize; extra > 0 {
		t.buf = t.buf[:copy(t.buf, t.buf[extra:])]
		t.cut = true
	}
}

// bytes returns what was kept, and whether something before it was dropped.
func (t *tail) bytes() ([]byte, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.buf...), t.cut
}
