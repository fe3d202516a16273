package instances

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gotgcall/models"
)

func TestADiagnosisSpeaksOfWhatTheCallIs(t *testing.T) {
	now := time.Now()
	flows := models.LegStats{Playing: true, Frames: 100, LastSent: now, Queued: time.Second}
	plays := models.CallStats{State: models.Connected, Since: now, Source: "a song", Audio: flows}
	refused := models.CallStats{State: models.Connecting, Since: now, Source: "a song", Audio: flows}
	refused.Push = models.PushStats{Attempts: 3, LastError: errors.New("nobody listens there")}
	failed := plays
	failed.State = models.Failed
	for name, c := range map[string]struct {
		stats     models.CallStats
		broadcast bool
		says, not []string
	}{
		"a call before Connect":             {models.CallStats{}, false, []string{"give Connect the server's answer", "Connect was not called)"}, []string{"since never"}},
		"a call that has failed":            {failed, false, []string{"join again", "failed since"}, []string{"broadcast"}},
		"a call that waits for its source":  {models.CallStats{State: models.Connected, Since: now}, false, []string{"still waits for its source"}, []string{"not connected"}},
		"a call that plays":                 {plays, false, []string{"muted by an administrator", "the server has not reported yet"}, nil},
		"a broadcast without a source":      {models.CallStats{}, true, []string{"the broadcast is not connected", "no source was set)"}, []string{"Connect ", "since never"}},
		"a broadcast that nobody takes":     {refused, true, []string{"stream key", "after 3 attempts: nobody listens there"}, []string{"Connect "}},
		"a broadcast that has failed":       {failed, true, []string{"StartRTMP"}, []string{"join again"}},
		"a broadcast that the server takes": {plays, true, []string{"the server takes the broadcast"}, []string{"administrator", "reported"}},
	} {
		text := diagnose(c.stats, !c.broadcast, 100, now).String()
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in %q", name, want, text)
			}
		}
		for _, other := range c.not {
			if strings.Contains(text, other) {
				t.Errorf("%s: %q is in %q", name, other, text)
			}
		}
	}
}
