package instances

import (
	"context"
	"time"

	"gotgcall/media"
)

// request says what to open, and how.
type request struct {
	host     *playback // which plays it
	caller   *caller   // who asked for it
	source   media.Source
	options  media.EncodeOptions
	offset   time.Duration // where to begin; of what is live, the position with which it goes on
	separate bool          // a process for each leg
	// continues: it takes the place of a stream of the same source, whose legs it does not have end with it.
	continues bool
	// live: it begins wherever it is at that moment, though it is a SeekableSource.
	live bool
	// stalls is how often the live source was opened before because it had stalled, or broken off.
	stalls int
	// after is how it began when it was opened before, for one that is opened again because of that; nil for all others.
	after *intro
	// enters is the position at which it takes that place, so that nothing is heard twice; 0 for as soon as it can.
	enters time.Duration

	// of a Playlist
	track *listed // nil for a source of its own
	// skipped is the track in whose place Next, Previous or Jump asked for it: that is nothing any more when another source has taken the place of the
	// list, or the list has come there by itself.
	skipped *listed
	failed  []trackEnd // tracks before it that cannot be played: their ends are told with its beginning
}

// unmoved is a request for another track, with the options of r, asked for by the same.
func (r request) unmoved() request {
	return request{host: r.host, caller: r.caller, options: r.options}
}

// open opens the source. The timeline says which moments of the media its frames are; what it is, l is told.
func (r request) open(ctx context.Context, l *media.Liveness) (opened *media.Streams, timeline media.Timeline, err error) {
	ctx = media.WithLiveness(ctx, l)
	if r.separate {
		ctx = media.WithSeparateLegs(ctx)
	}
	ctx = media.CountLeftOut(media.WithOptions(ctx, r.options), &r.host.video.dropped)
	if r.host.format.raw {
		ctx = media.WithRaw(ctx)
	}
	if opened, err = r.openSource(ctx); err != nil || opened == nil {
		return nil, timeline, err
	}
	if media.IsPassedThrough(opened) {
		r.host.env.Logger.Debug("the source is sent as it is", "chat", r.host.chat, "source", describe(r.source), "from", r.offset)
	}
	timeline, ok := media.TimelineOf(opened)
	if !ok {
		timeline = media.Timeline{Begin: r.offset, Speed: 1}
	}
	if _, seekable := r.seekable(); !seekable && r.offset > 0 {
		timeline.Begin = r.offset // of a live source that is opened again
	}
	if r.host.format.raw {
		opened = media.Raw(ctx, opened, r.options)
	}
	return opened, timeline, nil
}

func (r request) openSource(ctx context.Context) (*media.Streams, error) {
	if s, ok := r.seekable(); ok && r.offset > 0 {
		return s.OpenAt(ctx, r.offset)
	}
	return r.source.Open(ctx)
}

// seekable returns the source if it can be opened at another place than its beginning.
func (r request) seekable() (s media.SeekableSource, ok bool) {
	s, ok = r.source.(media.SeekableSource)
	return s, ok && !r.live
}

// canUntangle tells whether opening the source again, with a process for each leg and at another position, can help.
func (r request) canUntangle() bool {
	_, seekable := r.seekable()
	return seekable && !r.commands() && !r.separate // commands have a process for each leg already
}

// commands tells whether the source is commands of the user's own, which play what they say, however they are opened.
func (r request) commands() bool {
	_, shells := r.source.(*media.MultiShellSource)
	return shells
}

// claim keeps the list that the track is of from being played elsewhere, until release was called as often.
func (r request) claim() error {
	if r.track == nil {
		return nil
	}
	return r.track.list.claim(r.host)
}

func (r request) release() {
	if r.track != nil {
		r.track.list.release(r.host)
	}
}
