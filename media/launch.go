package media

import (
	"context"

	"gotgcall/internal/ffmpeg"
)

// job is a started process as a source sees it.
type job struct {
	process *ffmpeg.Process
	close   func() error // ends the process and what was made for it
}

// launch starts a process with the Runner that ctx carries, or with one of its own that ends with the stream.
func launch(ctx context.Context, c ffmpeg.Command) (*job, error) {
	if r := runnerFrom(ctx); r != nil {
		p, err := r.Start(ctx, c)
		if err != nil {
			return nil, err
		}
		return &job{process: p, close: func() error {
			p.Stop()
			return nil
		}}, nil
	}
	r := ffmpeg.New(ffmpeg.Config{})
	p, err := r.Start(ctx, c)
	if err != nil {
		_ = r.Close() // of a Runner without children: there is nothing to report
		return nil, err
	}
	// Where nobody closes the streams after the end of their context, the Runner goes too.
	keep := context.AfterFunc(ctx, func() { _ = r.Close() })
	return &job{process: p, close: func() error {
		keep()
		p.Stop()
		return r.Close()
	}}, nil
}
