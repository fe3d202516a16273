//go:build unix

package instances

import (
	"errors"
	"log/slog"
	"testing"

	"gotgcall/internal/ffmpeg"
	"gotgcall/internal/leak"
	"gotgcall/internal/pacer"
	"gotgcall/internal/rtc"
	"gotgcall/jsonparams"
	"gotgcall/models"
	"gotgcall/sfutest"
)

// TestAConnectionThatStandsTooLateIsClosed: Stop and Rejoin may come at the very moment at which Connect succeeds.
func TestAConnectionThatStandsTooLateIsClosed(t *testing.T) {
	for name, overtake := range map[string]func(t *testing.T, c *GroupCall){
		"Stop": func(t *testing.T, c *GroupCall) { c.Stop(t.Context(), models.ErrConnectionNotFound) },
		"Rejoin": func(_ *testing.T, c *GroupCall) { // of which this is the first half; the other one waits for Connect
			c.mu.Lock()
			defer c.mu.Unlock()
			c.setStateLocked(stateDisconnected)
		},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			server, err := sfutest.NewServer(sfutest.WithTolerances(sfutest.Patient()))
			noError(t, err)
			defer server.Close()
			engine, err := rtc.NewEngine(rtc.Config{Logger: slog.New(slog.DiscardHandler)})
			noError(t, err)
			defer engine.Close()
			env := &Environment{
				Logger: slog.New(slog.DiscardHandler), Engine: engine, Scheduler: pacer.NewScheduler(), Runner: ffmpeg.New(ffmpeg.Config{}), Events: new(diary),
			}
			defer env.Scheduler.Close()
			id, err := engine.NewIdentity()
			noError(t, err)
			c := NewGroupCall(1, id, env)
			defer c.Stop(t.Context(), models.ErrClosed)
			text, err := server.Join(1, id.Payload())
			noError(t, err)
			answer, err := jsonparams.ParseAnswer(text, jsonparams.ParseOptions{AllowLoopback: true})
			noError(t, err)
			_, settled, err := c.beginConnect(func(error) {})
			noError(t, err)
			link, err := engine.Connect(t.Context(), id, answer)
			noError(t, err)
			overtake(t, c)
			if err := c.connected(t.Context(), link); err == nil || name == "Stop" && !errors.Is(err, models.ErrConnectionNotFound) {
				t.Errorf("Connect returns %v", err)
			}
			close(settled)
			if link.State() != models.Closed {
				t.Errorf("the connection is %s, expected that it is closed", link.State())
			}
		})
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
