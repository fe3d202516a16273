package instances

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
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
	sound.queue.clear()
	hear(5)
	if ok, _, err := s.cushion(true); !ok || err != nil {
		t.Errorf("it never begins with sound that is over after a packet: %v", err)
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
		joins        time.Duration
		heard        int
		begin        []int64 // of what is seen, in ms
	}{
		{"nothing", nil, nil, time.Second, 0, nil},
		{"sound of 100 ms", frames(audio, 20, 50, 0), nil, time.Second, 5, nil},
		{"one packet of 120 ms", frames(audio, 120, 3, 0), nil, 360 * time.Millisecond, 1, nil},
		{"pictures of 100 ms", frames(audio, 20, 50, 0), frames(video, 40, 25, 0), time.Second, 5, []int64{920, 960}},
		{"pictures without sound", nil, frames(video, 40, 25, 0), time.Second, 0, []int64{920, 960}},
		{"a picture that lasts begins with the sound", frames(audio, 20, 100, 0), frames(video, 1000, 2, 0), 2 * time.Second, 5, []int64{1900}},
		{"without sound it does so, too", nil, frames(video, 1000, 2, 0), 1500 * time.Millisecond, 0, []int64{1400}},
		{"one that is just over too, for others refer to it", frames(audio, 20, 52, 0), frames(video, 200, 5, -60), time.Second, 5, []int64{940}},
		{"each at a time of its own", frames(audio, 20, 50, 0), frames(video, 20, 50, -40), time.Second, 5, []int64{900, 900, 900, 920, 940}},
		{"one of a track that is over does not", frames(audio, 20, 100, 0), frames(video, 1000, 1, 0), 2 * time.Second, 5, nil},
		{"sound that is late", frames(audio, 20, 50, 0), frames(video, 40, 25, 0), 1100 * time.Millisecond, 5, []int64{920, 960}},
		{"sound that has run dry", frames(audio, 20, 50, 0), nil, time.Minute, 5, nil},
		{"a film that has run dry", frames(audio, 20, 50, 0), frames(video, 40, 27, 0), time.Minute, 5, []int64{1000, 1040}},
		{"pictures after the sound", frames(audio, 20, 50, 0), frames(video, 40, 50, 0), 2 * time.Second, 0, []int64{1920, 1960}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hub{epoch: time.Now().Add(-test.joins), sound: past{rate: audio}, sight: past{rate: video}}
				for _, f := range test.sound {
					h.sound.add(f)
				}
				for _, f := range test.sight {
					h.sight.add(f)
				}
				sound, sight := h.pastLocked()
				if len(sound) != test.heard {
					t.Errorf("%d packets, expected %d", len(sound), test.heard)
				}
				var begin []int64
				for i, f := range sight {
					begin = append(begin, f.PTS*1000/video)
					if f.Duration <= 0 || i > 0 && f.PTS <= sight[i-1].PTS {
						t.Errorf("picture %d lasts %d ticks from %d on", i, f.Duration, f.PTS)
					}
				}
				if !slices.Equal(begin, test.begin) {
					t.Errorf("pictures begin at %d ms, expected %d", begin, test.begin)
				}
			})
		})
	}
}
