package media

import (
	"context"
	"io"
	"slices"

	"gotgcall/internal/ffmpeg"
)

// job is what a source runs: a process, or one for each leg.
type job struct {
	processes []*ffmpeg.Process
	close     func() error // ends the processes and what was made for them
}

// launch starts processes with the Runner that ctx carries, or with one of its own that ends with the stream.
func launch(ctx context.Context, commands ...ffmpeg.Command) (*job, error) {
	if r := runnerFrom(ctx); r != nil {
		processes, err := startAll(ctx, r, commands)
		if err != nil {
			return nil, err
		}
		return &job{processes: processes, close: func() error {
			stopAll(processes)
			return nil
		}}, nil
	}
	r := ffmpeg.New(ffmpeg.Config{})
	processes, err := startAll(ctx, r, commands)
	if err != nil {
		_ = r.Close() // of a Runner without children: there is nothing to report
		return nil, err
	}
	// Where nobody closes the streams after the end of their context, the Runner goes too.
	keep := context.AfterFunc(ctx, func() { _ = r.Close() })
	return &job{processes: processes, close: func() error {
		keep()
		stopAll(processes)
		return r.Close()
	}}, nil
}

// startAll starts all commands or none.
func startAll(ctx context.Context, r *ffmpeg.Runner, commands []ffmpeg.Command) ([]*ffmpeg.Process, error) {
	commands = slices.Clone(commands)
	for i := range commands {
		commands[i].Notes = notes(ctx, commands[i].Args)
	}
	return r.StartAll(ctx, commands...)
}

// notes looks at what a command says that is no error.
func notes(ctx context.Context, args []string) func(line []byte) (kept []byte) {
	leftOut := leftOutNotes(args, leftOutFrom(ctx))
	if b := newBanner(args, livenessFrom(ctx), leftOut); b != nil {
		return b.take
	}
	return leftOut
}

func stopAll(processes []*ffmpeg.Process) {
	for _, p := range processes {
		p.Stop()
	}
}

// outputs are the legs of all processes, in order, with what their ends mean.
func (j *job) outputs(e ending, each int) []io.Reader {
	var all []io.Reader
	for _, p := range j.processes {
		all = append(all, newOutputs(p, each, e)...)
	}
	return all
}
