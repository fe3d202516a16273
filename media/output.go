package media

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"gotgcall/internal/ffmpeg"
)

// output is a leg of a process: its bytes as they are, its end in the terms of the source.
type output struct {
	// Set at construction.
	from    io.Reader
	process *ffmpeg.Process
	end     ending
	start   *start

	// Owned by the reader.
	first bool // something or the end has come
	err   error
}

// start is what the outputs of a process know of each other: whether anything came.
type start struct {
	pending sync.WaitGroup // outputs of which neither something nor the end has come
	began   atomic.Bool
}

// newOutputs reads what the process writes to its first n outputs. Each of them needs its reader: what the end of one means depends on whether
// something came of the others.
func newOutputs(p *ffmpeg.Process, n int, e ending) []io.Reader {
	begin := new(start)
	begin.pending.Add(n)
	outputs := make([]io.Reader, n)
	for i := range n {
		outputs[i] = &output{from: p.Output(i), process: p, end: e, start: begin}
	}
	return outputs
}

// Read implements io.Reader.
func (o *output) Read(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.from.Read(b)
	if n > 0 {
		o.start.began.Store(true)
	}
	if !o.first && (n > 0 || err != nil) {
		o.first = true
		o.start.pending.Done()
	}
	if n > 0 {
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
		return o.end.exited(o.begun(), o.process.Stderr())
	case errors.As(err, &exit):
		return o.end.failed(o.begun(), exit, err)
	}
	return err
}

// begun reports, after the end of the process, whether anything had come of it.
func (o *output) begun() bool {
	o.start.pending.Wait()
	return o.start.began.Load()
}
