package media

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/models"
)

// OpusOptions say how an OpusSource behaves. A field that is zero has its default.
type OpusOptions struct {
	// Buffer is how much sound may wait in the source before Write blocks, 20 ms to 10 min. It defaults to 1 s.
	Buffer time.Duration
}

const (
	defaultOpusBuffer = time.Second
	minOpusBuffer     = 20 * time.Millisecond
	maxOpusBuffer     = 10 * time.Minute
	// maxOpusPacket is the largest packet that a call takes: 48 frames of at most 1275 bytes and their lengths (RFC 7845 section 6).
	maxOpusPacket = 61440
	// opusTicks is the clock of Opus per second (RFC 7587 section 4.1).
	opusTicks = 48000
)

// opusSilence is 20 ms of silence, of one frame that has been decoded to nothing.
var opusSilence = []byte{0xf8, 0xff, 0xfe}

// OpusSource plays Opus packets that the program writes while it plays: the voice of an agent, speech as it is synthesized. FromOpus makes it.
//
// The packets are played one after the other, each for as long as its first byte says (RFC 6716 section 3.1), whenever they were written. When none
// is left there is silence, for as long as it takes: what is written then is played at once. Nothing drifts, and nothing ends but by End.
//
// A source is opened once. Before that, Write fills its buffer. All methods are safe for concurrent use; packets keep the order in which
// their Writes took effect, so that several goroutines that speak at a time have to agree on one.
type OpusSource struct {
	// Set at construction.
	buffer time.Duration

	// mu guards the rest.
	mu      sync.Mutex
	packets []opusPacket
	waiting int64 // ticks of them
	clears  uint64
	opened  bool
	ended   bool
	closed  error         // why nothing is played any more
	changed chan struct{} // closed and replaced when something above has changed
	onClear func()
}

// opusPacket is a packet and how long it plays.
type opusPacket struct {
	data  []byte
	ticks int64
}

// FromOpus is a source for Opus packets that are written to it. Of several options the later ones win. A Buffer out of range is ErrInvalidParams
// from Open and from Write.
func FromOpus(opt ...OpusOptions) *OpusSource {
	s := &OpusSource{buffer: defaultOpusBuffer, changed: make(chan struct{})}
	for _, o := range opt {
		if o.Buffer != 0 {
			s.buffer = o.Buffer
		}
	}
	return s
}

// Tracks returns TrackAudio.
func (s *OpusSource) Tracks() Track { return TrackAudio }

// Open begins to play what is written. A second Open is ErrFile.
func (s *OpusSource) Open(ctx context.Context) (*Streams, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		return nil, fmt.Errorf("%w: FromOpus: the source was opened before: make a new one for each time it is played", models.ErrFile)
	}
	s.opened = true
	r := &opusReader{source: s}
	r.rest = r.pages.begin(len(s.packets) > 0 || s.ended)
	detach := context.AfterFunc(ctx, func() { s.shut(context.Cause(ctx)) })
	return NewStreams(r, nil, func() error {
		detach()
		s.shut(nil)
		return nil
	}), nil
}

// Write gives one packet to be played, which is copied. It blocks while Buffer or more waits; see WriteContext.
func (s *OpusSource) Write(packet []byte) (int, error) {
	if err := s.WriteContext(context.Background(), packet); err != nil {
		return 0, err
	}
	return len(packet), nil
}

// WriteContext is Write that stops waiting when ctx ends, with ctx's cause. The packet was not taken then.
//
// A packet that breaks the rules of RFC 6716 section 3.4, or is larger than 61440 bytes, is ErrFormat. After End, and when the call does
// not play the source any more, the error is os.ErrClosed. A Clear while it waits makes it return nil, and the packet is dropped with the others.
func (s *OpusSource) WriteContext(ctx context.Context, packet []byte) error {
	if err := s.check(); err != nil {
		return err
	}
	ticks, err := demux.PacketDuration(packet)
	if err != nil {
		return fmt.Errorf("FromOpus: %w", err)
	}
	if len(packet) > maxOpusPacket {
		return fmt.Errorf("%w: FromOpus: the packet has %d bytes: no Opus packet needs more than %d", models.ErrFormat, len(packet), maxOpusPacket)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clears := s.clears
	for {
		switch {
		case s.closed != nil:
			return s.closed
		case s.ended:
			return fmt.Errorf("FromOpus: a packet after End: %w", os.ErrClosed)
		case s.clears != clears:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case duration(s.waiting) < s.buffer:
			s.packets = append(s.packets, opusPacket{bytes.Clone(packet), ticks})
			s.waiting += ticks
			s.changeLocked()
			return nil
		}
		s.waitLocked(ctx.Done())
	}
}

// Buffered returns how much sound waits to be played. What a call has read ahead, a fraction of a second, does not count.
func (s *OpusSource) Buffered() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return duration(s.waiting)
}

// Clear drops what was written and not played yet, as when somebody interrupts. What is written after it is played as usual. Writes that wait
// when it is called return, and their packets are dropped too.
func (s *OpusSource) Clear() {
	s.mu.Lock()
	s.packets, s.waiting = nil, 0
	s.clears++
	s.changeLocked()
	tell := s.onClear
	s.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// End says that nothing more comes. What was written is played, then the source is at its natural end. Further calls do nothing.
func (s *OpusSource) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.changeLocked()
}

// Probe says what is known of such a source.
func (s *OpusSource) Probe(context.Context) (MediaInfo, error) {
	return MediaInfo{Live: true, Streams: []StreamInfo{{Kind: TrackAudio, Codec: "opus", SampleRate: opusTicks, Channels: 2}}}, nil
}

func (s *OpusSource) check() error {
	if s.buffer < minOpusBuffer || s.buffer > maxOpusBuffer {
		return fmt.Errorf("%w: FromOpus: OpusOptions.Buffer is %v: give %v to %v, or 0 for the default", models.ErrInvalidParams, s.buffer,
			minOpusBuffer, maxOpusBuffer)
	}
	return nil
}

// shut ends the playing. cause may be nil.
func (s *OpusSource) shut(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return
	}
	s.closed = fmt.Errorf("FromOpus: it is not played any more: %w", os.ErrClosed)
	if cause != nil {
		s.closed = fmt.Errorf("FromOpus: it is not played any more: %w: %w", os.ErrClosed, cause)
	}
	s.packets, s.waiting = nil, 0
	s.changeLocked()
}

// changeLocked wakes those who wait. mu is held.
func (s *OpusSource) changeLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// waitLocked waits, without mu, until something has changed or done is closed. mu is held before and after.
func (s *OpusSource) waitLocked(done <-chan struct{}) {
	changed := s.changed
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-changed:
	case <-done:
	}
}

// pop takes the next packet, for which it waits. Its error is io.EOF after End.
func (s *OpusSource) pop() (opusPacket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed != nil:
			return opusPacket{}, s.closed
		case len(s.packets) > 0:
			p := s.packets[0]
			s.packets[0] = opusPacket{}
			s.packets = s.packets[1:]
			s.waiting -= p.ticks
			s.changeLocked()
			return p, nil
		case s.ended:
			return opusPacket{}, io.EOF
		}
		s.waitLocked(nil)
	}
}

// duration is the length of so many ticks, without overflow.
func duration(ticks int64) time.Duration {
	return time.Duration(ticks/opusTicks)*time.Second + time.Duration(ticks%opusTicks)*time.Second/opusTicks
}
