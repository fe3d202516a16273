package gotgcall_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/score"
)

// loudness is the root mean square of samples in decibels of full scale.
func loudness(samples []int16) float64 {
	var sum float64
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return 20 * math.Log10(math.Sqrt(sum/float64(len(samples)))/32768)
}

func TestAnotherVolumeIsHeardAndNoNoteIsLost(t *testing.T) {
	if !apart(t) {
		return
	}
	const length = 8 * time.Second
	s := newStudio(t)
	ep := s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3", gotgcall.EncodeOptions{End: length})))
	until(t, "two seconds of the song", func() bool { at, err := s.client.Time(1); return err == nil && at >= 2000 })
	must(t, s.client.SetVolume(1, 0.5))
	must(t, s.end())
	samples := heard(t, ep)
	if got := time.Duration(len(samples)) * time.Second / 48000; (got - length).Abs() > 60*time.Millisecond {
		t.Errorf("the listener got %s of %s", got, length)
	}
	if diff := score.Diff(score.Notes(0, length), score.Detect(samples, 48000), 100*time.Millisecond); diff != "" {
		t.Error(diff)
	}
	before, after := loudness(samples[:2*48000]), loudness(samples[len(samples)-2*48000:])
	if fell := before - after; fell < 4 || fell > 8 {
		t.Errorf("it was %.1f dB before and %.1f dB after, expected 6 dB less", before, after)
	}
}

func TestAnotherSpeedIsHeardAndThePositionGoesOn(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3", gotgcall.EncodeOptions{End: 13 * time.Second})))
	must(t, s.client.SetSpeed(1, 4))
	at, err := s.client.Time(1)
	must(t, err)
	sent, err := s.client.Stats(1)
	must(t, err)
	must(t, s.end())
	end, err := s.client.Time(1)
	must(t, err)
	all, err := s.client.Stats(1)
	must(t, err)
	if end < 12_900 || end > 13_100 {
		t.Errorf("it ends at %d ms", end)
	}
	// From the change on, each frame of 20 ms holds 80 ms of the song.
	if got, want := float64(all.Audio.Frames-sent.Audio.Frames), float64(end-at)/80; math.Abs(got-want) > 10 {
		t.Errorf("%.0f frames were sent from %d ms to %d ms, expected %.0f", got, at, end, want)
	}
}

func TestCommandsCannotBeMadeLouderOrFaster(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	s.join(1)
	for name, source := range map[string]gotgcall.Source{
		"one": gotgcall.FromShell("ffmpeg -i testdata/song.mp3", gotgcall.TrackAudio),
		"two": gotgcall.FromShells("ffmpeg -i testdata/song.mp3", ""),
	} {
		t.Run(name, func(t *testing.T) {
			must(t, s.client.SetStreamSources(1, source))
			is(t, s.client.SetVolume(1, 0.5), gotgcall.ErrSeekUnsupported)
			is(t, s.client.SetSpeed(1, 2), gotgcall.ErrSeekUnsupported)
			if state, err := s.client.Stats(1); err != nil || !state.Audio.Playing {
				t.Errorf("what played does not play any more: %v", err)
			}
		})
	}
}

// melody makes a file of some seconds at a sample rate, in the format that its name says.
func melody(t testing.TB, name string, rate int, seconds float64) string {
	t.Helper()
	return makeMedia(t, name, "-f", "lavfi", "-i", fmt.Sprintf("sine=f=440:r=%d:d=%v", rate, seconds), "-ar", fmt.Sprint(rate))
}

func TestAPlaylistOfDifferentFilesIsHeardWhole(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	s.join(1)
	list := gotgcall.NewPlaylist(
		gotgcall.FromFile(melody(t, "a.wav", 8000, 1.5)), gotgcall.FromFile(melody(t, "b.flac", 44100, 1.5)), gotgcall.FromFile("testdata/no such song.mp3"),
		gotgcall.FromFile(melody(t, "c.mp3", 22050, 1.5)), gotgcall.FromFile(melody(t, "d.ogg", 48000, 1.5)),
	)
	ends := make(chan error, 10)
	s.client.OnTrackEnd(func(_ int64, track gotgcall.PlaylistTrack, err error) {
		if err != nil {
			err = fmt.Errorf("track %d: %w", track.ID, err)
		}
		ends <- err
	})
	must(t, s.client.SetStreamSources(1, list))
	must(t, s.end())
	if len(ends) != 5 {
		t.Fatalf("%d tracks have ended", len(ends))
	}
	for i := range 5 {
		if err := <-ends; i == 2 {
			is(t, err, gotgcall.ErrFile)
		} else if err != nil {
			t.Error(err)
		}
	}
	stats, err := s.client.Stats(1)
	must(t, err)
	if n := stats.Audio.Frames; n < 4*75 || n > 4*80 { // the codecs add some milliseconds
		t.Errorf("%d frames were sent of 4 songs of 1.5 s", n)
	}
}

// gaps returns the longest time between two packets of the sound of a chat, and how often the timeline had to be moved.
func (s *studio) gaps(chat int64) (longest time.Duration, moved int) {
	ep := s.server.Endpoint(chat)
	packets := ep.Records(ep.AudioSSRC())
	for i := 1; i < len(packets); i++ {
		longest = max(longest, packets[i].Arrival.Sub(packets[i-1].Arrival))
		if packets[i].Marker {
			moved++
		}
	}
	return longest, moved
}

// BenchmarkGaps measures what a listener misses: the longest time between two packets, in milliseconds, where 20 is none and a late wake-up of a busy
// machine counts too; and how often the sound began anew instead of going on.
func BenchmarkGaps(b *testing.B) {
	play := func(b *testing.B, source gotgcall.Source, steer func(s *studio)) {
		for b.Loop() {
			s := newStudio(b)
			s.join(1)
			must(b, s.client.SetStreamSources(1, source))
			steer(s)
			longest, moved := s.gaps(1)
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms/longest-gap")
			b.ReportMetric(float64(moved), "new-beginnings")
		}
	}
	rates := []int{8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000}
	b.Run("playlist", func(b *testing.B) {
		list := gotgcall.NewPlaylist()
		for i := range 20 {
			list.Append(gotgcall.FromFile(melody(b, fmt.Sprintf("%d.wav", i), rates[i%len(rates)], 3)))
		}
		tracks := 0
		play(b, list, func(s *studio) {
			s.client.OnTrackEnd(func(int64, gotgcall.PlaylistTrack, error) { tracks++ })
			must(b, s.end())
		})
		b.ReportMetric(float64(tracks), "tracks")
	})
	song := gotgcall.FromFile("testdata/song.mp3")
	b.Run("skip", func(b *testing.B) {
		list := gotgcall.NewPlaylist(song, song, song, song, song, song)
		play(b, list, func(*studio) {
			for range 5 {
				time.Sleep(time.Second)
				must(b, list.Next())
			}
			time.Sleep(time.Second)
		})
	})
	b.Run("seek", func(b *testing.B) {
		play(b, song, func(s *studio) {
			for _, delta := range []int64{5000, -3000, 8000, -6000, 2000} {
				time.Sleep(time.Second)
				must(b, s.client.SeekBy(1, delta))
			}
			time.Sleep(time.Second)
		})
	})
	b.Run("volume", func(b *testing.B) {
		play(b, song, func(s *studio) {
			for _, volume := range []float64{0.5, 2, 1} {
				time.Sleep(time.Second)
				must(b, s.client.SetVolume(1, volume))
			}
			time.Sleep(time.Second)
		})
	})
}
