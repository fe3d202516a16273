package media

import (
	"context"
	"sync/atomic"

	"gotgcall/internal/ffmpeg"
)

type (
	runnerKey   struct{}
	optionsKey  struct{}
	separateKey struct{}
	clockKey    struct{}
	leftOutKey  struct{}
	livenessKey struct{}
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

// WithSeparateLegs returns a context in which a file or a URL is read by two processes, one for the sound and one for the picture, where
// otherwise a single one writes both. That is for a source whose sound and picture lie so far apart that one reader cannot hold all
// that is between them. What can be opened only once, a named pipe, keeps its single process.
func WithSeparateLegs(ctx context.Context) context.Context {
	return context.WithValue(ctx, separateKey{}, true)
}

func separateLegs(ctx context.Context) bool {
	separate, _ := ctx.Value(separateKey{}).(bool)
	return separate
}

// CountLeftOut returns a context in which sources add to n the pictures that ffmpeg leaves out, before they are encoded, because it is slower than
// real time.
func CountLeftOut(ctx context.Context, n *atomic.Uint64) context.Context {
	return context.WithValue(ctx, leftOutKey{}, n)
}

// leftOutFrom returns the counter that ctx carries, or one that nobody reads.
func leftOutFrom(ctx context.Context) *atomic.Uint64 {
	if n, ok := ctx.Value(leftOutKey{}).(*atomic.Uint64); ok {
		return n
	}
	return new(atomic.Uint64)
}

// clockFrom is the expression by which ffmpeg tells the time: the wall clock, unless a test has put another one into ctx.
func clockFrom(ctx context.Context) string {
	if clock, ok := ctx.Value(clockKey{}).(string); ok {
		return clock
	}
	return wallClock
}
