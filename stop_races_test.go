package gotgcall_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/media"
)

// sluggish is a track that takes a random time of up to 20 ms to be opened, whatever its context says.
type sluggish struct {
	part
	open *atomic.Int32 // how many of its streams have not been closed
}

func (p sluggish) Open(ctx context.Context) (*media.Streams, error) { return p.OpenAt(ctx, 0) }

func (p sluggish) OpenAt(ctx context.Context, offset time.Duration) (*media.Streams, error) {
	time.Sleep(rand.N(20 * time.Millisecond))
	s, err := p.part.OpenAt(ctx, offset)
	if err != nil {
		return nil, err
	}
	p.open.Add(1)
	return media.NewStreams(s.Audio, nil, func() error { p.open.Add(-1); return nil }), nil
}

// TestStopAtAnyMomentOfAMethodHarmsNoNewCall: a thousand calls and broadcasts for each method, or hundreds under the race detector, are stopped in the
// middle of it. A goroutine that stays
// fails the bubble.
func TestStopAtAnyMomentOfAMethodHarmsNoNewCall(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]func(s *subject, open *atomic.Int32) error{
		"SetStreamSources": func(s *subject, open *atomic.Int32) error {
			return s.client.SetStreamSources(s.chat, sluggish{s.track(10), open}, thumbnail)
		},
		"SeekBy": func(s *subject, _ *atomic.Int32) error { return s.client.SeekBy(s.chat, 300) },
		"Pause":  func(s *subject, _ *atomic.Int32) error { _, err := s.client.Pause(s.chat); return err },
	} {
		t.Run(name, func(t *testing.T) {
			var open atomic.Int32
			inFakeTimeWith(t, []gotgcall.Option{gotgcall.WithFFmpegPath("/no/such/ffmpeg")}, func(t *testing.T, w *world) {
				const kinds = 2
				rounds := 500
				if underRace {
					rounds = 150
				}
				var chats sync.WaitGroup
				for kind := range int64(kinds) {
					s := newSubject(&theatre{world: w, url: nowhere, raw: kind == 1}, kind)
					chats.Go(func() {
						for range rounds {
							s.interrupt(method, &open)
						}
					})
				}
				chats.Wait()
				synctest.Wait()
				if n := open.Load(); n != 0 {
					t.Errorf("%d streams were not closed", n)
				}
				if ends := w.log.ended(); len(ends) != 0 {
					t.Errorf("the ends are %v", ends)
				}
				w.join(0)
				must(t, w.client.SetStreamSources(0, song{packets: 50}))
				time.Sleep(time.Minute)
				if n := len(w.records(0)); n != 50 {
					t.Errorf("%d packets of the last call arrived, expected 50", n)
				}
			})
		})
	}
}

// begin makes the chat a call, or a broadcast, with a track to play.
func (s *subject) begin(open *atomic.Int32) {
	if s.raw {
		must(s.t, s.client.StartRTMP(s.chat, s.url("")))
	} else {
		_, err := s.client.CreateCall(s.chat)
		must(s.t, err)
	}
	must(s.t, s.client.SetStreamSources(s.chat, sluggish{s.track(10), open}, thumbnail))
}

// interrupt stops the chat in the middle of a method, and looks whether the next call is as if nothing had been.
func (s *subject) interrupt(method func(s *subject, open *atomic.Int32) error, open *atomic.Int32) {
	s.begin(open)
	done := make(chan error, 1)
	go func() { done <- method(s, open) }()
	time.Sleep(rand.N(25 * time.Millisecond))
	start := time.Now()
	must(s.t, s.client.Stop(s.chat))
	if took := time.Since(start); took > 2*time.Second {
		s.t.Errorf("Stop took %s", took)
	}
	s.begin(open)
	if err := <-done; err != nil && !errors.Is(err, gotgcall.ErrConnectionNotFound) {
		s.t.Errorf("the error is «%v», expected ErrConnectionNotFound or none", err)
	}
	state, err := s.client.GetState(s.chat)
	if err != nil || state.Paused || state.Muted {
		s.t.Errorf("the new call is %+v, %v", state, err)
	}
	if stats := s.stats(s.chat); stats.Source == "" || stats.Position != 0 {
		s.t.Errorf("the new call plays %q at %s", stats.Source, stats.Position)
	}
	must(s.t, s.client.Stop(s.chat))
}
