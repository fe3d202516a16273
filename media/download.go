package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gotgcall/models"
)

// errClosed is what a Read returns after the end of its streams.
var errClosed = fmt.Errorf("the streams were closed: %w", os.ErrClosed)

// resumeDelays are the waits before a download that has broken off is taken up again, as in ffmpeg. Each time something comes they begin anew.
var resumeDelays = []time.Duration{0, time.Second, 3 * time.Second}

// download reads a file from a place to its end. Where it breaks off it is taken up again if the server gives parts.
type download struct {
	// Set at construction.
	file *httpFile

	// Owned by the reader.
	body  io.ReadCloser
	at    int64 // of the next byte
	tries int   // since the last byte
}

// download begins to read at an offset.
func (f *httpFile) download(offset int64) (io.Reader, error) {
	d := &download{file: f, at: offset}
	if offset >= f.size {
		return d, nil
	}
	var err error
	d.body, err = f.part(offset, f.size-1)
	return d, err
}

// Read implements io.Reader.
func (d *download) Read(b []byte) (int, error) {
	for {
		if d.at >= d.file.size {
			return 0, io.EOF
		}
		n, err := d.body.Read(b)
		if n > 0 {
			d.at += int64(n)
			d.tries = 0
			return n, nil
		}
		if err == nil {
			continue
		}
		if err := d.resume(err); err != nil {
			return 0, err
		}
	}
}

// resume takes the download up where it broke off.
func (d *download) resume(why error) error {
	_ = d.body.Close() // it has failed already
	for d.file.ranges && d.tries < len(resumeDelays) {
		wait := time.NewTimer(resumeDelays[d.tries])
		d.tries++
		select {
		case <-wait.C:
		case <-d.file.ctx.Done():
		}
		wait.Stop()
		if d.file.ctx.Err() != nil {
			break
		}
		body, err := d.file.part(d.at, d.file.size-1)
		if err == nil {
			d.body = body
			return nil
		}
	}
	if d.file.ctx.Err() != nil {
		return context.Cause(d.file.ctx)
	}
	if errors.Is(why, io.ErrUnexpectedEOF) || errors.Is(why, io.EOF) {
		why = fmt.Errorf("the server closed the connection at byte %d of %d", d.at, d.file.size)
	}
	return fmt.Errorf("%w: %s: %w: %w", models.ErrFile, d.file.subject, errBrokeOff, d.file.redacted(why))
}

// watchedBody is an answer whose reading ends when nothing comes for too long.
type watchedBody struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // of the request
	cancel context.CancelCauseFunc
	watch  *time.Timer
}

// Read implements io.Reader.
func (w *watchedBody) Read(b []byte) (int, error) {
	w.watch.Reset(httpPatience)
	n, err := w.ReadCloser.Read(b)
	w.watch.Stop()
	if err != nil && w.ctx.Err() != nil {
		err = context.Cause(w.ctx)
	}
	return n, err
}

// Close ends the request.
func (w *watchedBody) Close() error {
	w.watch.Stop()
	err := w.ReadCloser.Close()
	w.cancel(errClosed)
	return err
}
