//go:build unix

package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

// guard bounds every wait of a test; it is never reached by one that passes.
const guard = 30 * time.Second

// self is the program that plays the roles.
func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// testRunner is a Runner whose ffmpeg is the test binary and which must have left nothing behind when the test is over.
func testRunner(t testing.TB, change func(*Config, *limits)) *Runner {
	t.Helper()
	leak.Check(t)
	c, l := Config{Path: self(t)}, defaultLimits
	l.kill, l.close, l.reason = guard, guard, guard // a slow machine is no reason to fail
	if change != nil {
		change(&c, &l)
	}
	r := newRunner(c, l, spawn)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return r
}

// start runs a role with its arguments.
func start(t testing.TB, r *Runner, role string, args ...string) *Process {
	t.Helper()
	return startCommand(t, r, Command{Args: append([]string{"--role=" + role}, args...)})
}

func startCommand(t testing.TB, r *Runner, c Command) *Process {
	t.Helper()
	p, err := r.Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// within fails the test when f has not returned in time.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(guard):
		t.Fatalf("%s did not return", what)
	}
}

// eventually polls until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(guard); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// readAll reads an output to its end, which is nil for io.EOF.
func readAll(t testing.TB, r io.Reader) (data []byte, err error) {
	t.Helper()
	within(t, "reading to the end", func() { data, err = io.ReadAll(r) })
	return data, err
}

// readPid reads the line with which a role tells the pid of its helper, which may have begun to drip before it.
func readPid(t testing.TB, r io.Reader) int {
	t.Helper()
	var line string
	var err error
	within(t, "reading a pid", func() { line, err = bufio.NewReaderSize(r, 16).ReadString('\n') })
	pid, convErr := strconv.Atoi(strings.Trim(line, "x\n"))
	if err = errors.Join(err, convErr); err != nil {
		t.Fatalf("no pid: %v", err)
	}
	return pid
}

// alive reports whether a process lives. A zombie is dead: the system's first process may never reap it.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		if _, noProc := os.Stat("/proc/self/stat"); noProc != nil {
			return syscall.Kill(pid, 0) == nil
		}
		return false
	}
	rest := stat[bytes.LastIndexByte(stat, ')')+1:]
	return !bytes.HasPrefix(rest, []byte(" Z")) && !bytes.HasPrefix(rest, []byte(" X"))
}

func wantCrash(t testing.TB, err error) *ExitError {
	t.Helper()
	var exit *ExitError
	if !errors.Is(err, models.ErrFFmpegCrashed) || !errors.As(err, &exit) {
		t.Fatalf("error %v, want an ErrFFmpegCrashed with an ExitError", err)
	}
	return exit
}

func wantStopped(t testing.TB, err error) {
	t.Helper()
	if !errors.Is(err, os.ErrClosed) || errors.Is(err, models.ErrFFmpegCrashed) {
		t.Errorf("error %v, want one that is os.ErrClosed and no crash", err)
	}
}

func debugLog() (*slog.Logger, *logBuffer) {
	b := &logBuffer{}
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})), b
}
