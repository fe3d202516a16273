package instances

import (
	"log/slog"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/pacer"
	"gotgcall/media"
	"gotgcall/models"
)

func voiceEnvironment(events Events) *Environment {
	return &Environment{
		Logger: slog.New(slog.DiscardHandler), Scheduler: pacer.NewScheduler(), Runner: ffmpeg.New(ffmpeg.Config{Path: os.DevNull}), Events: events,
	}
}

// TestAVoiceThatIsClearedBeforeItIsHeardHasItsEnd: nothing of it has been sent, and yet it is no sound that the source does not have.
func TestAVoiceThatIsClearedBeforeItIsHeardHasItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := &chronicle{}
		env := voiceEnvironment(heard)
		defer env.Scheduler.Close()
		var c call
		c.begin(1, env, encoded)
		voice := media.FromOpus()
		if err := c.play.setSource(t.Context(), request{source: voice}); err != nil {
			t.Fatal(err)
		}
		voice.Clear()
		voice.End()
		synctest.Wait()
		c.play.connect(&nowhere{}, true)
		time.Sleep(time.Second)
		if ends := heard.take(); !slices.Equal(ends, []error{nil}) {
			t.Errorf("the ends were %v, expected one without an error", ends)
		}
		c.stop(t.Context(), models.ErrConnectionNotFound, func() {})
	})
}

// TestAVoiceWhoseFirstPacketIsLongerThanIsReadAheadIsPlayed: it is there before its reader has said so, if something keeps that from it.
func TestAVoiceWhoseFirstPacketIsLongerThanIsReadAheadIsPlayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := voiceEnvironment(nil)
		defer env.Scheduler.Close()
		voice := media.FromOpus()
		if _, err := voice.Write([]byte{3<<3 | 1, 0, 0}); err != nil { // two frames of 60 ms
			t.Fatal(err)
		}
		r := request{host: newPlayback(t.Context(), 1, env, encoded), source: voice}
		busy := func() { time.Sleep(3 * lookInterval) } // the scheduler
		s, err := openStream(t.Context(), t.Context(), env, r, busy, func(*stream) {})
		if err != nil {
			t.Fatal(err)
		}
		s.close()
		<-s.closed
	})
}
