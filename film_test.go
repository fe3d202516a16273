package gotgcall_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/ivftest"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
	"gotgcall/sfutest"
)

// film is a Source of both legs, at 30 pictures a second and 50 packets of sound.
type film struct {
	sound, picture int                       // packets and frames; 0 is no such leg
	keySize        int                       // bytes of a key frame; 0 is 1000, like the others
	soundReader    func(io.Reader) io.Reader // what stands between the bytes and the library
	pictureReader  func(io.Reader) io.Reader
	late           int64  // when the sound begins, in 48 kHz ticks
	rate           uint32 // pictures per second; 0 is 30
}

func (f film) Tracks() gotgcall.Track { return gotgcall.TrackAudio | gotgcall.TrackVideo }

func (f film) Open(context.Context) (*media.Streams, error) {
	var audio, video io.Reader
	if f.sound > 0 {
		packets := oggtest.Packets(f.sound, 960, 101)
		audio = bytes.NewReader(oggtest.Join(oggtest.Stream{Start: f.late}.Pages(packets)))
		if f.soundReader != nil {
			audio = f.soundReader(audio)
		}
	}
	if f.picture > 0 {
		frames := ivftest.Frames(f.picture, 1, 1000)
		if f.keySize > 0 {
			for i := range frames {
				if i%30 == 0 {
					frames[i].Data = ivftest.Key(f.keySize, 1)
				}
			}
		}
		stream := ivftest.Stream{}
		if f.rate > 0 {
			stream.Num, stream.Den = 1, f.rate
		}
		video = bytes.NewReader(stream.Bytes(frames))
		if f.pictureReader != nil {
			video = f.pictureReader(video)
		}
	}
	return media.NewStreams(audio, video, func() error {
		for _, r := range []io.Reader{audio, video} {
			if c, ok := r.(io.Closer); ok {
				_ = c.Close()
			}
		}
		return nil
	}), nil
}

// pictures returns the chat's video packets without padding.
func (w *world) pictures(chat int64) []sfutest.Packet {
	ep := w.server.Endpoint(chat)
	return slices.DeleteFunc(slices.Clone(ep.Records(ep.VideoSSRC())), func(p sfutest.Packet) bool { return p.Size == 0 })
}

// frames counts the frames in video packets.
func frames(packets []sfutest.Packet) (n int) {
	for _, p := range packets {
		if p.Marker {
			n++
		}
	}
	return n
}

func (l *eventLog) order() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ends)
}

// expectEnds fails unless exactly these legs ended, in this order, without an error.
func (w *world) expectEnds(want ...string) {
	w.t.Helper()
	if got := w.log.order(); !slices.Equal(got, want) {
		w.t.Errorf("the ends were %q, expected %q", got, want)
	}
	for _, err := range w.log.ended() {
		if err != nil {
			w.t.Errorf("an end has the error %v", err)
		}
	}
}

const (
	videoEnd = "1 video camera"
	audioEnd = "1 audio microphone"
)

func TestAFilmArrivesInSyncWithPicturesBeforeSoundAtTheEnd(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300}))
		time.Sleep(5 * time.Second)
		if state, _ := w.client.GetState(1); state.VideoStopped {
			t.Error("VideoStopped while a film plays")
		}
		for _, second := range []int{1, 2, 3, 4} {
			audio := ep.Records(ep.AudioSSRC())[second*50]
			var video sfutest.Packet
			for n, p := 0, w.pictures(1); n < second*30; p = p[1:] {
				if p[0].Marker {
					n++
				}
				video = p[1]
			}
			a, ok1 := ep.SenderTime(ep.AudioSSRC(), audio.Timestamp)
			v, ok2 := ep.SenderTime(ep.VideoSSRC(), video.Timestamp)
			if offset := a.Sub(v).Abs(); !ok1 || !ok2 || offset > time.Millisecond {
				t.Errorf("at second %d sound and picture are %s apart", second, offset)
			}
		}
		time.Sleep(time.Minute)
		if n := frames(w.pictures(1)); n != 300 {
			t.Errorf("%d frames arrived, expected 300", n)
		}
		if n := len(w.records(1)); n != 500 {
			t.Errorf("%d packets of sound arrived, expected 500", n)
		}
		w.expectEnds(videoEnd, audioEnd)
		if state, _ := w.client.GetState(1); !state.VideoStopped {
			t.Error("VideoStopped is false after the film")
		}
		w.noViolations()
	})
}

func TestLegsOfDifferentLengthEndEachByItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		film film
		want []string
		at   time.Duration
	}{
		"short picture":               {film{sound: 500, picture: 60}, []string{videoEnd, audioEnd}, 10 * time.Second},
		"short sound":                 {film{sound: 100, picture: 300}, []string{audioEnd, videoEnd}, 10 * time.Second},
		"picture only":                {film{picture: 300}, []string{videoEnd}, 10 * time.Second},
		"sound only":                  {film{sound: 500}, []string{audioEnd}, 10 * time.Second},
		"sound ends a little earlier": {film{sound: 495, picture: 300}, []string{videoEnd, audioEnd}, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				start := time.Now()
				must(t, w.client.SetStreamSources(1, c.film))
				for len(w.log.order()) < len(c.want) && time.Since(start) < time.Minute {
					time.Sleep(10 * time.Millisecond)
				}
				if took := time.Since(start); (took - c.at).Abs() > 100*time.Millisecond {
					t.Errorf("the last end came after %s, expected %s", took, c.at)
				}
				time.Sleep(time.Minute)
				w.expectEnds(c.want...)
				if n := frames(w.pictures(1)); n != c.film.picture {
					t.Errorf("%d frames arrived of %d", n, c.film.picture)
				}
				if n := len(w.records(1)); n != c.film.sound {
					t.Errorf("%d packets of sound arrived of %d", n, c.film.sound)
				}
				w.noViolations()
			})
		})
	}
}

func TestSoundThatBeginsLaterKeepsItsDistance(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 250, picture: 300, late: 3 * 48000}))
		time.Sleep(time.Minute)
		if offset := w.records(1)[0].Arrival.Sub(w.pictures(1)[0].Arrival); (offset - 3*time.Second).Abs() > time.Millisecond {
			t.Errorf("the sound began %s after the picture, expected 3s", offset)
		}
		if at := w.position(1); (at-10*time.Second).Abs() > 40*time.Millisecond && (at-8*time.Second).Abs() > 40*time.Millisecond {
			t.Errorf("the position at the end is %s", at)
		}
	})
}

func TestThePictureDoesNotWaitForSoundThatBeginsMuchLater(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		start := time.Now()
		must(t, w.client.SetStreamSources(1, film{sound: 100, picture: 900, late: 20 * 48000, soundReader: func(r io.Reader) io.Reader {
			g := newGate(r, 0)
			time.AfterFunc(16*time.Second, func() { close(g.opened) }) // later than a source may take to open
			return g
		}}))
		if took := time.Since(start); took > time.Second {
			t.Errorf("the picture waited %s for the sound", took)
		}
		time.Sleep(time.Minute)
		if offset := w.records(1)[0].Arrival.Sub(w.pictures(1)[0].Arrival); (offset - 20*time.Second).Abs() > time.Millisecond {
			t.Errorf("the sound began %s after the picture, expected 20s", offset)
		}
		w.expectEnds(audioEnd, videoEnd)
		w.noViolations()
	})
}

func TestPauseFreezesBothLegsAndMuteOnlyTheSound(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 1000, picture: 600}))
		time.Sleep(3*time.Second + 5*time.Millisecond)
		_, err := w.client.Pause(1)
		must(t, err)
		sound, picture := len(w.records(1)), len(w.pictures(1))
		time.Sleep(10 * time.Minute)
		if len(w.records(1)) != sound || len(w.pictures(1)) != picture {
			t.Error("media left during the pause")
		}
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(3 * time.Second)
		_, err = w.client.Mute(1)
		must(t, err)
		sound, picture = len(w.records(1)), frames(w.pictures(1))
		time.Sleep(2 * time.Second)
		if n := len(w.records(1)) - sound; n != 0 {
			t.Errorf("%d packets of sound left while muted", n)
		}
		if n := frames(w.pictures(1)) - picture; n < 59 || n > 61 {
			t.Errorf("%d frames in 2 s of muting, expected 60", n)
		}
		_, err = w.client.Unmute(1)
		must(t, err)
		time.Sleep(2 * time.Second)
		audio, video := w.records(1), w.pictures(1)
		a, _ := ep.SenderTime(ep.AudioSSRC(), audio[len(audio)-1].Timestamp)
		v, _ := ep.SenderTime(ep.VideoSSRC(), video[len(video)-1].Timestamp)
		if offset := a.Sub(v).Abs(); offset > 40*time.Millisecond {
			t.Errorf("after pause and mute the latest sound and picture are %s apart", offset)
		}
		time.Sleep(time.Minute)
		w.expectEnds(videoEnd, audioEnd)
		w.noViolations()
	})
}

func TestAKeyFrameIsSpreadOverItsInterval(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 200, picture: 120, keySize: 60_000}))
		time.Sleep(time.Minute)
		most, longest := 0, time.Duration(0)
		packets := w.pictures(1)
		for start := 0; start < len(packets); {
			end, burst := start, 0
			for end < len(packets) && packets[end].Timestamp == packets[start].Timestamp {
				if end > start && packets[end].Arrival.Equal(packets[end-1].Arrival) {
					burst++
				}
				end++
			}
			most = max(most, burst)
			longest = max(longest, packets[end-1].Arrival.Sub(packets[start].Arrival))
			if n := end - start; n > 50 && packets[end-1].Arrival.Sub(packets[start].Arrival) < 15*time.Millisecond {
				t.Errorf("%d packets of one frame left within %s", n, packets[end-1].Arrival.Sub(packets[start].Arrival))
			}
			start = end
		}
		if longest > time.Second/30 {
			t.Errorf("a frame took %s, longer than its interval", longest)
		}
		w.noViolations()
	})
}

func TestSwitchingBetweenSoundAndFilmNeedsNoRejoin(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 500}))
		time.Sleep(5 * time.Second)
		if state, _ := w.client.GetState(1); !state.VideoStopped {
			t.Error("VideoStopped is false while a song plays")
		}
		if padding := ep.Records(ep.VideoSSRC()); len(padding) < 2 || len(padding) > 4 {
			t.Errorf("%d packets of padding in 5 s of a declared but silent video, expected one every 2 s", len(padding))
		}
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300}))
		time.Sleep(5 * time.Second)
		if state, _ := w.client.GetState(1); state.VideoStopped {
			t.Error("VideoStopped while a film plays")
		}
		if n := frames(w.pictures(1)); n < 149 || n > 151 {
			t.Errorf("%d frames in 5 s, expected 150", n)
		}
		must(t, w.client.SetStreamSources(1, song{packets: 100}))
		before := len(w.pictures(1))
		time.Sleep(time.Minute)
		if state, _ := w.client.GetState(1); !state.VideoStopped {
			t.Error("VideoStopped is false after the film was replaced by a song")
		}
		if n := len(w.pictures(1)); n != before {
			t.Errorf("%d packets of the old picture came after it was replaced", n-before)
		}
		w.expectEnds(audioEnd)
		w.noViolations()
	})
}

func TestAPictureThatIsLateIsDroppedAndTheSoundGoesOn(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		var g *gate
		must(t, w.client.SetStreamSources(1, film{sound: 1000, picture: 600, pictureReader: func(r io.Reader) io.Reader {
			g = newGate(r, 150_000) // about 5 s of picture
			return g
		}}))
		time.Sleep(9*time.Second + 10*time.Millisecond)
		before := w.pictures(1)
		close(g.opened)
		time.Sleep(time.Minute)
		checkSteady(t, w.records(1))
		packets := w.pictures(1)
		fresh := packets[len(before):]
		if !isKey(fresh[0]) {
			t.Error("the picture did not begin again with a key frame")
		}
		for i, p := range fresh {
			media := time.Duration(p.Timestamp-before[0].Timestamp) * time.Second / 90000
			if lag := p.Arrival.Sub(before[0].Arrival) - media; lag > 250*time.Millisecond {
				t.Fatalf("packet %d after the gap is %s behind the sound", i, lag)
			}
		}
		if n := frames(packets); n > 600-90 || n < 400 {
			t.Errorf("%d of 600 frames arrived, expected those of about 4 s to be dropped", n)
		}
		w.expectEnds(videoEnd, audioEnd)
	})
}

// isKey tells whether a packet begins a VP8 key frame: behind the four bytes of the payload descriptor the lowest bit is 0.
func isKey(p sfutest.Packet) bool {
	return len(p.Payload) > 4 && p.Payload[0]&0x10 != 0 && p.Payload[4]&1 == 0
}

func TestALegThatWaitsForTheOtherDoesNotDeadlock(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		// The sound comes only after 8 s of picture have been read: far more than the picture's queue holds.
		released := make(chan struct{})
		must(t, w.client.SetStreamSources(1, film{
			sound: 500, picture: 300,
			pictureReader: func(r io.Reader) io.Reader { return &tap{r: r, left: 240_000, done: released} },
			soundReader: func(r io.Reader) io.Reader {
				g := newGate(r, 0)
				go func() { <-released; close(g.opened) }()
				return g
			},
		}))
		time.Sleep(time.Minute)
		if n, m := frames(w.pictures(1)), len(w.records(1)); n != 300 || m != 500 {
			t.Fatalf("%d frames and %d packets of sound arrived, expected 300 and 500", n, m)
		}
		if offset := w.records(1)[0].Arrival.Sub(w.pictures(1)[0].Arrival); offset.Abs() > time.Millisecond {
			t.Errorf("the sound began %s after the picture, which was read on for it", offset)
		}
		w.expectEnds(videoEnd, audioEnd)
	})
}

// tap passes everything and says when so much was read.
type tap struct {
	r    io.Reader
	left int
	done chan struct{}
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if t.left > 0 {
		if t.left -= n; t.left <= 0 {
			close(t.done)
		}
	}
	return n, err
}

func TestAFilmOfAnOddRateKeepsItsClockForAnHour(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		list := ivftest.Frames(2000, 1001, 100)
		must(t, w.client.SetStreamSources(1, bytesSource{ivftest.Stream{Num: 1, Den: 30000}.Bytes(list)}))
		time.Sleep(5 * time.Minute)
		packets := w.pictures(1)
		if len(packets) != 2000 {
			t.Fatalf("%d packets arrived, expected 2000", len(packets))
		}
		for i, p := range packets {
			if got, want := int64(p.Timestamp-packets[0].Timestamp), int64(i)*3003; got != want {
				t.Fatalf("frame %d has the timestamp %d, expected %d", i, got, want)
			}
		}
		exact := time.Duration(1999 * 1001 * int64(time.Second) / 30000)
		if took := packets[1999].Arrival.Sub(packets[0].Arrival); (took - exact).Abs() > time.Millisecond {
			t.Errorf("2000 frames at 29.97 fps took %s, expected %s", took, exact)
		}
	})
}

func TestAPictureThatStandsStillIsNoStallWhileTheSoundPlays(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		var g *gate
		must(t, w.client.SetStreamSources(1, film{sound: 2000, picture: 60, pictureReader: func(r io.Reader) io.Reader {
			g = newGate(r, 30_000)
			return g
		}}))
		time.Sleep(30 * time.Second)
		if ends := w.log.order(); len(ends) != 0 {
			t.Errorf("the ends were %v while the sound was playing", ends)
		}
		close(g.opened)
		time.Sleep(time.Minute)
		w.expectEnds(videoEnd, audioEnd)
		w.noViolations() // nor is the picture's SSRC silent
	})
}

// tangledFilm is a film whose sound lies behind all of its picture, until each leg is read by itself.
type tangledFilm struct {
	film
	opened *atomic.Int64
	fail   error
}

func (f tangledFilm) Open(ctx context.Context) (*media.Streams, error) {
	if f.opened.Add(1) == 1 {
		f.soundReader = func(r io.Reader) io.Reader { return newGate(r, 0) }
		return f.film.Open(ctx)
	}
	if f.fail != nil {
		return nil, f.fail
	}
	return f.film.Open(ctx)
}

func (f tangledFilm) OpenAt(ctx context.Context, _ time.Duration) (*media.Streams, error) {
	return f.Open(ctx)
}

func TestLegsTooFarApartAreReadBySeparateProcesses(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]error{"and play on": nil, "or end with the reason": gotgcall.ErrFile} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				var opened atomic.Int64
				must(t, w.client.SetStreamSources(1, tangledFilm{
					film:   film{sound: 500, picture: 300, keySize: 2 << 20}, // 16 MiB of picture are reached after 8 s
					opened: &opened, fail: fail,
				}))
				time.Sleep(3 * time.Minute)
				if n := opened.Load(); n != 2 {
					t.Errorf("the source was opened %d times, expected twice", n)
				}
				if fail == nil {
					w.expectEnds(videoEnd, audioEnd)
					// Key frames of 2 MiB overflow the virtual network now and then; what counts is that the sound is there, whole.
					if n := len(w.records(1)); n < 480 {
						t.Errorf("%d packets of sound arrived, expected about 500", n)
					}
					return
				}
				ends := w.log.ended()
				if len(ends) != 2 {
					t.Fatalf("%d ends, expected two", len(ends))
				}
				is(t, ends[0], fail)
				is(t, ends[1], fail)
			})
		})
	}
}

// stuckFilm is a tangledFilm that cannot be opened again before somebody gives up waiting for it.
type stuckFilm struct {
	tangledFilm
	offsets chan time.Duration // of every OpenAt
}

func (f stuckFilm) OpenAt(ctx context.Context, at time.Duration) (*media.Streams, error) {
	stuck := f.opened.CompareAndSwap(1, 2)
	if f.offsets <- at; stuck {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return f.Open(ctx)
}

func TestASeekDoesNotWaitForASourceThatIsBeingOpenedAgain(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		f := stuckFilm{
			tangledFilm{film: film{sound: 500, picture: 300, keySize: 2 << 20}, opened: new(atomic.Int64)}, make(chan time.Duration, 16),
		}
		must(t, w.client.SetStreamSources(1, f))
		from := <-f.offsets // it is being opened again, there
		must(t, w.client.SeekBy(1, 60_000))
		if to := <-f.offsets; to != from+time.Minute {
			t.Errorf("it was opened at %v, then at %v, expected a minute more", from, to)
		}
		time.Sleep(time.Minute)
		w.expectEnds(videoEnd, audioEnd)
		if at, err := w.client.Time(1); err != nil || at < 69_000 || at > 71_000 {
			t.Errorf("it ended at %d ms, %v", at, err)
		}
		if len(f.offsets) > 0 {
			t.Errorf("it was opened once more, at %v", <-f.offsets)
		}
	})
}

// Short sound: one ffmpeg keeps its pipe open until the picture is over.
func TestAPictureMuchLongerThanItsSoundPlaysToItsEnd(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		var g *gate
		must(t, w.client.SetStreamSources(1, film{
			sound: 100, picture: 900, keySize: 1 << 20, // 30 MiB of picture
			soundReader: func(r io.Reader) io.Reader {
				g = newGate(r, 11_000) // all but the last packets
				return g
			},
		}))
		time.Sleep(29 * time.Second)
		close(g.opened)
		time.Sleep(time.Minute)
		if n := frames(w.pictures(1)); n != 900 {
			t.Errorf("%d frames arrived, expected 900", n)
		}
		if ends := w.log.ended(); len(ends) != 2 || ends[0] != nil || ends[1] != nil {
			t.Errorf("the ends are %v, expected two without an error", ends)
		}
	})
}

func TestAHiccupOfBothLegsDropsNoPictureWhicheverComesFirst(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"picture", "sound"} {
		t.Run(first, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				var sound, picture *gate
				must(t, w.client.SetStreamSources(1, film{
					sound: 1000, picture: 600,
					soundReader:   func(r io.Reader) io.Reader { sound = newGate(r, 40_000); return sound },
					pictureReader: func(r io.Reader) io.Reader { picture = newGate(r, 200_000); return picture },
				}))
				time.Sleep(12 * time.Second)
				a, b := sound, picture
				if first == "picture" {
					a, b = picture, sound
				}
				close(a.opened)
				time.Sleep(time.Millisecond)
				close(b.opened)
				time.Sleep(time.Minute)
				if n := frames(w.pictures(1)); n < 595 {
					t.Errorf("%d of 600 frames arrived", n)
				}
				w.expectEnds(videoEnd, audioEnd)
			})
		})
	}
}

func TestAFilmThatIsReplacedInTheMiddleOfAFrameLeavesItWhole(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300, keySize: 60_000}))
		time.Sleep(3*time.Second + 10*time.Millisecond) // a key frame is due at 3 s
		must(t, w.client.SetStreamSources(1, film{sound: 100, picture: 60}))
		time.Sleep(time.Minute)
		w.noViolations()
	})
}

func TestThePositionIsThatOfTheSoundWhileItPlays(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 10, rate: 1}))
		time.Sleep(2300 * time.Millisecond)
		if at := w.position(1); at < 2280*time.Millisecond || at > 2320*time.Millisecond {
			t.Errorf("the position is %s, 2.3 s have been heard", at)
		}
	})
}

func TestAPauseInTheMiddleOfAKeyFrameCompletesIt(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300, keySize: 60_000}))
		time.Sleep(2*time.Second + 10*time.Millisecond) // a key frame is due at 2 s
		_, err := w.client.Pause(1)
		must(t, err)
		paused := time.Now()
		time.Sleep(time.Minute)
		packets := w.pictures(1)
		if last := packets[len(packets)-1].Arrival; last.After(paused) {
			t.Errorf("a packet of the picture left %s after Pause had returned", last.Sub(paused))
		}
		if !packets[len(packets)-1].Marker {
			t.Error("the frame was left unfinished")
		}
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(time.Minute)
		w.expectEnds(videoEnd, audioEnd)
		w.noViolations()
	})
}

// bytesSource is a Source of video that is there already.
type bytesSource struct{ ivf []byte }

func (bytesSource) Tracks() gotgcall.Track { return gotgcall.TrackVideo }

func (s bytesSource) Open(context.Context) (*media.Streams, error) {
	return media.NewStreams(nil, bytes.NewReader(s.ivf), nil), nil
}

func TestADamagedTimestampDoesNotParkAFilm(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		list := ivftest.Frames(120, 1, 100)
		for i := range list[60:] {
			list[60+i].PTS += 30 * 3600
		}
		must(t, w.client.SetStreamSources(1, bytesSource{ivftest.Stream{}.Bytes(list)}))
		time.Sleep(10 * time.Second)
		packets := w.pictures(1)
		if len(packets) != 120 {
			t.Fatalf("%d of 120 frames arrived within 10 s", len(packets))
		}
		if gap := packets[60].Arrival.Sub(packets[59].Arrival); gap > 100*time.Millisecond {
			t.Errorf("the jump was waited for %s", gap)
		}
		if step := packets[60].Timestamp - packets[59].Timestamp; step > 9000 {
			t.Errorf("the timestamps jump by %d", step)
		}
		if at := w.position(1); (at - 4*time.Second).Abs() > 50*time.Millisecond {
			t.Errorf("the position at the end is %s", at)
		}
		if ends := w.log.ended(); len(ends) != 1 || ends[0] != nil {
			t.Errorf("it ended with %v", ends)
		}
	})
}

// TestPicturesOfOneMomentAreNotOneFrame: what has the timestamp of the picture before is a part of it for a receiver (RFC 7741 section 4.1).
func TestPicturesOfOneMomentAreNotOneFrame(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		w.join(1)
		list := ivftest.Frames(120, 1, 100)
		for i := range list[60:] {
			list[60+i].PTS += uint64(i+1) * 30 * 3600 // an hour further each time: nobody waits, so they all are due at once
		}
		must(t, w.client.SetStreamSources(1, bytesSource{ivftest.Stream{}.Bytes(list)}))
		time.Sleep(10 * time.Second)
		packets := w.pictures(1)
		if len(packets) != 120 {
			t.Fatalf("%d of 120 frames arrived within 10 s", len(packets))
		}
		for i, p := range packets[1:] {
			if step := p.Timestamp - packets[i].Timestamp; step == 0 || step > 9000 {
				t.Fatalf("frame %d is %d ticks behind the one before", i+1, step)
			}
		}
		w.noViolations()
	})
}
