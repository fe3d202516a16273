package instances

import (
	"errors"
	"log/slog"
	"sync"
	"testing"

	"gotgcall/internal/pacer"
	"gotgcall/models"
)

// TestAListMayBeChangedAtTheMomentAtWhichItsNextTrackIsOpen: the scheduler looks whether what is to follow still does, while that is being installed.
func TestAListMayBeChangedAtTheMomentAtWhichItsNextTrackIsOpen(t *testing.T) {
	env := voiceEnvironment(nil)
	defer env.Scheduler.Close()
	list := NewPlaylist(verse(1), verse(1))
	tracks := list.List()
	stream := func(i int) *stream {
		return &stream{request: request{source: tracks[i].Source, track: &listed{PlaylistTrack: tracks[i], list: list}}}
	}
	for range 30 { // which comes first, chance decides
		p := newPlayback(t.Context(), 1, env, encoded)
		n, o := &succession{of: stream(0)}, &opening{follows: true}
		p.succession, p.opening = n, o
		var installing sync.WaitGroup
		installing.Go(func() {
			if !p.installSuccessor(n, o, stream(1)) {
				t.Error("it was not installed")
			}
		})
		p.stillFollows()
		installing.Wait()
		if !p.stillFollows() {
			t.Error("it does not follow")
		}
		list.Append(verse(1))
		if !p.stillFollows() {
			t.Error("it does not follow any more, though something was added behind it")
		}
		if list.SetLoop(LoopTrack); p.stillFollows() {
			t.Error("it follows though the track before is repeated")
		}
		list.SetLoop(LoopOff)
	}
}

// TestWhatIsOpenedInVainIsNotBeingOpenedAnyMore: after a Rejoin a seek would be busy with it for ever.
func TestWhatIsOpenedInVainIsNotBeingOpenedAnyMore(t *testing.T) {
	env := &Environment{Logger: slog.New(slog.DiscardHandler), Scheduler: pacer.NewScheduler()}
	defer env.Scheduler.Close()
	p := newPlayback(t.Context(), 1, env, encoded)
	o := p.newOpening(t.Context())
	defer o.end()
	p.opening, p.failed = o, models.ErrConnectionFailed
	if err := p.install(o, &stream{}); !errors.Is(err, models.ErrNotConnected) || !errors.Is(err, models.ErrConnectionFailed) {
		t.Errorf("the error is %v", err)
	}
	if p.opening != nil {
		t.Error("it counts as being opened")
	}
}
