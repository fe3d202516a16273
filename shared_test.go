package gotgcall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
)

// counted is an album that counts how often it was opened and closed.
type counted struct {
	album
	opened, closed *atomic.Int32
}

func newCounted(a album) counted {
	return counted{album: a, opened: new(atomic.Int32), closed: new(atomic.Int32)}
}

func (s counted) Open(ctx context.Context) (*media.Streams, error) {
	streams, err := s.album.Open(ctx)
	if err != nil {
		return nil, err
	}
	s.opened.Add(1)
	return media.NewStreams(streams.Audio, streams.Video, func() error {
		s.closed.Add(1)
		return streams.Close()
	}), nil
}

// consecutive fails unless the packets of a chat are places of an album in a row, and returns the first.
func (w *world) consecutive(chat int64) (first int) {
	w.t.Helper()
	all := places(w.records(chat))
	for i, place := range all {
		if place != all[0]+i {
			w.t.Errorf("chat %d heard place %d after %d", chat, place, all[i-1])
			break
		}
	}
	return all[0]
}

func TestASharedSourceIsOpenedOnceAndEachCallJoinsWhereItIs(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		source := newCounted(album{packets: 500})
		radio := gotgcall.Shared(source)
		for chat := range int64(5) {
			w.join(chat)
			begin := time.Now()
			must(t, w.client.SetStreamSources(chat, radio))
			time.Sleep(100 * time.Millisecond)
			if packets := w.records(chat); chat > 0 && (len(packets) == 0 || packets[0].Arrival.Sub(begin) > 100*time.Millisecond) {
				t.Errorf("chat %d hears nothing after 100 ms", chat)
			}
			time.Sleep(900 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		if source.opened.Load() != 1 || source.closed.Load() != 1 {
			t.Errorf("the source was opened %d and closed %d times", source.opened.Load(), source.closed.Load())
		}
		for chat := range int64(5) {
			first, packets := w.consecutive(chat), w.records(chat)
			if want := int(chat) * 50; first < want-10 || first > want+5 {
				t.Errorf("chat %d has joined at place %d, expected about %d", chat, first, want)
			}
			seamless(t, packets, 500-first)
			if chat > 0 && packets[0].Seq == w.records(0)[0].Seq {
				t.Error("two calls have the same sequence numbers")
			}
		}
		if ends := w.log.ended(); !slices.Equal(ends, make([]error, 5)) {
			t.Errorf("the ends were %v, expected one for each call", ends)
		}
		w.noViolations()
	})
}

// TestASharedPlaylistThatWasGivenUpCanBePlayedAtOnce: the one that was being opened need not have let go of it.
func TestASharedPlaylistThatWasGivenUpCanBePlayedAtOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		slow := song{packets: 100, open: func(ctx context.Context) error {
			select {
			case <-time.After(2 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		radio := gotgcall.Shared(gotgcall.NewPlaylist(slow))
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			is(t, w.client.SetStreamSourcesContext(ctx, 1, radio), context.DeadlineExceeded)
			cancel()
		}
		must(t, w.client.SetStreamSources(1, radio))
		time.Sleep(3 * time.Second)
		if n := len(w.records(1)); n != 100 {
			t.Errorf("%d packets arrived, expected 100", n)
		}
	})
}

func TestACallThatLeavesASharedSourceDoesNotDisturbTheOthers(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		source := newCounted(album{packets: 5000})
		radio := gotgcall.Shared(source)
		for chat := range int64(3) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, radio))
		}
		time.Sleep(time.Second)
		must(t, w.client.Stop(0)) // the one that opened it
		time.Sleep(time.Second)
		must(t, w.client.SetStreamSources(1, seconds(100, 1)))
		time.Sleep(time.Second)
		_, err := w.client.Mute(2)
		must(t, err)
		time.Sleep(100 * time.Millisecond) // for what is under way
		before := len(w.records(2))
		time.Sleep(900 * time.Millisecond)
		_, err = w.client.Unmute(2)
		must(t, err)
		time.Sleep(time.Second)
		heard := places(w.records(2))
		if jump := heard[before] - heard[before-1]; jump < 49 || jump > 53 || source.closed.Load() != 0 {
			t.Errorf("after a second of mute it went on with place %d after %d; the source was closed %d times", heard[before], heard[before-1], source.closed.Load())
		}
		must(t, w.client.Stop(2))
		synctest.Wait()
		if source.closed.Load() != 1 {
			t.Error("nobody plays the source, and it was not closed")
		}
		must(t, w.client.SetStreamSources(1, radio))
		time.Sleep(time.Second)
		if all := places(w.records(1)); source.opened.Load() != 2 || all[len(all)-40] > 20 {
			t.Errorf("it was opened %d times, and a second after that it is at place %d", source.opened.Load(), all[len(all)-1])
		}
		w.noViolations()
	})
}

func TestAPausedCallComesBackToASharedSourceWhereThatIs(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		radio := gotgcall.Shared(album{packets: 5000})
		for chat := range int64(2) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, radio))
		}
		time.Sleep(2 * time.Second)
		_, err := w.client.Pause(1)
		must(t, err)
		time.Sleep(100 * time.Millisecond) // for what is under way
		before, at := len(w.records(1)), w.position(1)
		time.Sleep(10 * time.Second)
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(time.Second)
		packets := w.records(1)
		heard := places(packets)
		if heard[before] < 500 || heard[before] > 620 {
			t.Errorf("after the pause it went on with place %d after %d", heard[before], heard[before-1])
		}
		if now := w.position(1); now < at+900*time.Millisecond || now > at+1100*time.Millisecond {
			t.Errorf("the position went from %s to %s in a second of playing", at, now)
		}
		for i := before + 1; i < len(packets); i++ {
			if gap := packets[i].Arrival.Sub(packets[i-1].Arrival); gap != 20*time.Millisecond || heard[i] != heard[i-1]+1 {
				t.Errorf("place %d came %s after place %d", heard[i], gap, heard[i-1])
			}
		}
		w.consecutive(0)
		w.noViolations()
	})
}

func TestASharedSourceThatCannotBePlayedIsAnErrorForAll(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		broken := errors.New("no such station")
		radio := gotgcall.Shared(song{open: func(context.Context) error { time.Sleep(time.Second); return broken }})
		var all sync.WaitGroup
		for chat := range int64(3) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, seconds(10, 0)))
			all.Go(func() { is(t, w.client.SetStreamSources(chat, radio), broken) })
		}
		all.Wait()
		is(t, w.client.SetStreamSources(0, radio), broken) // is opened again, and not remembered as broken
		is(t, w.client.SetStreamSources(0, gotgcall.Shared(nil)), gotgcall.ErrInvalidParams)
		hangs := gotgcall.Shared(song{open: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }})
		is(t, w.client.SetStreamSources(0, hangs), gotgcall.ErrSourceTimeout)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		is(t, w.client.SetStreamSourcesContext(ctx, 0, hangs), context.DeadlineExceeded)
		time.Sleep(15 * time.Second)
		if ends := w.log.ended(); len(ends) != 3 {
			t.Errorf("the old songs ended with %v", ends)
		}
	})
}

func TestASharedSourceThatBreaksOffEndsEachCallOnceWithTheError(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		broken := errors.New("the station is gone")
		radio := gotgcall.Shared(song{packets: 500, reader: func(r io.Reader) io.Reader { return io.MultiReader(io.LimitReader(r, 20_000), failing{broken}) }})
		for chat := range int64(3) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, radio))
		}
		time.Sleep(20 * time.Second)
		ends := w.log.ended()
		if len(ends) != 3 {
			t.Errorf("the ends were %v", ends)
		}
		for _, err := range ends {
			is(t, err, broken)
		}
	})
}

// TestTheFirstCallOfASharedFilmSeesItFromTheFirstPictureOn: the next one that needs none before it comes a second later.
func TestTheFirstCallOfASharedFilmSeesItFromTheFirstPictureOn(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, gotgcall.Shared(film{sound: 500, picture: 300})))
		time.Sleep(15 * time.Second)
		if n := frames(w.pictures(1)); n != 300 {
			t.Errorf("%d pictures were seen, expected all 300", n)
		}
		if n := len(w.records(1)); n != 500 {
			t.Errorf("%d packets were heard, expected all 500", n)
		}
		w.expectInSync(ep, "from the beginning")
		w.noViolations()
	})
}

func TestASharedFilmBeginsWithAKeyFrameForEachCallAndStaysInSync(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		cinema := gotgcall.Shared(film{sound: 500, picture: 300})
		for chat := range int64(4) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, cinema))
			time.Sleep(700 * time.Millisecond)
		}
		time.Sleep(15 * time.Second)
		for chat := range int64(4) {
			ep := w.server.Endpoint(chat)
			if n := frames(w.pictures(chat)); n < 200 {
				t.Errorf("chat %d saw %d pictures", chat, n)
			}
			if s := ep.VideoStats(); s.KeyFrames < 6 {
				t.Errorf("chat %d has %d key frames", chat, s.KeyFrames)
			}
		}
		if ends := w.log.ended(); len(ends) != 8 {
			t.Errorf("%d ends, expected two for each call: %v", len(ends), ends)
		}
		w.noViolations()
	})
}

// TestACallThatJoinsASharedFilmBehindTheEndOfItsSoundSeesIt: what is left of the sound is neither waited for, nor waited with for the picture.
func TestACallThatJoinsASharedFilmBehindTheEndOfItsSoundSeesIt(t *testing.T) {
	t.Parallel()
	for _, packet := range []int64{20, 60} { // in ms
		t.Run(fmt.Sprint(packet, " ms"), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				cinema := gotgcall.Shared(film{sound: 1, picture: 600, soundReader: func(io.Reader) io.Reader {
					return bytes.NewReader(oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(10, packet*48, 101))))
				}})
				for chat := range int64(2) {
					w.join(chat)
					must(t, w.client.SetStreamSources(chat, cinema))
					time.Sleep(10 * time.Second)
				}
				time.Sleep(10 * time.Second)
				if n := frames(w.pictures(1)); n < 270 { // the first one that needs none before it may come a second later
					t.Errorf("%d pictures of 10 s were seen, expected 300", n)
				}
				if n := len(w.records(1)); n != 0 {
					t.Errorf("%d packets were heard of what was over", n)
				}
				w.noViolations()
			})
		})
	}
}

// diary is what each chat was told of a list.
type diary struct {
	mu   sync.Mutex
	told map[int64][]string // guarded by mu
}

func newDiary(w *world) *diary {
	d := &diary{told: map[int64][]string{}}
	w.client.OnTrackStart(func(chat int64, track gotgcall.PlaylistTrack) { d.note(chat, fmt.Sprintf("%d begins", track.ID)) })
	w.client.OnTrackEnd(func(chat int64, track gotgcall.PlaylistTrack, err error) {
		for word, known := range map[string]error{"cannot": gotgcall.ErrFile, "skipped": gotgcall.ErrSkipped} {
			if errors.Is(err, known) {
				err = errors.New(word)
			}
		}
		d.note(chat, fmt.Sprintf("%d ends: %v", track.ID, err))
	})
	w.client.OnStreamEnd(func(chat int64, s gotgcall.StreamType, _ gotgcall.Device, err error) {
		d.note(chat, fmt.Sprintf("end of %s: %v", s, err))
	})
	return d
}

func (d *diary) note(chat int64, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told[chat] = append(d.told[chat], text)
}

// expect waits until all is delivered.
func (d *diary) expect(t *testing.T, chat int64, want ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.told[chat], want) {
		t.Errorf("chat %d was told %q, expected %q", chat, d.told[chat], want)
	}
}

func TestASharedPlaylistTellsItsTracksInEachChat(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		d := newDiary(w)
		radio := gotgcall.Shared(gotgcall.NewPlaylist(seconds(2, 0), seconds(2, 1)))
		w.join(1)
		w.join(2)
		must(t, w.client.SetStreamSources(1, radio))
		time.Sleep(3 * time.Second)
		must(t, w.client.SetStreamSources(2, radio))
		time.Sleep(3 * time.Second)
		d.expect(t, 1, "0 begins", "0 ends: <nil>", "1 begins", "1 ends: <nil>", "end of audio: <nil>")
		d.expect(t, 2, "1 begins", "1 ends: <nil>", "end of audio: <nil>")
		seamless(t, w.records(1), 200)
	})
}

// missing is a Source that cannot be opened.
func missing() gotgcall.Source {
	return ownStreams{open: func() (*media.Streams, error) { return nil, fmt.Errorf("%w: it is missing", gotgcall.ErrFile) }}
}

func TestOfASharedPlaylistAlsoTheTracksAreToldThatCannotBePlayed(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		d := newDiary(w)
		for chat := range int64(3) {
			w.join(chat)
		}
		radio := gotgcall.Shared(gotgcall.NewPlaylist(missing(), seconds(2, 0), missing(), seconds(1, 1), missing()))
		go func() { _ = w.client.SetStreamSources(0, radio) }()
		must(t, w.client.SetStreamSources(1, radio))
		time.Sleep(time.Second)
		must(t, w.client.SetStreamSources(2, radio))
		time.Sleep(5 * time.Second)
		all := []string{
			"0 ends: cannot", "1 begins", "1 ends: <nil>", "2 ends: cannot", "3 begins", "3 ends: <nil>", "4 ends: cannot", "end of audio: <nil>",
		}
		d.expect(t, 0, all...)
		d.expect(t, 1, all...)
		d.expect(t, 2, all[1:]...)
	})
}

func TestOfASharedPlaylistOfWhichNothingCanBePlayedAllTracksAreTold(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		d := newDiary(w)
		w.join(1)
		is(t, w.client.SetStreamSources(1, gotgcall.Shared(gotgcall.NewPlaylist(missing(), missing()))), gotgcall.ErrFile)
		d.expect(t, 1, "0 ends: cannot", "1 ends: cannot")
	})
}

func TestASharedPlaylistThatIsSetAgainTellsNothingTwice(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		d := newDiary(w)
		w.join(1)
		w.join(2)
		list := gotgcall.NewPlaylist(seconds(3, 0), seconds(3, 1), seconds(3, 2))
		radio := gotgcall.Shared(list)
		for range 3 {
			must(t, w.client.SetStreamSources(1, radio))
			must(t, w.client.SetStreamSources(2, radio))
			time.Sleep(500 * time.Millisecond)
		}
		must(t, list.Next())
		time.Sleep(time.Second)
		must(t, w.client.SetStreamSources(2, seconds(10, 3))) // it has left
		time.Sleep(3 * time.Second)
		must(t, w.client.SetStreamSources(2, radio)) // and comes back
		time.Sleep(5 * time.Second)
		d.expect(t, 1, "0 begins", "0 ends: skipped", "1 begins", "1 ends: <nil>", "2 begins", "2 ends: <nil>", "end of audio: <nil>")
		d.expect(t, 2, "0 begins", "0 ends: skipped", "1 begins", "2 begins", "2 ends: <nil>", "end of audio: <nil>")
	})
}

func TestASharedSourceThatRunsDryGoesOnForAll(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		var pipe *gate
		radio := gotgcall.Shared(song{packets: 500, reader: func(r io.Reader) io.Reader { pipe = newGate(r, 15_000); return pipe }})
		for chat := range int64(3) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, radio))
		}
		time.Sleep(6 * time.Second)
		close(pipe.opened)
		time.Sleep(20 * time.Second)
		for chat := range int64(3) {
			if n := len(w.records(chat)); n < 480 {
				t.Errorf("chat %d heard %d packets of 500", chat, n)
			}
		}
		if ends := w.log.ended(); !slices.Equal(ends, make([]error, 3)) {
			t.Errorf("the ends were %v", ends)
		}
		w.noViolations()
	})
}

func TestASharedSourceBelongsToOneClient(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		radio := gotgcall.Shared(album{packets: 500})
		w.join(1)
		must(t, w.client.SetStreamSources(1, radio))
		other, err := gotgcall.New(gotgcall.WithoutFFmpeg())
		must(t, err)
		defer other.Close()
		_, err = other.CreateCall(1)
		must(t, err)
		is(t, other.SetStreamSources(1, radio), gotgcall.ErrBusy)
		is(t, w.client.SeekBy(1, 1000), gotgcall.ErrSeekUnsupported)
		is(t, w.client.SetVolume(1, 2), gotgcall.ErrSeekUnsupported)
	})
}

// TestASharedFilmOfOnePictureASecondIsSeen: as a cover is shown. A picture lasts longer than a call may fall behind.
func TestASharedFilmOfOnePictureASecondIsSeen(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		slides := gotgcall.Shared(film{sound: 2000, picture: 40, rate: 1})
		for chat := range int64(2) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, slides))
		}
		time.Sleep(45 * time.Second)
		for chat := range int64(2) {
			if n := frames(w.pictures(chat)); n != 40 {
				t.Errorf("chat %d saw %d pictures, expected all 40", chat, n)
			}
			if packets := w.records(chat); chat == 0 {
				seamless(t, packets, 2000)
			} else if missed := 2000 - len(packets); missed > 5 {
				t.Errorf("chat %d has missed %d packets", chat, missed)
			}
		}
		if ends := w.log.ended(); !slices.Equal(ends, make([]error, 4)) {
			t.Errorf("the ends were %v", ends)
		}
	})
}

func TestCallsShareAProgramThatTalksAndMayFallSilent(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		voice := gotgcall.FromOpus()
		radio := gotgcall.Shared(voice)
		for chat := range int64(2) {
			w.join(chat)
			must(t, w.client.SetStreamSources(chat, radio))
			time.Sleep(time.Minute) // nothing to say
		}
		before := [2]int{len(w.records(0)), len(w.records(1))}
		for range 25 {
			_, err := voice.Write([]byte{0xfc, 1, 2, 3}) // 20 ms
			must(t, err)
		}
		time.Sleep(time.Second)
		for chat := range int64(2) {
			if n := len(w.records(chat)) - before[chat]; n < 24 {
				t.Errorf("chat %d heard %d packets of 25", chat, n)
			}
		}
		if ends := w.log.ended(); len(ends) != 0 {
			t.Errorf("ended with %v", ends)
		}
		w.noViolations()
	})
}
