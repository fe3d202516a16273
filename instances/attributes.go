package instances

import (
	"context"

	"gotgcall/media"
)

// of returns the environment of one call: what engine and child processes log carries its chat.
func (e *Environment) of(chat int64) *Environment {
	own := *e
	own.base = e
	if e.Engine != nil {
		own.Engine = e.Engine.With("chat", chat)
	}
	own.Runner = e.Runner.With("chat", chat)
	return &own
}

// opening returns a context for the opening of a source: with the Client's URL policy, and with its Runner, whose records carry the source.
func (e *Environment) opening(ctx context.Context, source media.Source) context.Context {
	return media.WithRunner(media.WithURLPolicy(ctx, e.URLPolicy), e.Runner.With("source", describe(source)))
}

// describe names a source for logs, errors and Stats, without the secrets in it.
func describe(s media.Source) string {
	switch s := s.(type) {
	case *Shared:
		return s.String()
	case *Playlist:
		return s.String()
	}
	return media.Describe(s)
}

// optionsOf returns the options that a source was made with; those of a list are those of the track it begins with.
func optionsOf(s media.Source) media.EncodeOptions {
	switch inner := s.(type) {
	case *Shared:
		return optionsOf(inner.source)
	case *Playlist:
		if t, ok := inner.first(); ok {
			return optionsOf(t.Source)
		}
	}
	return media.OptionsOf(s)
}
