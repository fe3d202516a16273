package gotgcall_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
)

// subject is what methods are tried on: a chat, the list that it plays, and the voice of FromOpus that it plays instead.
type subject struct {
	*theatre
	chat   int64
	list   *gotgcall.Playlist
	voice  *gotgcall.OpusSource
	answer string // what Connect is given

	holds        int32        // so many openings do not come back, once it is said which
	opens, seeks atomic.Int32 // so many of a track, or of another position in it, are not to come back any more
	stuck        atomic.Int32 // so many have not
}

func newSubject(h *theatre, chat int64) *subject {
	s := &subject{theatre: h, chat: chat, answer: "{}", voice: gotgcall.FromOpus(), holds: 1}
	s.list = gotgcall.NewPlaylist(s.track(long), s.track(long), s.track(long))
	return s
}

// Lengths of tracks, in packets of 120 ms, which are few to be sent.
const (
	short = 1
	long  = 500
)

const (
	packetTicks = 5760
	packetTime  = 120 * time.Millisecond
)

// part is a track of a subject.
type part struct {
	of      *subject
	packets int
}

func (s *subject) track(packets int) part { return part{s, packets} }

func (part) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

func (p part) Open(ctx context.Context) (*media.Streams, error) { return p.open(ctx, &p.of.opens, 0) }

func (p part) OpenAt(ctx context.Context, offset time.Duration) (*media.Streams, error) {
	return p.open(ctx, &p.of.seeks, offset)
}

func (p part) open(ctx context.Context, holds *atomic.Int32, offset time.Duration) (*media.Streams, error) {
	if holds.Add(-1) >= 0 {
		p.of.stuck.Add(1)
		return nil, politely(ctx)
	}
	left := max(0, p.packets-int(offset/packetTime))
	if p.of.raw {
		r := io.MultiReader(strings.NewReader(wavHeader), io.LimitReader(quiet{}, int64(left)*packetTicks*4))
		return media.NewStreams(r, nil, nil), nil
	}
	return media.NewStreams(bytes.NewReader(p.of.ogg(left)), nil, nil), nil
}

// quiet is a reader of silence without end.
type quiet struct{}

func (quiet) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// ogg returns so many packets in Ogg.
func (h *theatre) ogg(packets int) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.made == nil {
		h.made = map[int][]byte{}
	}
	if h.made[packets] == nil {
		made := slices.Repeat([]oggtest.Packet{oggtest.Opus(packetTicks, 21, 0)}, packets)
		h.made[packets] = oggtest.Join(oggtest.Stream{PerPage: 10}.Pages(made))
	}
	return h.made[packets]
}

// wavHeader begins a WAV of 48 kHz and two channels whose length is not known.
const wavHeader = "RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x80\xbb\x00\x00\x00\xee\x02\x00\x04\x00\x10\x00data\xff\xff\xff\xff"

// nowhere is the URL of a broadcast that nobody connects.
func nowhere(string, int64) string { return "rtmp://198.51.100.1/live/key" }

func (s *subject) url(script string) string { return s.theatre.url(script, s.chat) }

// signaler joins the chat, and takes a call that the server has forgotten for left.
func (s *subject) signaler() gotgcall.Signaler { return forgiving{&courier{w: s.world}} }

// thumbnail keeps the pictures of broadcasts small.
var thumbnail = gotgcall.EncodeOptions{VideoWidth: 320, VideoHeight: 180, VideoFPS: 5}

// set makes the chat play its list.
func (s *subject) set() { must(s.t, s.client.SetStreamSources(s.chat, s.list, thumbnail)) }

// until waits for a condition.
func (s *subject) until(what string, is func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(hang); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("chat %d never was %s", s.chat, what)
		}
	}
}

// begun tells whether something has been heard of what plays.
func (s *subject) begun() bool {
	at, err := s.client.Time(s.chat)
	return err == nil && at > 0
}

// is tells whether the connection is in a state.
func (s *subject) is(state gotgcall.ConnState) func() bool {
	return func() bool {
		stats, err := s.client.Stats(s.chat)
		return err == nil && stats.State == state
	}
}

// Where a playback can be: with a call or a broadcast that lasts.

func (s *subject) play() {
	s.set()
	s.until("playing", s.begun)
}

func (s *subject) open() {
	s.opens.Store(s.holds)
	go func() { _ = s.client.SetStreamSources(s.chat, s.list, thumbnail) }()
	s.until("opening", s.isStuck)
}

// isStuck tells whether an opening does not come back.
func (s *subject) isStuck() bool { return s.stuck.Load() > 0 }

func (s *subject) seek() {
	s.play()
	s.seeks.Store(s.holds)
	go func() { _ = s.client.SeekBy(s.chat, 1000) }()
	s.until("seeking", s.isStuck)
}

func (s *subject) end() {
	s.list = gotgcall.NewPlaylist(s.track(short), s.track(short), s.track(short))
	s.set()
	s.until("at its end", func() bool { _, plays := s.list.Current(); return !plays })
}

// pass comes to the end of the first track, while the second one is still being opened.
func (s *subject) pass() {
	first := s.track(short)
	first.of = newSubject(s.theatre, s.chat) // whose openings do not wait
	s.list = gotgcall.NewPlaylist(first, s.track(long), s.track(long))
	s.opens.Store(s.holds)
	s.set()
	s.until("between two tracks", func() bool { return s.isStuck() && !s.stats(s.chat).Audio.Playing })
}

// change makes a change that has to succeed.
func (s *subject) change(f func(c *gotgcall.Client, chat int64) (bool, error)) {
	changed, err := f(s.client, s.chat)
	if must(s.t, err); !changed {
		s.t.Errorf("chat %d: nothing was changed", s.chat)
	}
}

// groupStates bring a group call into each state.
var groupStates = map[string]func(s *subject){
	"none":       func(*subject) {},
	"waiting":    func(s *subject) { s.answer = s.create(s.chat) },
	"ready":      func(s *subject) { s.answer = s.create(s.chat); s.set() },
	"connecting": (*subject).connecting,
	"connected":  (*subject).meet,
	"opening":    func(s *subject) { s.meet(); s.open() },
	"playing":    func(s *subject) { s.meet(); s.play() },
	"paused":     func(s *subject) { s.meet(); s.play(); s.change((*gotgcall.Client).Pause) },
	"muted":      func(s *subject) { s.meet(); s.play(); s.change((*gotgcall.Client).Mute) },
	"seeking":    func(s *subject) { s.meet(); s.seek() },
	"ended":      func(s *subject) { s.meet(); s.end() },
	"between":    func(s *subject) { s.meet(); s.pass() },
	"disconnected": func(s *subject) {
		s.meet()
		s.play()
		s.server.Endpoint(s.chat).Blackout(true)
		s.until("disconnected", s.is(gotgcall.Disconnected))
	},
	"failed":   (*subject).fail,
	"held":     (*subject).hold,
	"rejoined": (*subject).rejoin,
	"timeout": func(s *subject) {
		s.connecting()
		s.until("given up", s.is(gotgcall.Timeout))
	},
	"joining": (*subject).joining,
	"stopped": func(s *subject) { s.meet(); s.play(); must(s.t, s.client.Stop(s.chat)) },
}

// meet connects the chat's call.
func (s *subject) meet() {
	s.answer = s.create(s.chat)
	must(s.t, s.client.Connect(s.chat, s.answer))
}

func (s *subject) connecting() {
	s.answer = s.create(s.chat)
	s.server.Endpoint(s.chat).Blackout(true)
	go func() { _ = s.client.Connect(s.chat, s.answer) }()
	s.until("connecting", func() bool { return !s.stats(s.chat).Since.IsZero() })
}

func (s *subject) hold() {
	s.client.OnRejoinNeeded(func(int64) {})
	s.fail()
}

func (s *subject) fail() {
	s.meet()
	s.play()
	s.server.Endpoint(s.chat).Blackout(true)
	s.until("failed", s.is(gotgcall.Failed))
}

func (s *subject) rejoin() {
	s.hold()
	params, err := s.client.Rejoin(s.chat)
	must(s.t, err)
	s.answer, err = s.server.Join(s.chat, params)
	must(s.t, err)
}

// joining plays by a Signaler whose Join takes for ever.
func (s *subject) joining() {
	c := &courier{w: s.world, onJoin: func(ctx context.Context, _ int) error { return politely(ctx) }}
	go func() { _ = s.client.Play(s.t.Context(), s.chat, s.list, forgiving{c}) }()
	s.until("asked to join", func() bool { return len(c.times(time.Time{})) == 1 })
	var err error
	s.answer, err = s.server.Join(s.chat, c.joins[0].payload)
	must(s.t, err)
}

// voiceStates bring what FromOpus has made into each state.
var voiceStates = map[string]func(s *subject){
	"new":     func(*subject) {},
	"ready":   func(s *subject) { s.create(s.chat); s.speak() },
	"playing": (*subject).talk,
	"paused":  func(s *subject) { s.talk(); s.change((*gotgcall.Client).Pause) },
	"muted":   func(s *subject) { s.talk(); s.change((*gotgcall.Client).Mute) },
	"ended": func(s *subject) {
		s.talk()
		s.voice.End()
		s.until("at its end", func() bool { return s.stats(s.chat).Source == "" })
	},
	"replaced": func(s *subject) { s.talk(); s.set(); s.until("replaced", s.silenced) },
	"stopped":  func(s *subject) { s.talk(); must(s.t, s.client.Stop(s.chat)) },
}

// speak gives the voice to the chat.
func (s *subject) speak() {
	must(s.t, s.client.SetStreamSources(s.chat, s.voice))
	_, err := s.voice.Write(opusPacket)
	must(s.t, err)
}

func (s *subject) talk() {
	s.meet()
	s.speak()
	s.until("heard", s.begun)
}

// silenced tells whether the voice is not played any more.
func (s *subject) silenced() bool {
	_, err := s.voice.Write(opusPacket)
	return err != nil
}
