package media

import (
	"context"
	"io"
	"time"
)

// Timeline says which moments of the media the timestamps of opened streams stand for. A frame whose timestamp is t after that of the first
// frame stands for Begin + t·Speed, counted from the beginning of the media.
type Timeline struct {
	Begin time.Duration
	Speed float64 // 1 is the media's own
}

// At returns the moment of the media that is t after the first frame.
func (l Timeline) At(t time.Duration) time.Duration {
	if l.Speed == 1 {
		return l.Begin + t
	}
	return l.Begin + time.Duration(float64(t)*l.Speed)
}

// TimelineOf returns the timeline of streams of FromFile and FromURL, also when another Source hands them on. Of other streams nothing is known but
// where they were opened: ok is false. It is asked before anything is made of the streams, as by Raw.
func TimelineOf(s *Streams) (l Timeline, ok bool) {
	for _, leg := range []io.Reader{s.Audio, s.Video} {
		switch t := leg.(type) {
		case *timed:
			return t.timeline, true
		case *opusLeg:
			return t.timeline, true
		}
	}
	return Timeline{}, false
}

// timed is a leg that knows its timeline.
type timed struct {
	io.Reader
	timeline Timeline
}

// play is open, with legs that know their timeline.
func (c command) play(ctx context.Context, e ending, secrets []string) (*Streams, error) {
	s, err := c.open(ctx, e, secrets)
	if err != nil {
		return nil, err
	}
	c.time(s)
	return s, nil
}

// time makes the legs of the command's streams know their timeline.
func (c command) time(s *Streams) {
	l := Timeline{Begin: c.offset, Speed: c.options.Speed}
	if s.Audio != nil {
		s.Audio = &timed{s.Audio, l}
	}
	if s.Video != nil {
		s.Video = &timed{s.Video, l}
	}
}
