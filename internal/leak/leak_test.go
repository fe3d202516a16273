package leak

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// recorder is a testing.TB that keeps what would have failed the test.
type recorder struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) finish() string {
	for _, f := range r.cleanups {
		f()
	}
	return strings.Join(r.errors, "\n")
}

func TestALeakIsReportedAndWhatEndedIsNot(t *testing.T) {
	tests := []struct {
		name  string
		linux bool
		want  string
		leak  func(t *testing.T) (end func())
	}{
		{"goroutine", false, "goroutine ", func(*testing.T) func() {
			stop, done := make(chan struct{}), make(chan struct{})
			go func() { defer close(done); <-stop }()
			return func() { close(stop); <-done }
		}},
		{"descriptor", true, "/dev/null", func(t *testing.T) func() {
			f, err := os.Open(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			return func() { f.Close() }
		}},
		{"child", true, "child ", func(t *testing.T) func() {
			cmd := exec.Command("sleep", "60")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			return func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
		}},
		{"unreaped child", true, "in state Z", func(t *testing.T) func() {
			cmd := exec.Command("true")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(10 * time.Second); !strings.Contains(fmt.Sprint(children()), "in state Z"); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the child did not end")
				}
			}
			return func() { _ = cmd.Wait() }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.linux && runtime.GOOS != "linux" {
				t.Skip("needs /proc")
			}
			leaky, clean := &recorder{TB: t}, &recorder{TB: t}
			check(leaky, 0)
			end := tt.leak(t)
			check(clean, 10*time.Second) // sees it from the start, so its going away is no leak
			report := leaky.finish()
			end()
			if !strings.Contains(report, tt.want) {
				t.Errorf("report %q does not name %q", report, tt.want)
			}
			if report := clean.finish(); report != "" {
				t.Errorf("reported as a leak: %s", report)
			}
		})
	}
}

func TestWhatGoesAwaySoonIsNoLeak(t *testing.T) {
	r := &recorder{TB: t}
	check(r, 10*time.Second)
	stop := make(chan struct{})
	go func() { <-stop }()
	time.AfterFunc(20*time.Millisecond, func() { close(stop) })
	if report := r.finish(); report != "" {
		t.Errorf("reported as a leak: %s", report)
	}
}
