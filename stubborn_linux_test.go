package gotgcall_test

import (
	"slices"
	"testing"
	"time"

	"gotgcall"
)

// stubbornCommand is a program that ignores what it is asked, and has a helper that does so too and holds its output and its stderr.
func stubbornCommand(t *testing.T) gotgcall.Source {
	const script = `trap "" TERM INT HUP QUIT; (exec sleep 600) & cat "$0"; while :; do sleep 600; done`
	return gotgcall.FromShell("sh -c '"+script+"' "+oggFile(t, 500), gotgcall.TrackAudio)
}

func TestStubbornProgramsAndTheirHelpersHoldUpNeitherStopNorClose(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(*gotgcall.Client) error
		limit time.Duration // ten times what is promised
	}{
		"Stop":           {func(c *gotgcall.Client) error { return c.Stop(1) }, 20 * time.Second},
		"Close":          {(*gotgcall.Client).Close, 50 * time.Second},
		"another source": {func(c *gotgcall.Client) error { return c.SetStreamSources(1, song{packets: 500}) }, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t)
			s.join(1)
			must(t, s.client.SetStreamSources(1, stubbornCommand(t)))
			var pids []int
			until(t, "the program has its helper", func() bool {
				pids = processesOf(t, "self")
				return len(pids) >= 3 // the program, its helper, and what it waits with
			})
			begin := time.Now()
			must(t, c.end(s.client))
			if took := time.Since(begin); took > c.limit {
				t.Errorf("it took %s", took)
			}
			until(t, "nothing of it lives", func() bool { return !slices.ContainsFunc(pids, lives) })
		})
	}
}
