package gotgcall_test

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/media"
	"gotgcall/sfutest"
)

// TestASeekBeyondTheEndWhileAnotherVolumeWaitsForItsPlaceIsTheEnd: what waits is not what plays, and it is that which has to end.
func TestASeekBeyondTheEndWhileAnotherVolumeWaitsForItsPlaceIsTheEnd(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]bool{"a song": false, "a playlist": true} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				events := newTape(w.client)
				w.join(1)
				var source gotgcall.Source = album{packets: 150} // read to its end by then, so that nothing else wakes the scheduler
				want := []string{"end of audio: <nil>"}
				if list {
					source = gotgcall.NewPlaylist(source, album{packets: 50})
					want = []string{"0 begins", "0 ends", "1 begins", "1 ends", want[0]}
				}
				must(t, w.client.SetStreamSources(1, source))
				time.Sleep(2 * time.Second)
				done := make(chan error)
				go func() { done <- w.client.SetVolume(1, 2) }()
				time.Sleep(100 * time.Millisecond)
				must(t, w.client.SeekBy(1, 1000_000))
				sought := time.Now()
				if err := <-done; err != nil || time.Since(sought) > time.Second {
					t.Errorf("the volume, which came too late, has returned %s after the seek: %v", time.Since(sought), err)
				}
				time.Sleep(2 * time.Second)
				events.expect(t, want...)
			})
		})
	}
}

// brittle is an album that breaks off when it is read from its beginning.
type brittle struct {
	album
	bytes int64
}

func (b brittle) Open(ctx context.Context) (*media.Streams, error) {
	streams, err := b.album.Open(ctx)
	if err != nil {
		return nil, err
	}
	return media.NewStreams(io.LimitReader(streams.Audio, b.bytes), nil, nil), nil
}

// TestATrackThatBreaksOffWhileAnotherVolumeWaitsForItsPlaceHoldsNothingUp: its volume waits for a moment that does not come any more.
func TestATrackThatBreaksOffWhileAnotherVolumeWaitsForItsPlaceHoldsNothingUp(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		first := brittle{album{packets: 500}, 23_000} // 3.5 s
		second, third := newTuned(album{packets: 150}, 0), newTuned(album{packets: 150}, 0)
		must(t, w.client.SetStreamSources(1, gotgcall.NewPlaylist(first, second, third)))
		time.Sleep(3300 * time.Millisecond)
		began := time.Now()
		must(t, w.client.SetVolume(1, 2))
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the volume has taken %s", took)
		}
		if o := second.options.Load(); o.Volume != 2 {
			t.Errorf("the next track plays with the volume %v", o.Volume)
		}
		time.Sleep(10 * time.Second)
		events.expect(t, "0 begins", "0 fails", "1 begins", "1 ends", "2 begins", "2 ends", "end of audio: <nil>")
		packets := w.records(1)
		begin := slices.IndexFunc(packets, func(p sfutest.Packet) bool { return p.Arrival.Sub(began) > 500*time.Millisecond })
		seamless(t, packets[begin:], len(packets)-begin)
	})
}
