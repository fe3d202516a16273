package media

import (
	"context"

	"gotgcall/internal/ffmpeg"
)

type (
	runnerKey  struct{}
	optionsKey struct{}
)

// WithRunner returns a context in which sources start their processes with r. A Client does that with its own one; without it each opened
// source runs "ffmpeg" as found in PATH.
func WithRunner(ctx context.Context, r *ffmpeg.Runner) context.Context {
	return context.WithValue(ctx, runnerKey{}, r)
}

// runnerFrom returns nil when ctx carries none.
func runnerFrom(ctx context.Context) *ffmpeg.Runner {
	r, _ := ctx.Value(runnerKey{}).(*ffmpeg.Runner)
	return r
}

// WithOptions returns a context in which sources are opened with o: its non-zero fields win over a source's own ones. Where ctx carries
// options already, those win: they come from further outside, in the end from the one who plays the source.
func WithOptions(ctx context.Context, o EncodeOptions) context.Context {
	return context.WithValue(ctx, optionsKey{}, o.Merge(OptionsFrom(ctx)))
}

// OptionsFrom returns the options that ctx carries, for a Source that encodes by itself. Fields nobody set are zero.
func OptionsFrom(ctx context.Context) EncodeOptions {
	o, _ := ctx.Value(optionsKey{}).(EncodeOptions)
	return o
}
