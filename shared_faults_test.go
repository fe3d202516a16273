package gotgcall_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
)

func TestASharedPictureThatWaitsForItsConnectionBeginsWithAKeyFrame(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(2)
		cinema := gotgcall.Shared(film{picture: 3000})
		must(t, w.client.SetStreamSources(2, cinema))
		answer := w.create(1)
		time.Sleep(100 * time.Millisecond)
		must(t, w.client.SetStreamSources(1, cinema))
		time.Sleep(1500 * time.Millisecond)
		must(t, w.client.Connect(1, answer))
		time.Sleep(3 * time.Second)
		if n := frames(w.pictures(1)); n < 60 {
			t.Errorf("%d pictures were seen in 3 s", n)
		}
		w.noViolations()
	})
}

func TestAPlaylistOfSharedSourcesIsPlayedInOneChat(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		w.join(2)
		list := gotgcall.NewPlaylist(gotgcall.Shared(album{packets: 500}), seconds(3, 1))
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(time.Second)
		is(t, w.client.SetStreamSources(2, list), gotgcall.ErrBusy)
		must(t, list.Next())
		must(t, list.Previous())
		must(t, w.client.Stop(1))
		must(t, w.client.Stop(2))
		w.join(3)
		must(t, w.client.SetStreamSources(3, list))
	})
}

func TestACallThatJoinsASharedSourceWhileItIsDryHearsItAfterwards(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var pipe *gate
		radio := gotgcall.Shared(song{packets: 5000, reader: func(r io.Reader) io.Reader { pipe = newGate(r, 15_000); return pipe }})
		w.join(1)
		must(t, w.client.SetStreamSources(1, radio))
		time.Sleep(6 * time.Second)
		w.join(2)
		must(t, w.client.SetStreamSources(2, radio))
		time.Sleep(2 * time.Second)
		close(pipe.opened)
		time.Sleep(30 * time.Second)
		if len(w.records(2)) < 1000 {
			t.Errorf("chat 2 heard %d packets in 30 s", len(w.records(2)))
		}
	})
}

func TestACallThatComesBackToASharedSourceWhileItIsDryHearsItAfterwards(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var pipe *gate
		radio := gotgcall.Shared(song{packets: 5000, reader: func(r io.Reader) io.Reader { pipe = newGate(r, 15_000); return pipe }})
		for c := range int64(2) {
			w.join(c)
			must(t, w.client.SetStreamSources(c, radio))
		}
		time.Sleep(1 * time.Second)
		_, err := w.client.Pause(1)
		must(t, err)
		time.Sleep(5 * time.Second)
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(2 * time.Second)
		before := len(w.records(1))
		close(pipe.opened)
		time.Sleep(30 * time.Second)
		if n := len(w.records(1)) - before; n < 1000 {
			t.Errorf("chat 1 heard %d packets in 30 s after, chat 0 %d", n, len(w.records(0)))
		}
	})
}

func TestASharedSourceBeginsAnewThoughACallIsPausedAtItsEnd(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		radio := gotgcall.Shared(album{packets: 250})
		w.join(1)
		w.join(2)
		must(t, w.client.SetStreamSources(1, radio))
		time.Sleep(time.Second)
		_, err := w.client.Pause(1)
		must(t, err)
		time.Sleep(time.Minute)
		must(t, w.client.SetStreamSources(2, radio))
		time.Sleep(time.Minute)
		if n := len(w.records(2)); n != 250 {
			t.Errorf("chat 2 heard %d packets, expected the song anew", n)
		}
	})
}

func TestASharedSourceMayHoldAnother(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, gotgcall.Shared(gotgcall.NewPlaylist(gotgcall.Shared(album{packets: 100}), album{packets: 100}))))
		time.Sleep(6 * time.Second)
		if n := len(w.records(1)); n < 190 || n > 200 {
			t.Errorf("%d packets were heard of 200", n)
		}
	})
}

// lateFilm has a picture only where that is asked for.
type lateFilm struct{ film }

func (lateFilm) Tracks() gotgcall.Track { return gotgcall.TrackAudio }

func TestThePictureOfASharedSourceMayBeAskedForByTheOptions(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(2)
		o := gotgcall.EncodeOptions{Tracks: gotgcall.TrackVideo}
		must(t, w.client.SetStreamSources(2, gotgcall.Shared(lateFilm{film{sound: 500, picture: 300}}), o))
		time.Sleep(12 * time.Second)
		if n := frames(w.pictures(2)); n < 230 {
			t.Errorf("%d pictures were seen of 300", n)
		}
	})
}

func TestASharedPlaylistWaitsForASlowTrack(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		radio := gotgcall.Shared(gotgcall.NewPlaylist(seconds(1, 0), slowSong(14*time.Second, 3, 1)))
		must(t, w.client.SetStreamSources(1, radio))
		time.Sleep(40 * time.Second)
		if n := len(w.records(1)); n < 190 {
			t.Errorf("%d packets were heard of 200", n)
		}
	})
}

func TestStopWaitsForASharedSourceThatIsJustBeingJoined(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var pipe *gate
		closedAt := make(chan time.Time, 1)
		src := ownStreams{open: func() (*media.Streams, error) {
			s, err := song{packets: 5000, reader: func(r io.Reader) io.Reader { pipe = newGate(r, 600); return pipe }}.Open(t.Context())
			if err != nil {
				return nil, err
			}
			return media.NewStreams(s.Audio, nil, func() error {
				err := s.Close()
				time.Sleep(500 * time.Millisecond)
				closedAt <- time.Now()
				return err
			}), nil
		}}
		w.join(1)
		go func() { _ = w.client.SetStreamSources(1, gotgcall.Shared(src)) }()
		time.Sleep(2 * time.Second)
		must(t, w.client.Stop(1))
		select {
		case <-closedAt:
		default:
			t.Error("Stop has returned, and the source is still open")
		}
		time.Sleep(5 * time.Second)
	})
}

// ownStreams is a Source of streams that the test makes.
type ownStreams struct {
	open func() (*media.Streams, error)
}

func (ownStreams) Tracks() gotgcall.Track                         { return gotgcall.TrackAudio }
func (s ownStreams) Open(context.Context) (*media.Streams, error) { return s.open() }

func TestASharedSourceWhoseCloseHangsDoesNotHoldItsCaller(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		src := ownStreams{open: func() (*media.Streams, error) {
			s, err := song{packets: 0}.Open(t.Context())
			if err != nil {
				return nil, err
			}
			return media.NewStreams(s.Audio, nil, func() error { <-release; return nil }), nil
		}}
		w.join(1)
		for _, s := range []gotgcall.Source{src, gotgcall.Shared(src)} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			done := make(chan error, 1)
			go func() { done <- w.client.SetStreamSourcesContext(ctx, 1, s) }()
			select {
			case err := <-done:
				is(t, err, gotgcall.ErrFile)
			case <-time.After(time.Minute):
				t.Error("SetStreamSources with 1 s hangs for a minute")
			}
			cancel()
		}
		close(release)
	})
}

// TestASharedSourceMayHaveTheLongestPackets: one of 120 ms is more than what a call that joins is given of the past.
func TestASharedSourceMayHaveTheLongestPackets(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		radio := gotgcall.Shared(ownStreams{open: func() (*media.Streams, error) {
			const ticks = 120 * 48
			return media.NewStreams(bytes.NewReader(oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(50, ticks, 301)))), nil, nil), nil
		}})
		for chat := range int64(2) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, radio))
		}
		time.Sleep(10 * time.Second)
		for chat := range int64(2) {
			if n := len(w.records(chat)); n < 48 {
				t.Errorf("%d packets of 50 were heard in chat %d", n, chat)
			}
		}
		if ends := w.log.ended(); !slices.Equal(ends, make([]error, 2)) {
			t.Errorf("the ends were %v", ends)
		}
	})
}
