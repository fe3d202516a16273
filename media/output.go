package media

import (
	"errors"
	"io"

	"gotgcall/internal/ffmpeg"
)

// output is a leg of a process: its bytes as they are, its end in the terms of the source.
type output struct {
	// Set at construction.
	from    io.Reader
	process *ffmpeg.Process
	end     ending

	// Owned by the reader.
	began bool
	err   error
}

// newOutput reads what the process writes to its first output.
func newOutput(p *ffmpeg.Process, e ending) *output {
	return &output{from: p.Output(0), process: p, end: e}
}

// Read implements io.Reader.
func (o *output) Read(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.from.Read(b)
	if n > 0 {
		o.began = true
		return n, nil // an error comes again
	}
	if err != nil {
		o.err = o.explain(err)
	}
	return 0, o.err
}

// explain says what the end of the process means to its source. What is neither an exit nor a crash, such as a stop, stays as it is.
func (o *output) explain(err error) error {
	var exit *ffmpeg.ExitError
	switch {
	case errors.Is(err, io.EOF):
		return o.end.exited(o.began, o.process.Stderr())
	case errors.As(err, &exit):
		return o.end.failed(o.began, exit, err)
	}
	return err
}
