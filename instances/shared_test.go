package instances

import (
	"testing"
	"testing/synctest"

	"gotgcall/models"
)

// TestASharedListThatIsJustBeingLeftCanBePlayed: its last call goes while a packet is being sent.
func TestASharedListThatIsJustBeingLeftCanBePlayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := voiceEnvironment(&herald{})
		defer env.Scheduler.Close()
		var one, other call
		one.begin(1, env, encoded)
		other.begin(2, env, encoded)
		radio := NewShared(NewPlaylist(verse(500)))
		h, _, err := radio.enter(one.env, request{host: one.play, source: radio})
		if err != nil {
			t.Fatal(err)
		}
		<-h.ready
		door := &doorway{reached: make(chan struct{}), opened: make(chan struct{})}
		h.play.connect(door, true)
		<-door.reached
		left, joined := make(chan struct{}), make(chan error, 1)
		go func() {
			defer close(left)
			radio.exit(h)()
		}()
		synctest.Wait()
		go func() { joined <- other.play.setSource(t.Context(), request{source: radio}) }()
		synctest.Wait()
		close(door.opened)
		<-left
		if err := <-joined; err != nil {
			t.Error(err)
		}
		for _, c := range []*call{&one, &other} {
			c.stop(t.Context(), models.ErrConnectionNotFound, func() {})
		}
	})
}

// TestWhoOpensASharedSourceIsEarly: however fast that is opened, what could not be played is told to who has opened it.
func TestWhoOpensASharedSourceIsEarly(t *testing.T) {
	env := voiceEnvironment(&herald{})
	defer env.Scheduler.Close()
	p := newPlayback(t.Context(), 1, env.of(1), encoded)
	radio := NewShared(verse(500))
	for _, want := range []bool{true, false} {
		h, early, err := radio.enter(p.env, request{host: p, source: radio})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { radio.exit(h)() }()
		if <-h.ready; early != want {
			t.Errorf("it is early: %v, expected %v", early, want)
		}
	}
}
