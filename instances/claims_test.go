package instances

import (
	"sync"
	"testing"
)

// TestAListIsFreeAfterAStopAtTheMomentAtWhichItsTrackIsOpen: Stop closes a stream as soon as it is known, while who opened it still waits for its first
// packet, or has just got it.
func TestAListIsFreeAfterAStopAtTheMomentAtWhichItsTrackIsOpen(t *testing.T) {
	for name, stop := range map[string]func(closing *sync.WaitGroup, s *stream){
		"before who opened it goes on": func(_ *sync.WaitGroup, s *stream) { s.close() },
		"beside who opened it":         func(closing *sync.WaitGroup, s *stream) { closing.Go(s.close) },
	} {
		t.Run(name, func(t *testing.T) {
			for range 30 { // which comes first, chance decides
				stopsWhileATrackIsOpened(t, stop)
			}
		})
	}
}

func stopsWhileATrackIsOpened(t *testing.T, stop func(closing *sync.WaitGroup, s *stream)) {
	env := voiceEnvironment(nil)
	defer env.Scheduler.Close()
	list := NewPlaylist(verse(1))
	track, _ := list.first()
	one, other := newPlayback(t.Context(), 1, env, encoded), newPlayback(t.Context(), 2, env, encoded)
	r := request{host: one, source: track.Source, track: &listed{PlaylistTrack: track, list: list}}
	var closing sync.WaitGroup
	s, err := openStream(t.Context(), t.Context(), env, r, func() {}, func(s *stream) {
		<-s.legs[0].ready
		stop(&closing, s)
	})
	closing.Wait()
	if err == nil {
		s.close() // by the playback, which is closed
	}
	if err := list.claim(other); err != nil {
		t.Error(err)
	}
}
