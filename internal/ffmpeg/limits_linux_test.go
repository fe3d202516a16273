package ffmpeg

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gotgcall/models"
)

func init() { roles["spin"] = roleSpin }

// roleSpin uses up processor time: a minute of it, should nobody end it.
func roleSpin([]string) int {
	for begin := time.Now(); time.Since(begin) < time.Minute; {
	}
	return 0
}

// bounded is a Runner whose children have limits.
func bounded(t *testing.T, l models.ProcessLimits) *Runner {
	t.Helper()
	return testRunner(t, func(c *Config, _ *limits) { c.ProcessLimits = l })
}

func TestChildrenHaveTheLimitsButThoseThatAreUnlimited(t *testing.T) {
	const without = ^uint64(0)
	r := bounded(t, models.ProcessLimits{CPU: 1500 * time.Millisecond, AddressSpace: 1 << 30, Output: 12345})
	for _, unlimited := range []bool{false, true} {
		p := startCommand(t, r, Command{Name: "sleep", Args: []string{"60"}, Unlimited: unlimited})
		for name, want := range map[string]struct {
			resource int
			value    uint64
		}{
			"processor time": {unix.RLIMIT_CPU, 2}, "address space": {unix.RLIMIT_AS, 1 << 30}, "size of files": {unix.RLIMIT_FSIZE, 12345},
		} {
			var got unix.Rlimit
			if err := unix.Prlimit(p.Pid(), want.resource, nil, &got); err != nil {
				t.Fatal(err)
			}
			if unlimited {
				want.value = without
			}
			if got.Cur != want.value || got.Max != want.value {
				t.Errorf("unlimited %v: the limits of the %s are %d and %d, expected %d", unlimited, name, got.Cur, got.Max, want.value)
			}
		}
		p.Stop()
	}
}

func TestAChildThatReachesALimitEndsWithItsName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "large")
	for _, tt := range []struct {
		field   string
		limits  models.ProcessLimits
		command Command
		signal  string
	}{
		{"CPU", models.ProcessLimits{CPU: time.Second}, Command{Args: []string{"--role=spin"}}, "SIGKILL"},
		{"Output", models.ProcessLimits{Output: 4096}, Command{Name: "dd", Args: []string{"if=/dev/zero", "of=" + file, "bs=4096", "count=10000"}}, "SIGXFSZ"},
		{"AddressSpace", models.ProcessLimits{AddressSpace: 128 << 20}, Command{Name: "tail", Args: []string{"/dev/zero"}}, ""}, // a line without end
	} {
		t.Run(tt.field, func(t *testing.T) {
			_, err := readAll(t, startCommand(t, bounded(t, tt.limits), tt.command).Output(0))
			exit := wantCrash(t, err)
			text := err.Error()
			if exit.Signal != tt.signal || !strings.Contains(exit.Limit, fmt.Sprintf("WithProcessLimits allows (%s)", tt.field)) ||
				!strings.Contains(text, exit.Limit) || strings.Contains(text, "from outside") {
				t.Errorf("the error is «%v», with signal %q and limit %q", err, exit.Signal, exit.Limit)
			}
		})
	}
}

func TestAChildThatCannotBeLimitedIsNotLeftRunning(t *testing.T) {
	refused := fmt.Errorf("%w: address space: %w", errLimits, unix.EPERM)
	testRunner(t, nil) // for its check of what is left behind
	r := newRunner(Config{Path: self(t)}, defaultLimits, func(s spec) (child, error) {
		return spawnLimited(s, func(int, models.ProcessLimits) error { return refused })
	})
	defer r.Close()
	_, err := r.Start(t.Context(), Command{Args: []string{"--role=hang"}})
	if !isSpawnError(err, unix.EPERM) || !errors.Is(err, errLimits) || !strings.Contains(err.Error(), "leave WithProcessLimits out") {
		t.Errorf("the error is «%v»", err)
	}
}
