package gotgcall_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
	"gotgcall/sfutest"
)

// tape keeps the events of playlists in their order.
type tape struct {
	mu     sync.Mutex
	events []string
	errs   []error // of tracks
}

func newTape(c *gotgcall.Client) *tape {
	p := &tape{}
	note := func(text string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.events = append(p.events, text)
	}
	c.OnTrackStart(func(_ int64, t gotgcall.PlaylistTrack) { note(fmt.Sprintf("%d begins", t.ID)) })
	c.OnTrackEnd(func(_ int64, t gotgcall.PlaylistTrack, err error) {
		text := fmt.Sprintf("%d ends", t.ID)
		switch {
		case errors.Is(err, gotgcall.ErrSkipped):
			text = fmt.Sprintf("%d skipped", t.ID)
		case err != nil:
			text = fmt.Sprintf("%d fails", t.ID)
		}
		note(text)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.errs = append(p.errs, err)
	})
	c.OnStreamEnd(func(_ int64, s gotgcall.StreamType, _ gotgcall.Device, err error) {
		note(fmt.Sprintf("end of %s: %v", s, err))
	})
	return p
}

// expect fails unless exactly these events have come.
func (p *tape) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := p.all(); !slices.Equal(got, want) {
		t.Errorf("the events were\n%q, expected\n%q", got, want)
	}
}

// all returns the events that have come.
func (p *tape) all() []string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

// seconds is a song of so many seconds, whose packets have the given seed.
func seconds(n float64, seed byte) song { return song{packets: int(n * 50), seed: seed} }

// seamless fails unless the packets are all there, 20 ms apart, with timestamps to match and one talk spurt.
func seamless(t *testing.T, packets []sfutest.Packet, want int) {
	t.Helper()
	if len(packets) != want {
		t.Errorf("%d packets arrived, expected %d", len(packets), want)
	}
	for i := 1; i < len(packets); i++ {
		gap, step := packets[i].Arrival.Sub(packets[i-1].Arrival), packets[i].Timestamp-packets[i-1].Timestamp
		if gap != 20*time.Millisecond || step != 960 || packets[i].Marker {
			t.Errorf("packet %d: %s after the one before, %d ticks, marker %v", i, gap, step, packets[i].Marker)
		}
	}
}

// seeds returns of each run of packets of one song its seed.
func seeds(packets []sfutest.Packet) (all []byte) {
	const last = 100
	unseeded := oggtest.Opus(960, last+1, 0).Data[last]
	for _, p := range packets {
		if seed := p.Payload[last] - unseeded; len(all) == 0 || all[len(all)-1] != seed {
			all = append(all, seed)
		}
	}
	return all
}

func TestTheTracksOfAPlaylistFollowEachOtherWithoutAGap(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		list := gotgcall.NewPlaylist()
		var want []string
		for i := range 20 {
			list.Append(seconds(3, byte(i)))
			want = append(want, fmt.Sprintf("%d begins", i), fmt.Sprintf("%d ends", i))
		}
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(70 * time.Second)
		events.expect(t, append(want, "end of audio: <nil>")...)
		seamless(t, w.records(1), 20*150)
		if n := len(seeds(w.records(1))); n != 20 {
			t.Errorf("%d songs were heard", n)
		}
		w.noViolations()
	})
}

func TestATrackThatCannotBePlayedHasItsEndAndTheListGoesOn(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		broken := errors.New("no such song")
		breaks := song{packets: 100, seed: 3, reader: func(r io.Reader) io.Reader { return io.MultiReader(io.LimitReader(r, 6000), failing{broken}) }}
		list := gotgcall.NewPlaylist(seconds(2, 0), song{open: func(context.Context) error { return broken }}, song{packets: 0}, breaks, seconds(1, 4))
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(10 * time.Second)
		events.expect(t, "0 begins", "0 ends", "1 fails", "2 fails", "3 begins", "3 fails", "4 begins", "4 ends", "end of audio: <nil>")
		for i, want := range []error{nil, broken, gotgcall.ErrFile, broken, nil} {
			is(t, events.errs[i], want)
		}
		if got := seeds(w.records(1)); !slices.Equal(got, []byte{0, 3, 4}) {
			t.Errorf("the songs %v were heard", got)
		}
		seamless(t, w.records(1), len(w.records(1)))
	})
}

func TestAPlaylistOfWhichNothingCanBePlayedChangesNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		must(t, w.client.SetStreamSources(1, seconds(4, 7)))
		broken := errors.New("no such song")
		fails := song{open: func(context.Context) error { return broken }}
		list := gotgcall.NewPlaylist(fails, fails)
		list.SetLoop(gotgcall.LoopList)
		is(t, w.client.SetStreamSources(1, list), broken)
		is(t, w.client.SetStreamSources(1, gotgcall.NewPlaylist()), gotgcall.ErrNoSource)
		time.Sleep(5 * time.Second)
		events.expect(t, "0 fails", "1 fails", "end of audio: <nil>")
		seamless(t, w.records(1), 200)
		is(t, list.Next(), gotgcall.ErrNoSource)
	})
}

func TestAPlaylistIsSteered(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		list := gotgcall.NewPlaylist(seconds(100, 0), seconds(100, 1), seconds(100, 2), seconds(100, 3))
		is(t, list.Next(), gotgcall.ErrNoSource)
		must(t, w.client.SetStreamSources(1, list))
		current := func(want int) {
			t.Helper()
			if c, ok := list.Current(); !ok || c.ID != want {
				t.Errorf("the current track is %d, %v, expected %d", c.ID, ok, want)
			}
		}
		current(0)
		for _, step := range []struct {
			do   func() error
			want int
		}{{list.Next, 1}, {func() error { return list.Jump(3) }, 3}, {list.Previous, 2}, {list.Previous, 1}, {list.Previous, 0}, {list.Previous, 0}} {
			time.Sleep(time.Second)
			must(t, step.do())
			current(step.want)
			if at := w.position(1); at > 40*time.Millisecond {
				t.Errorf("track %d begins at %s", step.want, at)
			}
		}
		err := list.Jump(17)
		is(t, err, gotgcall.ErrInvalidParams)
		if !strings.Contains(err.Error(), "Jump(17)") {
			t.Errorf("the error does not say which track there is not: %v", err)
		}
		broken := list.Append(song{packets: 0})
		is(t, list.Jump(broken[0]), gotgcall.ErrFile)
		current(0)
		list.Remove(broken...)
		list.Remove(1, 2, 99)
		must(t, list.Next())
		current(3)
		time.Sleep(time.Second)
		events.expect(t, "0 begins", "0 skipped", "1 begins", "1 skipped", "3 begins", "3 skipped", "2 begins", "2 skipped", "1 begins", "1 skipped", "0 begins",
			"0 skipped", "0 begins", "4 fails", "0 skipped", "3 begins")
		must(t, list.Next()) // beyond the last one
		time.Sleep(time.Second)
		if _, ok := list.Current(); ok {
			t.Error("a list that is over has a current track")
		}
		is(t, list.Next(), gotgcall.ErrNoSource)
		if got := events.all(); !slices.Equal(got[len(got)-2:], []string{"3 skipped", "end of audio: <nil>"}) {
			t.Errorf("at the end came %q", got)
		}
		seamless(t, w.records(1), len(w.records(1)))
	})
}

func TestAPlaylistLoops(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		list := gotgcall.NewPlaylist(seconds(2, 0), seconds(2, 1))
		list.SetLoop(gotgcall.LoopList)
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(4500 * time.Millisecond) // in the third track, the first one again
		list.SetLoop(gotgcall.LoopTrack)    // what follows it has been opened already
		time.Sleep(3 * time.Second)         // in its repetition
		list.SetLoop(gotgcall.LoopOff)
		time.Sleep(5 * time.Second)
		events.expect(t, "0 begins", "0 ends", "1 begins", "1 ends", "0 begins", "0 ends", "0 begins", "0 ends", "1 begins", "1 ends", "end of audio: <nil>")
		seamless(t, w.records(1), 500)
	})
}

func TestWhatIsAppendedToAPlaylistIsPlayed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		list := gotgcall.NewPlaylist(seconds(2, 0))
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(1900 * time.Millisecond) // that nothing follows has been found out already
		if ids := list.Append(seconds(1, 1), nil, seconds(1, 2)); !slices.Equal(ids, []int{1, 2}) {
			t.Errorf("the new tracks are %v", ids)
		}
		time.Sleep(5 * time.Second)
		seamless(t, w.records(1), 200)
		list.Append(seconds(1, 3))
		must(t, w.client.SetStreamSources(1, list)) // begins with what is new
		time.Sleep(2 * time.Second)
		must(t, w.client.SetStreamSources(1, list)) // begins anew
		time.Sleep(500 * time.Millisecond)
		events.expect(t, "0 begins", "0 ends", "1 begins", "1 ends", "2 begins", "2 ends", "end of audio: <nil>", "3 begins", "3 ends", "end of audio: <nil>", "0 begins")
	})
}

func TestATrackThatOpensSlowlyIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		second song
		during func(t *testing.T, w *world, list *gotgcall.Playlist) // 1 s after the end of the first track
		want   []string
	}{
		"10 s":     {slowSong(10*time.Second, 1, 1), nil, []string{"0 begins", "0 ends", "1 begins", "1 ends", "2 begins", "2 ends", "end of audio: <nil>"}},
		"too long": {slowSong(time.Hour, 1, 1), nil, []string{"0 begins", "0 ends", "1 fails", "2 begins", "2 ends", "end of audio: <nil>"}},
		"jump": {slowSong(time.Hour, 1, 1), func(t *testing.T, _ *world, list *gotgcall.Playlist) {
			must(t, list.Jump(2))
		}, []string{"0 begins", "0 ends", "2 begins", "2 ends", "end of audio: <nil>"}},
		"jump to what fails": {slowSong(20*time.Second, 1, 1), func(t *testing.T, _ *world, list *gotgcall.Playlist) {
			id := list.Append(song{packets: 0})
			is(t, list.Jump(id[0]), gotgcall.ErrFile)
		}, []string{"0 begins", "0 ends", "3 fails", "1 fails", "2 begins", "2 ends", "3 fails", "end of audio: <nil>"}},
		"next beyond the end": {slowSong(time.Hour, 1, 1), func(t *testing.T, _ *world, list *gotgcall.Playlist) {
			list.Remove(1, 2)
			must(t, list.Next())
		}, []string{"0 begins", "0 ends", "end of audio: <nil>"}},
		"another source": {slowSong(time.Hour, 1, 1), func(t *testing.T, w *world, _ *gotgcall.Playlist) {
			must(t, w.client.SetStreamSources(1, seconds(1, 9)))
		}, []string{"0 begins", "0 ends", "end of audio: <nil>"}},
		"another source that fails": {slowSong(10*time.Second, 1, 1), func(t *testing.T, w *world, _ *gotgcall.Playlist) {
			is(t, w.client.SetStreamSources(1, song{open: func(context.Context) error {
				time.Sleep(time.Second)
				return gotgcall.ErrFile
			}}), gotgcall.ErrFile)
		}, []string{"0 begins", "0 ends", "1 begins", "1 ends", "2 begins", "2 ends", "end of audio: <nil>"}},
		"stop": {slowSong(time.Hour, 1, 1), func(t *testing.T, w *world, _ *gotgcall.Playlist) {
			must(t, w.client.Stop(1))
		}, []string{"0 begins", "0 ends"}},
		"removed": {slowSong(time.Hour, 1, 1), func(_ *testing.T, _ *world, list *gotgcall.Playlist) {
			list.Remove(1)
		}, []string{"0 begins", "0 ends", "2 begins", "2 ends", "end of audio: <nil>"}},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				events := newTape(w.client)
				w.join(1)
				list := gotgcall.NewPlaylist(seconds(1, 0), c.second, seconds(1, 2))
				must(t, w.client.SetStreamSources(1, list))
				time.Sleep(2 * time.Second)
				if c.during != nil {
					c.during(t, w, list)
				}
				time.Sleep(40 * time.Second)
				events.expect(t, c.want...)
				w.noViolations()
			})
		})
	}
}

func TestAPlaylistThatIsReplacedRemembersItsPlace(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		w.join(2)
		list := gotgcall.NewPlaylist(seconds(2, 0), seconds(2, 1), seconds(2, 2))
		must(t, w.client.SetStreamSources(1, list))
		is(t, w.client.SetStreamSources(2, list), gotgcall.ErrBusy)
		time.Sleep(3900 * time.Millisecond) // track 1 plays, track 2 is open
		must(t, w.client.SetStreamSources(1, seconds(1, 9)))
		time.Sleep(2 * time.Second)
		must(t, w.client.SetStreamSources(2, list)) // where it may be played now
		time.Sleep(5 * time.Second)
		events.expect(t, "0 begins", "0 ends", "1 begins", "end of audio: <nil>", "1 begins", "1 ends", "2 begins", "2 ends", "end of audio: <nil>")
		if got := seeds(w.records(2)); !slices.Equal(got, []byte{1, 2}) {
			t.Errorf("chat 2 heard the songs %v", got)
		}
	})
}

func TestASeekInAPlaylistIsOneInItsTrack(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		list := gotgcall.NewPlaylist(album{packets: 250}, album{packets: 100}, album{packets: 100})
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(4900 * time.Millisecond) // what follows is open
		must(t, w.client.SeekBy(1, -2000))
		time.Sleep(500 * time.Millisecond)
		events.expect(t, "0 begins")
		time.Sleep(2 * time.Second)
		events.expect(t, "0 begins", "0 ends", "1 begins")
		must(t, w.client.SeekBy(1, 60_000)) // beyond its end
		time.Sleep(1900 * time.Millisecond)
		events.expect(t, "0 begins", "0 ends", "1 begins", "1 ends", "2 begins")
		if at := w.position(1); at < 1800*time.Millisecond || at > 1900*time.Millisecond {
			t.Errorf("the third track is at %s", at)
		}
		time.Sleep(time.Second)
		events.expect(t, "0 begins", "0 ends", "1 begins", "1 ends", "2 begins", "2 ends", "end of audio: <nil>")
		seamless(t, w.records(1), len(w.records(1)))
	})
}

func TestASeekThatComesAfterTheEndOfItsTrackDoesNotBringItBack(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		slow := album{packets: 100, opened: func(offset time.Duration) error {
			if offset > 0 {
				time.Sleep(500 * time.Millisecond)
			}
			return nil
		}}
		must(t, w.client.SetStreamSources(1, gotgcall.NewPlaylist(slow, album{packets: 100})))
		time.Sleep(1800 * time.Millisecond) // what follows is open
		is(t, w.client.SeekBy(1, -1000), gotgcall.ErrNoSource)
		time.Sleep(3 * time.Second)
		events.expect(t, "0 begins", "0 ends", "1 begins", "1 ends", "end of audio: <nil>")
		seamless(t, w.records(1), 200)
	})
}

func TestAPictureThatIsShownBeyondTheSoundDoesNotHoldTheNextTrack(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		for _, c := range []struct {
			picture int
			rate    uint32
			gap     time.Duration // before the second track
		}{{2, 1, 20 * time.Millisecond}, {3, 1, 20 * time.Millisecond}, {51, 25, 20 * time.Millisecond}, {53, 25, 140 * time.Millisecond}} {
			before := len(w.records(1))
			must(t, w.client.SetStreamSources(1, gotgcall.NewPlaylist(film{sound: 100, picture: c.picture, rate: c.rate}, seconds(1, 1))))
			time.Sleep(4 * time.Second)
			got := w.records(1)[before:]
			if gap := got[100].Arrival.Sub(got[99].Arrival); len(got) != 150 || gap != c.gap {
				t.Errorf("%d pictures at %d a second beside 2 s of sound: %d packets, %s before the next track, expected 150 and %s", c.picture, c.rate, len(got), gap, c.gap)
			}
		}
		w.noViolations()
	})
}

func TestAPlaylistStandsStillInAPause(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		list := gotgcall.NewPlaylist(seconds(2, 0), seconds(2, 1), seconds(2, 2))
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(1990 * time.Millisecond)
		_, err := w.client.Pause(1)
		must(t, err)
		time.Sleep(time.Minute)
		events.expect(t, "0 begins")
		must(t, list.Next()) // changes the track, and does not resume
		time.Sleep(time.Minute)
		events.expect(t, "0 begins", "0 skipped", "1 begins")
		if n := len(w.records(1)); n != 100 {
			t.Errorf("%d packets were sent, expected the 100 before the pause", n)
		}
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(5 * time.Second)
		events.expect(t, "0 begins", "0 skipped", "1 begins", "1 ends", "2 begins", "2 ends", "end of audio: <nil>")
		w.noViolations()
	})
}

func TestFilmsAndSongsFollowEachOther(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		list := gotgcall.NewPlaylist(seconds(2, 0), film{sound: 100, picture: 60}, seconds(2, 2), film{sound: 100, picture: 75}, film{picture: 60}, seconds(1, 5))
		must(t, w.client.SetStreamSources(1, list))
		for i, stopped := range []bool{true, false, true, false} {
			time.Sleep(time.Second)
			if s, err := w.client.GetState(1); err != nil || s.VideoStopped != stopped {
				t.Errorf("in track %d VideoStopped is %v, %v", i, s.VideoStopped, err)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(6 * time.Second)
		events.expect(t, "0 begins", "0 ends", "1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends", "4 begins", "4 ends", "5 begins", "5 ends", "end of audio: <nil>")
		seamless(t, w.records(1)[:400], 400) // the picture of the fourth track is longer, and the fifth has no sound
		w.noViolations()
	})
}

func TestALostConnectionEndsTheListOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		ep := w.join(1)
		list := gotgcall.NewPlaylist(seconds(100, 0), seconds(100, 1))
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(time.Second)
		ep.Blackout(true)
		time.Sleep(time.Minute)
		if got := events.all(); len(got) != 3 || got[1] != "0 fails" {
			t.Errorf("the events were %q", got)
		}
		is(t, events.errs[0], gotgcall.ErrConnectionFailed)
		must(t, w.client.Stop(1))
		w.join(2)
		must(t, w.client.SetStreamSources(2, list)) // nobody plays it any more
	})
}

func TestALostConnectionEndsTheListBetweenTwoTracksToo(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		ep := w.join(1)
		slow := song{open: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		must(t, w.client.SetStreamSources(1, gotgcall.NewPlaylist(seconds(1, 0), slow, slow, slow)))
		time.Sleep(2 * time.Second)
		ep.Blackout(true)
		time.Sleep(time.Minute)
		if got := events.all(); len(got) != 3 || !strings.Contains(got[2], gotgcall.ErrConnectionFailed.Error()) {
			t.Errorf("the events were %q", got)
		}
	})
}

func TestAPlaylistMayBeSteeredFromItsCallbacks(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		list := gotgcall.NewPlaylist(seconds(100, 0), seconds(100, 1), seconds(100, 2))
		var begun []int
		w.client.OnTrackStart(func(_ int64, track gotgcall.PlaylistTrack) {
			begun = append(begun, track.ID)
			if track.ID < 2 {
				must(t, list.Next())
			}
		})
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(begun, []int{0, 1, 2}) {
			t.Errorf("the tracks %v have begun", begun)
		}
	})
}

// slowSong is one that takes a while to open.
func slowSong(d time.Duration, n float64, seed byte) song {
	s := seconds(n, seed)
	s.open = func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s
}

func TestNextsInARowAddUp(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		var tracks []gotgcall.Source
		for i := range 6 {
			tracks = append(tracks, slowSong(time.Second, 100, byte(i)))
		}
		list := gotgcall.NewPlaylist(tracks...)
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(time.Second)
		for range 3 {
			go func() { _ = list.Next() }() // of which the last one wins
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(5 * time.Second)
		events.expect(t, "0 begins", "0 skipped", "3 begins")
		if c, _ := list.Current(); c.ID != 3 {
			t.Errorf("the current track is %d", c.ID)
		}
	})
}

func TestNextBeyondTheEndEndsWhatIsOnItsWay(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.join(1)
		list := gotgcall.NewPlaylist(slowSong(time.Second, 100, 0), slowSong(time.Second, 3, 1))
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(time.Second)
		done := make(chan error)
		go func() { done <- list.Next() }()
		time.Sleep(100 * time.Millisecond)
		must(t, list.Next())
		is(t, <-done, context.Canceled)
		time.Sleep(10 * time.Second)
		events.expect(t, "0 begins", "0 skipped", "end of audio: <nil>")
	})
}

func TestAListWhoseConnectionNeverStoodHasItsEnd(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		answer := w.create(1)
		must(t, w.client.SetStreamSources(1, gotgcall.NewPlaylist(seconds(10, 0))))
		w.server.Endpoint(1).Blackout(true)
		is(t, w.client.Connect(1, answer), gotgcall.ErrConnectionTimeout)
		time.Sleep(time.Second)
		if got := events.all(); len(got) != 3 || got[1] != "0 fails" || !strings.HasPrefix(got[2], "end of audio: gotgcall") {
			t.Errorf("the events were %q", got)
		}
	})
}

func TestNextBeyondTheEndBeforeConnectEndsTheList(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		events := newTape(w.client)
		w.create(1)
		list := gotgcall.NewPlaylist(seconds(10, 0))
		must(t, w.client.SetStreamSources(1, list))
		must(t, list.Next())
		time.Sleep(time.Second)
		events.expect(t, "0 begins", "0 skipped", "end of audio: <nil>")
	})
}

func TestAListThatWasReplacedCanBePlayedElsewhereAtOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		w.join(2)
		slow := ownStreams{open: func() (*media.Streams, error) {
			s, err := seconds(100, 1).Open(t.Context())
			if err != nil {
				return nil, err
			}
			return media.NewStreams(s.Audio, nil, func() error { time.Sleep(300 * time.Millisecond); return nil }), nil
		}}
		list := gotgcall.NewPlaylist(slow)
		must(t, w.client.SetStreamSources(1, list))
		time.Sleep(time.Second)
		must(t, w.client.SetStreamSources(1, seconds(100, 2)))
		must(t, w.client.SetStreamSources(2, list))
	})
}

func TestNextBeforeAListPlaysLeavesItsPlace(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		slow := song{packets: 50, seed: 1, open: func(ctx context.Context) error { return politely(ctx) }}
		list := gotgcall.NewPlaylist(slow, song{packets: 50})
		w.join(1)
		go func() { _ = w.client.SetStreamSources(1, list) }()
		synctest.Wait()
		is(t, list.Next(), gotgcall.ErrNoSource)
		if now, _ := list.Current(); now.ID != 0 {
			t.Errorf("the list is at track %d, expected 0: Next has changed nothing", now.ID)
		}
	})
}

func TestASourceThatIsSetWhileItsListIsSteeredIsNotReplacedByTheList(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		other := album{packets: 100}
		for range 100 {
			list := gotgcall.NewPlaylist(seconds(2, 0), seconds(2, 1), seconds(2, 2))
			must(t, w.client.SetStreamSources(1, list))
			var next, set error
			var both sync.WaitGroup
			both.Go(func() { next = list.Next() })
			both.Go(func() { set = w.client.SetStreamSources(1, other) })
			both.Wait()
			if name := w.stats(1).Source; set == nil && name != fmt.Sprintf("%T", other) {
				t.Fatalf("SetStreamSources and Next (%v) have returned, and %s plays", next, name)
			}
		}
	})
}
