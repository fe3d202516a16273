package instances

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/models"
)

// TestAPictureThatLastsDoesNotLetACallBeginBeforeItHasEnoughSound: it would run dry at the first late wake-up.
func TestAPictureThatLastsDoesNotLetACallBeginBeforeItHasEnoughSound(t *testing.T) {
	picture := newLegAt(models.Video, models.Camera, hubVideoRate, time.Second, 1<<20)
	sound := newLegAt(models.Audio, models.Microphone, hubAudioRate, time.Second, 1<<20)
	s := &stream{legs: []*leg{picture, sound}}
	enough := func() bool {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := s.awaitCushion(ctx)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		return err == nil
	}
	hear := func(i int64) {
		_, err := sound.queue.push(t.Context(), demux.Frame{Data: []byte{1}, PTS: i * 960, Duration: 960})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := picture.queue.push(t.Context(), demux.Frame{Data: []byte{1}, Duration: hubVideoRate}); err != nil {
		t.Fatal(err)
	}
	if !enough() {
		t.Error("it does not begin with the picture though there is no sound")
	}
	for i := range int64(5) {
		if i > 0 && enough() {
			t.Errorf("it begins with %d packets of sound", i)
		}
		hear(i)
	}
	if !enough() {
		t.Error("it does not begin with 100 ms of sound")
	}
}

func TestWhoJoinsAHubIsGivenWhatIsHeardAndSeenAtThatMoment(t *testing.T) {
	const audio, video = hubAudioRate, hubVideoRate
	frames := func(rate, every, n, from int64) (list []demux.Frame) {
		for i := range n {
			list = append(list, demux.Frame{PTS: (from + i*every) * rate / 1000, Duration: every * rate / 1000})
		}
		return list
	}
	for _, test := range []struct {
		name         string
		sound, sight []demux.Frame
		heard        int
		begin        []int64 // of what is seen, in ms
	}{
		{"nothing", nil, nil, 0, nil},
		{"sound of 100 ms", frames(audio, 20, 50, 0), nil, 5, nil},
		{"one packet of 120 ms", frames(audio, 120, 3, 0), nil, 1, nil},
		{"pictures of 100 ms", frames(audio, 20, 50, 0), frames(video, 40, 25, 0), 5, []int64{920, 960}},
		{"pictures without sound", nil, frames(video, 40, 25, 0), 0, []int64{920, 960}},
		{"a picture that lasts begins with the sound", frames(audio, 20, 100, 0), frames(video, 1000, 2, 0), 5, []int64{1900}},
		{"one that is just over too, for others refer to it", frames(audio, 20, 52, 0), frames(video, 200, 5, -60), 5, []int64{940}},
		{"one of a track that is over does not", frames(audio, 20, 100, 0), frames(video, 1000, 1, 0), 5, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			sound, sight := past{rate: audio}, past{rate: video}
			for _, f := range test.sound {
				sound.add(f)
			}
			for _, f := range test.sight {
				sight.add(f)
			}
			if n := len(sound.since(sound)); n != test.heard {
				t.Errorf("%d packets, expected %d", n, test.heard)
			}
			var begin []int64
			for _, f := range sight.since(sound) {
				begin = append(begin, f.PTS*1000/video)
				if f.Duration <= 0 {
					t.Errorf("a picture lasts %d ticks", f.Duration)
				}
			}
			if !slices.Equal(begin, test.begin) {
				t.Errorf("pictures begin at %d ms, expected %d", begin, test.begin)
			}
		})
	}
}
