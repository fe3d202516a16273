package instances

import (
	"sync/atomic"
	"time"

	"gotgcall/internal/pacer"
	"gotgcall/models"
)

// counters are what a playback's leg has done, over all sources. The scheduler's goroutine writes them, anyone reads.
type counters struct {
	frames, bytes, muted, dropped, gaps atomic.Uint64
	sizes                               atomic.Uint64 // 16 times the moving mean of the frames' sizes
	sent                                atomic.Int64  // Unix time in ns of the last frame

	ended atomic.Pointer[ending] // the last end
}

// ending is the end of a leg.
type ending struct {
	at  time.Time
	err error
}

// count takes note of a frame that was sent.
func (c *counters) count(size int, now time.Time) {
	c.frames.Add(1)
	c.bytes.Add(uint64(size)) //nolint:gosec // a length
	c.sent.Store(now.UnixNano())
	mean := c.sizes.Load()
	c.sizes.Store(mean - mean/16 + uint64(size)) //nolint:gosec // a length
}

// counters returns those of a kind of leg.
func (p *playback) counters(kind models.StreamType) *counters {
	if kind == models.Video {
		return &p.video
	}
	return &p.audio
}

// stats fills in what the playback knows.
func (p *playback) stats(s *models.CallStats) {
	s.Media = p.state()
	s.Position = time.Duration(p.position.Load()) * time.Millisecond
	current := p.playing.Load()
	if current != nil {
		s.Source = current.name
	}
	s.Audio, s.Video = p.legStats(models.Audio, current), p.legStats(models.Video, current)
}

func (p *playback) legStats(kind models.StreamType, current *stream) models.LegStats {
	c := p.counters(kind)
	s := models.LegStats{
		Frames: c.frames.Load(), Bytes: c.bytes.Load(), Muted: c.muted.Load(), Dropped: c.dropped.Load(), Gaps: c.gaps.Load(),
	}
	if at := c.sent.Load(); at != 0 {
		s.LastSent = time.Unix(0, at)
	}
	if e := c.ended.Load(); e != nil {
		s.LastEnd, s.LastError = e.at, e.err
	}
	if current == nil {
		return s
	}
	for _, l := range current.legs {
		if l.kind == kind {
			s.Playing = !l.finished.Load()
			level, _, _ := l.queue.level()
			s.Queued = pacer.Duration(level, l.rate)
		}
	}
	return s
}
