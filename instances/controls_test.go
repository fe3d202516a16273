package instances

import (
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/demux"
)

// slowMouth is an outlet that is in the middle of sending a packet until it is told to go on.
type slowMouth struct {
	nowhere
	speaks, goOn chan struct{}
}

func (o *slowMouth) audio(*leg, demux.Frame, bool, time.Time, time.Time) {
	o.speaks <- struct{}{}
	<-o.goOn
}

// TestMuteAndPauseReturnWhenNothingLeavesAnyMore: a packet that is being sent when they are called has left when they return.
func TestMuteAndPauseReturnWhenNothingLeavesAnyMore(t *testing.T) {
	for name, control := range map[string]func(*playback){
		"mute":       func(p *playback) { p.setMuted(true) },
		"pause":      func(p *playback) { p.pause() },
		"disconnect": func(p *playback) { p.disconnect() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConcert(t, packet)
				defer c.env.Scheduler.Close()
				c.push(1)
				mouth := &slowMouth{speaks: make(chan struct{}), goOn: make(chan struct{})}
				c.connect(mouth, true)
				<-mouth.speaks
				returned := make(chan struct{})
				go func() {
					control(c.playback)
					close(returned)
				}()
				synctest.Wait()
				if isClosed(returned) {
					t.Error("it has returned while a packet was leaving")
				}
				close(mouth.goOn)
				synctest.Wait()
				if !isClosed(returned) {
					t.Error("it has not returned though nothing leaves any more")
				}
			})
		})
	}
}
