package instances

import (
	"context"
	"slices"
	"sync"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

// hub plays a shared source for calls that take part: it is a playback whose outlet hands the frames on, when they are due.
type hub struct {
	// set at construction
	shared *Shared
	key    hubKey
	env    *Environment
	life   context.Context
	end    context.CancelCauseFunc
	play   *playback
	epoch  time.Time     // the frames' times count from here
	ready  chan struct{} // closed when the source plays, or cannot be played
	err    error         // why not; written before ready is closed

	members int // guarded by Shared.mu

	begun bool // something has been handed on; owned by the scheduler's goroutine

	mu    sync.Mutex
	taps  []*stream
	sound past
	sight past
	track *PlaylistTrack // the one that plays, of a Playlist
	over  bool           // nothing more comes
	// listeners are the calls that hear it, with how many of its taps: two for a moment, when the source is set again.
	listeners map[*playback]int
	early     []trackEnd // of a Playlist, what could not be played before there was a first track
}

func newHub(s *Shared, env *Environment, r request) *hub {
	h := &hub{shared: s, key: keyOf(r), env: env, epoch: time.Now(), ready: make(chan struct{}), listeners: map[*playback]int{}}
	h.sound.rate, h.sight.rate = hubAudioRate, hubVideoRate
	h.life, h.end = context.WithCancelCause(context.Background())
	own := *env
	own.Events, own.base = hubEvents{h}, env
	h.play = newPlayback(h.life, 0, &own, r.host.format)
	h.play.connect(&hubOutlet{h}, true)
	return h
}

// The clock rates of what a hub hands on.
const (
	hubAudioRate = 48000
	hubVideoRate = 90000
)

// tap returns a stream of the frames from now on, and of the newest ones before.
func (h *hub) tap(r request, wake func()) *stream {
	t := &stream{
		request: r, name: describe(r.source),
		shared: true, wake: wake, settled: make(chan struct{}), closed: make(chan struct{}),
		timeline: media.Timeline{Begin: time.Duration(h.play.position.Load()) * time.Millisecond, Speed: 1},
	}
	if now := h.play.playing.Load(); now != nil {
		t.interactive = now.interactive
	}
	t.claimed()
	f := r.host.format
	if (r.source.Tracks()|r.options.Tracks)&media.TrackVideo != 0 || f.raw {
		t.legs = append(t.legs, newLegAt(models.Video, models.Camera, hubVideoRate, f.videoAhead, f.bytes))
	}
	t.legs = append(t.legs, newLegAt(models.Audio, models.Microphone, hubAudioRate, f.audioAhead, f.bytes))
	h.mu.Lock()
	defer h.mu.Unlock()
	sound, sight := h.pastLocked()
	for _, l := range t.legs {
		l.queue.keeps = pacer.Ticks(sharedKept, l.rate)
		l.queue.coded = l.kind == models.Video && !f.raw
		l.queue.cut = l.queue.coded
		frames := sound
		if l.kind == models.Video {
			frames = sight
		}
		for _, frame := range frames {
			l.queue.offer(frame)
		}
		if h.over {
			l.queue.end(nil)
		}
	}
	h.taps = append(h.taps, t)
	return t
}

// pastLocked returns what a call that joins now begins with: the newest sound, and the pictures from then on. Sound that is over, though the picture has gone
// on, does not belong to that: the call would wait for the picture as long as that has gone on.
func (h *hub) pastLocked() (sound, sight []demux.Frame) {
	_, shown := h.sight.span()
	moment := min(time.Since(h.epoch), shown) - sharedCushion
	if begin, end := h.sound.span(); end >= moment {
		sound, moment = h.sound.frames, begin
	}
	return sound, h.sight.since(moment)
}

func (h *hub) remove(t *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taps = slices.DeleteFunc(h.taps, func(o *stream) bool { return o == t })
	if host := t.request.host; t.heard {
		if h.listeners[host]--; h.listeners[host] == 0 {
			delete(h.listeners, host)
		}
	}
}

// give hands a frame on.
func (h *hub) give(kind models.StreamType, f demux.Frame) {
	h.begun = true
	h.mu.Lock()
	defer h.mu.Unlock()
	if kind == models.Video {
		h.sight.add(f)
	} else {
		h.sound.add(f)
	}
	for _, t := range h.taps {
		for _, l := range t.legs {
			if l.kind == kind && l.queue.offer(f) {
				t.wake()
			}
		}
	}
}

// endLeg tells the calls that a leg is over; finish that all are.
func (h *hub) endLeg(kind models.StreamType, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.taps {
		for _, l := range t.legs {
			if _, ended, _ := l.queue.level(); l.kind == kind && !ended {
				l.queue.end(err)
				t.wake()
			}
		}
	}
}

func (h *hub) finish() {
	h.shared.forget(h)
	h.mu.Lock()
	h.over = true
	h.mu.Unlock()
	h.endLeg(models.Video, nil)
	h.endLeg(models.Audio, nil)
}

// hubOutlet is the outlet of a hub's playback.
type hubOutlet struct{ *hub }

func (o *hubOutlet) audio(l *leg, f demux.Frame, _ bool, due, _ time.Time) {
	o.give(models.Audio, o.at(l, f, due, hubAudioRate))
}

func (o *hubOutlet) video(l *leg, f demux.Frame, due, _ time.Time) bool {
	o.give(models.Video, o.at(l, f, due, hubVideoRate))
	return true
}

// at gives a frame the time at which it is due.
func (o *hubOutlet) at(l *leg, f demux.Frame, due time.Time, rate int) demux.Frame {
	f.PTS, f.Duration = pacer.Ticks(due.Sub(o.epoch), rate), pacer.Ticks(pacer.Duration(f.Duration, l.rate), rate)
	return f
}

func (o *hubOutlet) flush(time.Time) time.Time { return time.Time{} }
func (o *hubOutlet) finish()                   {}
func (o *hubOutlet) shift(time.Duration)       {}

// idle notices the end of the source.
func (o *hubOutlet) idle(time.Time, bool) time.Time {
	if o.begun && o.play.current == nil && o.play.between == nil {
		o.begun = false
		o.hub.finish()
	}
	return time.Time{}
}
