package ffmpeg

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
)

// longestLine is how much of a line is logged. What is longer is not shown at all: it might be cut in the middle of a secret.
const longestLine = 4 << 10

// echo logs what a program writes to stderr, line by line and redacted. It belongs to the goroutine that drains stderr.
type echo struct {
	log      *slog.Logger
	redactor *redactor

	line []byte // unfinished
	long int    // bytes of an unfinished line that is too long
}

// take logs the lines that b completes. A carriage return ends a line, too: so programs overwrite their progress.
func (e *echo) take(b []byte) {
	for len(b) > 0 {
		end := bytes.IndexAny(b, "\r\n")
		if end < 0 {
			e.add(b)
			return
		}
		e.add(b[:end])
		e.flush()
		b = b[end+1:]
	}
}

func (e *echo) add(b []byte) {
	if e.long > 0 || len(e.line)+len(b) > longestLine {
		e.long += len(e.line) + len(b)
		e.line = nil
		return
	}
	e.line = append(e.line, b...)
}

// flush logs what there is of a line.
func (e *echo) flush() {
	text := strings.TrimSpace(e.redactor.text(clean(string(e.line))))
	if e.long > 0 {
		text = fmt.Sprintf("(a line of %d bytes)", e.long)
	}
	e.line, e.long = e.line[:0], 0
	if text != "" {
		e.log.Debug("program says", "line", text)
	}
}
