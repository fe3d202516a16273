package instances

import (
	"log/slog"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/models"
)

const (
	// maxVideoLate is how far the picture may lag behind the sound. What is later is dropped, up to the next key frame.
	maxVideoLate = 200 * time.Millisecond
	// warnInterval is the time between two warnings about a picture that is dropped.
	warnInterval = 10 * time.Second
)

// lateness is what a video leg remembers of pictures that came too late.
type lateness struct {
	skipping bool // pictures are dropped up to the next key frame
	dropped  int  // since skipping began
	warned   time.Time
}

// drop decides whether a frame that is late by the given time is left out. A decoder needs every frame since the last key frame: so what
// follows a dropped one is dropped as well, up to a key frame that is in time.
func (v *lateness) drop(f demux.Frame, late time.Duration) bool {
	if late > maxVideoLate || (v.skipping && !f.Key) {
		v.skipping = true
		v.dropped++
		return true
	}
	return false
}

// resumed returns how many frames were dropped before this one, which is sent; 0 when none were.
func (v *lateness) resumed() int {
	n := v.dropped
	v.skipping, v.dropped = false, 0
	return n
}

// playVideo sends the pictures that are due. While the sound plays it sets the time: a picture that is late is dropped.
func (p *playback) playVideo(out outlet, l *leg, now time.Time) time.Time {
	for {
		if next := out.flush(now); !next.IsZero() {
			return next
		}
		f, ok, ended, err := l.queue.peek()
		if !ok {
			return p.idleLeg(l, ended, err, now)
		}
		if !p.current.started { // it has come since then
			return now
		}
		due := p.clock.Due(f.PTS, l.rate)
		if due.After(now) {
			return due
		}
		late := now.Sub(due)
		if !p.current.sounding() && (l.starved || late > maxLate) {
			p.gap(out, late)
			due, late = now, 0
		}
		l.starved = false
		p.advance(l, f)
		l.queue.pop(f)
		if l.late.drop(f, late) {
			p.video.dropped.Add(1)
			p.accounted++
			p.warnDropped(l, late, now)
			continue
		}
		p.warnLeftOut(l, now)
		if n := l.late.resumed(); n > 0 {
			p.log(slog.LevelWarn, "the picture goes on", "dropped_frames", n)
		}
		if out.video(l, f, due, now) {
			p.video.count(len(f.Data), now)
		} else {
			p.video.dropped.Add(1)
			p.accounted++
		}
	}
}

// warnDropped says that the picture is being dropped, when that begins and every few seconds as long as it lasts.
func (p *playback) warnDropped(l *leg, late time.Duration, now time.Time) {
	if now.Sub(l.late.warned) >= warnInterval {
		l.late.warned = now
		p.log(slog.LevelWarn, "the picture is late and dropped up to the next key frame in time: its source or encoder is too slow",
			"late", late.Round(time.Millisecond), "dropped_frames", l.late.dropped)
	}
}

// warnLeftOut says that ffmpeg left out pictures before it encoded them, not more often than every few seconds.
func (p *playback) warnLeftOut(l *leg, now time.Time) {
	n := p.video.dropped.Load() - p.accounted
	if n == 0 || now.Sub(l.late.warned) < warnInterval {
		return
	}
	l.late.warned = now
	p.accounted += n
	p.log(slog.LevelWarn, "ffmpeg is slower than real time and leaves out pictures: lower VideoWidth, VideoHeight or VideoFPS, or give it more of the processor",
		"dropped_frames", n)
}

// log writes about the current source from a goroutine of its own: the scheduler does not wait for the user's logger.
func (p *playback) log(level slog.Level, text string, args ...any) {
	args = append([]any{"chat", p.chat, "source", p.current.name}, args...)
	p.background.Go(func() { p.env.Logger.Log(p.life, level, text, args...) })
}

// hasVideo tells whether the current stream has a picture that is not over. Before the first one was sent it has it when that is there, and is not to be
// seen later than what is heard next.
func (p *playback) hasVideo() bool {
	if p.current != nil {
		for _, l := range p.current.legs {
			if l.kind == models.Video && !l.over && (l.begun || p.current.shows(l)) {
				return true
			}
		}
	}
	return false
}

// shows tells whether the first picture of a leg is there and is seen as soon as the stream goes on.
func (s *stream) shows(l *leg) bool {
	f, ok, _, _ := l.queue.peek()
	if !ok || !s.started {
		return ok
	}
	for _, o := range s.legs {
		if o != l && o.begun && pacer.Duration(f.PTS, l.rate) > pacer.Duration(o.next, o.rate) {
			return false
		}
	}
	return true
}
