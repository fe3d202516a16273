package gotgcall_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall"
)

// TestNextAtTheEndOfATrackPlaysTheFollowingOneOnce: that is open already, and follows at once.
func TestNextAtTheEndOfATrackPlaysTheFollowingOneOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		slow := func(seed byte) song {
			return song{packets: 100, seed: seed, open: func(context.Context) error { time.Sleep(time.Second); return nil }}
		}
		list := gotgcall.NewPlaylist(seconds(3, 1), slow(2), slow(3))
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(2510 * time.Millisecond)
		must(t, list.Next())
		if now, _ := list.Current(); now.ID != 1 {
			t.Errorf("after Next track %d plays", now.ID)
		}
		must(t, list.Jump(1)) // in the middle of it: that begins it anew
		time.Sleep(10 * time.Second)
		events.expect(t, "0 begins", "0 skipped", "1 begins", "1 skipped", "1 begins", "1 ends", "2 begins", "2 ends", "end of audio: <nil>")
		seamless(t, w.records(1), 126+50+100+100)
	})
}

// TestAListWhoseConnectionIsLostRemembersTheTrackThatPlayed: set again, it begins with that, unless that was over.
func TestAListWhoseConnectionIsLostRemembersTheTrackThatPlayed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		begins time.Duration // of the blackout: 25 s later the connection has failed
		want   int
	}{
		"in a track":         {time.Second, 0},
		"between two tracks": {15 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				ep := w.join(1)
				var opened atomic.Bool
				slow := song{packets: 500, open: func(ctx context.Context) error {
					if opened.Swap(true) {
						return nil
					}
					<-ctx.Done()
					return ctx.Err()
				}}
				list := gotgcall.NewPlaylist(seconds(38, 0), slow)
				must(t, w.client.SetStreamSources(1, list))
				time.Sleep(tt.begins)
				ep.Blackout(true)
				time.Sleep(time.Minute)
				w.join(2)
				must(t, w.client.SetStreamSources(2, list))
				if now, _ := list.Current(); now.ID != tt.want {
					t.Errorf("set again it begins with track %d, expected %d", now.ID, tt.want)
				}
			})
		})
	}
}
