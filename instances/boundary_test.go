package instances

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
	"gotgcall/models"
)

// verse is a Source of so many packets of sound.
type verse int

func (verse) Tracks() media.Track { return media.TrackAudio }

func (v verse) Open(context.Context) (*media.Streams, error) {
	song := oggtest.Join(oggtest.Stream{}.Pages(oggtest.Packets(int(v), 960, 101)))
	return media.NewStreams(strings.NewReader(string(song)), nil, nil), nil
}

// herald keeps what is told of a list, and acts at a certain moment of that, on the scheduler's goroutine.
type herald struct {
	Events
	at  string // what is told then; "taken": the next track has been taken and is about to play
	act func()

	mu   sync.Mutex
	told []string // guarded by mu
}

func (h *herald) tell(what string) {
	h.mu.Lock()
	h.told = append(h.told, what)
	h.mu.Unlock()
	h.reach(what)
}

// reach acts when the moment has come, once.
func (h *herald) reach(what string) {
	if what == h.at {
		h.at = ""
		h.act()
	}
}

// hears returns a call that plays a list, of which the herald is told.
func (h *herald) hears(t *testing.T, list *Playlist) *call {
	t.Helper()
	env := voiceEnvironment(h)
	t.Cleanup(env.Scheduler.Close)
	c := &call{}
	c.begin(1, env, encoded)
	c.play.connect(&witness{herald: h}, true)
	if err := c.play.setSource(t.Context(), request{source: list}); err != nil {
		t.Fatal(err)
	}
	return c
}

// expect stops the call when its list is over, and fails unless exactly this was told.
func (h *herald) expect(t *testing.T, c *call, want string) {
	t.Helper()
	time.Sleep(10 * time.Second)
	c.stop(t.Context(), models.ErrConnectionNotFound, func() {})
	h.mu.Lock()
	defer h.mu.Unlock()
	if got := strings.Join(h.told, ", "); got != want {
		t.Errorf("was told\n%s, expected\n%s", got, want)
	}
}

func (h *herald) TrackStart(_ int64, t PlaylistTrack) { h.tell(fmt.Sprintf("%d begins", t.ID)) }

func (h *herald) TrackEnd(_ int64, t PlaylistTrack, err error) {
	switch {
	case errors.Is(err, models.ErrSkipped):
		h.tell(fmt.Sprintf("%d skipped", t.ID))
	case err != nil:
		h.tell(fmt.Sprintf("%d fails", t.ID))
	default:
		h.tell(fmt.Sprintf("%d ends", t.ID))
	}
}

func (h *herald) StreamEnd(_ int64, _ models.StreamType, _ models.Device, err error) {
	h.tell(fmt.Sprintf("end: %v", err))
}

// witness is an outlet that lets a herald know that a track has been taken.
type witness struct {
	nowhere
	*herald
}

func (w *witness) finish() { w.reach("taken") }

// TestAListIsSteeredAtTheMomentBetweenTwoTracks: what is asked of it then is asked of the track before, or of the one that follows, and of none twice.
func TestAListIsSteeredAtTheMomentBetweenTwoTracks(t *testing.T) {
	song, missing := verse(25), verse(0)
	for _, tt := range []struct {
		name   string
		tracks []media.Source
		loop   LoopMode
		at     string
		act    func(l *Playlist)
		want   string
	}{
		{"Next ends a repetition that has not begun", []media.Source{song}, LoopTrack, "0 ends", next, "0 begins, 0 ends, end: <nil>"},
		{"Next ends a repetition that is about to begin", []media.Source{song}, LoopTrack, "taken", next, "0 begins, 0 ends, 0 begins, 0 skipped, end: <nil>"},
		{
			"Next goes on from the track that has just begun", []media.Source{song, missing, song, song}, LoopOff, "1 fails", next,
			"0 begins, 0 ends, 1 fails, 2 begins, 2 skipped, 3 begins, 3 ends, end: <nil>",
		},
		{
			"Next from the track that has just ended goes to the one that begins, once", []media.Source{song, song}, LoopOff, "0 ends", next,
			"0 begins, 0 ends, 1 begins, 1 ends, end: <nil>",
		},
		{
			"what is removed does not begin any more", []media.Source{song, song, song}, LoopOff, "0 ends", func(l *Playlist) { l.Remove(1) },
			"0 begins, 0 ends, 2 begins, 2 ends, end: <nil>",
		},
		{
			"what is appended changes nothing for the track that follows", []media.Source{song, song}, LoopOff, "0 ends", func(l *Playlist) { l.Append(song) },
			"0 begins, 0 ends, 1 begins, 1 ends, 2 begins, 2 ends, end: <nil>",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := NewPlaylist(tt.tracks...)
				list.SetLoop(tt.loop)
				h := &herald{at: tt.at, act: func() {
					go tt.act(list)
					synctest.Wait()
				}}
				c := h.hears(t, list)
				h.expect(t, c, tt.want)
			})
		})
	}
}

func next(l *Playlist) { _ = l.Next() }

// TestAnotherVolumeThatComesTooLateForATrackIsThatOfTheNextOne: also when that has been taken already, and is about to play.
func TestAnotherVolumeThatComesTooLateForATrackIsThatOfTheNextOne(t *testing.T) {
	for at, want := range map[string]error{"0 ends": nil, "taken": errNextPlays} {
		t.Run(at, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c call
				var from atomic.Pointer[stream]
				h := &herald{at: at, act: func() {
					if err := c.play.bequeath(from.Load(), media.EncodeOptions{Volume: 2}); !errors.Is(err, want) {
						t.Errorf("the error is %v, expected %v", err, want)
					}
				}}
				env := voiceEnvironment(h)
				defer env.Scheduler.Close()
				c.begin(1, env, encoded)
				c.play.connect(&witness{herald: h}, true)
				if err := c.play.setSource(t.Context(), request{source: NewPlaylist(verse(25), verse(100))}); err != nil {
					t.Fatal(err)
				}
				from.Store(c.play.playing.Load())
				time.Sleep(time.Second)
				if volume := c.play.playing.Load().wish().options.Volume; want == nil && volume != 2 {
					t.Errorf("the next track plays at the volume %v", volume)
				}
				c.stop(t.Context(), models.ErrConnectionNotFound, func() {})
			})
		})
	}
}

// onlyOnce is a Source that can be opened once, as a reader can.
type onlyOnce struct {
	verse
	opened *atomic.Int32
}

func (s onlyOnce) Open(ctx context.Context) (*media.Streams, error) {
	if s.opened.Add(1) > 1 {
		return nil, models.ErrFile
	}
	return s.verse.Open(ctx)
}

// TestNextPlaysTheTrackThatIsOpenAlready: to follow the one that plays. It need not be possible to open it a second time.
func TestNextPlaysTheTrackThatIsOpenAlready(t *testing.T) {
	for name, tt := range map[string]struct {
		fails media.Source // between the two; nil for nothing
		steer func(l *Playlist) error
		want  string
	}{
		"Next":                   {nil, (*Playlist).Next, "0 begins, 0 skipped, 1 begins, 1 ends, end: <nil>"},
		"Jump":                   {nil, func(l *Playlist) error { return l.Jump(1) }, "0 begins, 0 skipped, 1 begins, 1 ends, end: <nil>"},
		"Next to one that fails": {verse(0), (*Playlist).Next, "0 begins, 0 skipped, 1 fails, 2 begins, 2 ends, end: <nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				list := NewPlaylist(verse(100))
				list.Append(tt.fails, onlyOnce{50, &atomic.Int32{}})
				h := &herald{}
				c := h.hears(t, list)
				time.Sleep(time.Second)
				if err := tt.steer(list); err != nil {
					t.Error(err)
				}
				h.expect(t, c, tt.want)
			})
		})
	}
}

// TestNextFindsThatTheListHasComeThereByItself: between the choice of a track and its opening.
func TestNextFindsThatTheListHasComeThereByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := NewPlaylist(verse(50), verse(100))
		h := &herald{}
		c := h.hears(t, list)
		from := c.play.playing.Load()
		time.Sleep(1500 * time.Millisecond)
		if err := c.play.jump(list, from, list.List()[1]); err != nil {
			t.Error(err)
		}
		h.expect(t, c, "0 begins, 0 ends, 1 begins, 1 ends, end: <nil>")
	})
}
