package gotgcall_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gotgcall"
)

func TestChildProcessesHaveALowerPriorityIfThatIsWanted(t *testing.T) {
	const ownPriority = 20 // what the system call returns for nice 0
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	must(t, err)
	own := ownPriority - raw
	for want, options := range map[int][]gotgcall.Option{own: nil, max(own, 10): {gotgcall.WithLowPriority()}} {
		s := newStudio(t, options...)
		s.join(1)
		said := filepath.Join(t.TempDir(), "nice")
		// The priority is set just after the start.
		command := fmt.Sprintf(`sh -c 'sleep 0.3; cut -d" " -f19 /proc/self/stat >"$0"; exec cat testdata/pages1s.ogg' %s`, said)
		must(t, s.client.SetStreamSources(1, gotgcall.FromShell(command, gotgcall.TrackAudio)))
		text, err := os.ReadFile(said)
		must(t, err)
		if got := strings.TrimSpace(string(text)); got != fmt.Sprint(want) {
			t.Errorf("a child has the niceness %s, expected %d", got, want)
		}
	}
}
