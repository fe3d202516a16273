//go:build unix

package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// feed runs a role that reads.
func feed(t testing.TB, r *Runner, role string, args ...string) *Process {
	t.Helper()
	return startCommand(t, r, Command{Args: append([]string{"--role=" + role}, args...), Input: true})
}

// writer writes to the input until that fails. It returns when the first byte is through.
func writer(t testing.TB, p *Process) chan error {
	t.Helper()
	result := make(chan error, 1)
	begun := make(chan struct{})
	go func() {
		_, err := p.Input().Write([]byte("x"))
		close(begun)
		for b := make([]byte, 100_000); err == nil; {
			_, err = p.Input().Write(b)
		}
		result <- err
	}()
	within(t, "the first Write", func() { <-begun })
	return result
}

// ends waits for the error of a writer.
func ends(t testing.TB, result <-chan error) (err error) {
	t.Helper()
	within(t, "Write", func() { err = <-result })
	return err
}

func wantPipeError(t testing.TB, err error, text string) {
	t.Helper()
	if !errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want EPIPE with %q", err, text)
	}
}

func TestAProgramReadsWhatIsWritten(t *testing.T) {
	p := startCommand(t, testRunner(t, nil), Command{Name: "cat", Input: true}) // fails when it finds an empty pipe that does not block
	buf := make([]byte, 10)
	for range 50 {
		within(t, "a round trip", func() {
			if _, err := p.Input().Write(pattern(10)); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(p.Output(0), buf); err != nil || !bytes.Equal(buf, pattern(10)) {
				t.Errorf("%q, %v", buf, err)
			}
		})
	}
	const size = 1 << 20 // more than both pipes hold
	want := pattern(size)
	finished := make(chan error, 1)
	go func() {
		n, err := p.Input().Write(want)
		if n != size || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
		finished <- p.Finish(guard)
	}()
	if data, err := readAll(t, p.Output(0)); err != nil || !bytes.Equal(data, want) {
		t.Errorf("%d bytes and %v, want all %d and EOF", len(data), err, size)
	}
	if err := <-finished; err != nil {
		t.Errorf("Finish: %v", err)
	}
	_, err := p.Input().Write([]byte("x"))
	wantStopped(t, err)
}

func TestAWriterThatWaitsIsReleased(t *testing.T) {
	reason := errors.New("the listener left")
	ways := map[string]func(p *Process, cancel context.CancelCauseFunc){
		"by Stop":            func(p *Process, _ context.CancelCauseFunc) { p.Stop() },
		"by the context":     func(_ *Process, cancel context.CancelCauseFunc) { cancel(reason) },
		"by Close":           func(p *Process, _ context.CancelCauseFunc) { _ = p.Input().Close() },
		"by Finish":          func(p *Process, _ context.CancelCauseFunc) { _ = p.Finish(0) },
		"by Runner's Close":  func(p *Process, _ context.CancelCauseFunc) { _ = p.runner.Close() },
		"by Close and Close": func(p *Process, _ context.CancelCauseFunc) { _, _ = p.Input().Close(), p.Input().Close() },
	}
	for name, release := range ways {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			p, err := testRunner(t, nil).Start(ctx, Command{Args: []string{"--role=hang"}, Input: true})
			if err != nil {
				t.Fatal(err)
			}
			result := writer(t, p)
			within(t, name, func() { release(p, cancel) })
			err = ends(t, result)
			if wantStopped(t, err); name == "by the context" && !errors.Is(err, reason) {
				t.Errorf("error %v, want the cause in it", err)
			}
			p.Stop()
			_, err = p.Input().Write([]byte("x"))
			wantStopped(t, err)
			if err := p.Input().Close(); err != nil {
				t.Errorf("Close after all: %v", err)
			}
		})
	}
}

func TestAWriteToAProgramThatEndsTellsHow(t *testing.T) {
	tests := []struct {
		name, role string
		args       []string
		crash      string // text of the error
	}{
		{name: "exit 0", role: "bite", args: []string{"100000", "0"}},
		{name: "exit 3", role: "bite", args: []string{"100000", "3", "no such server"}, crash: " exited with code 3: no such server"},
		{name: "killed", role: "die", args: []string{"9"}, crash: " was killed by SIGKILL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := feed(t, testRunner(t, nil), tt.role, tt.args...)
			defer p.Stop()
			for range 2 {
				n, err := 0, error(nil)
				within(t, "Write", func() { n, err = p.Input().Write(make([]byte, 4<<20)) })
				if tt.crash == "" {
					wantPipeError(t, err, "ended before it had read all of its input")
				} else if wantCrash(t, err); err != p.Err() || !strings.Contains(err.Error(), tt.crash) {
					t.Errorf("error %v, Err %v, want both with %q", err, p.Err(), tt.crash)
				}
				if n == 4<<20 {
					t.Error("Write says that all was written")
				}
			}
		})
	}
}

func TestAWriteToAProgramThatClosedItsInputFails(t *testing.T) {
	p := feed(t, testRunner(t, func(_ *Config, l *limits) { l.reason = time.Millisecond }), "refuse")
	defer p.Stop()
	wantPipeError(t, ends(t, writer(t, p)), " closed its input")
	if p.over() {
		t.Error("the program has ended, so nothing was shown")
	}
	p.runner.limits.reason = time.Hour
	within(t, "a second Write, which knows that waiting is in vain", func() {
		_, err := p.Input().Write([]byte("x"))
		wantPipeError(t, err, " closed its input")
	})
}

func TestCloseReleasesAWriteThatWaitsForTheReason(t *testing.T) {
	p := feed(t, testRunner(t, func(_ *Config, l *limits) { l.reason = time.Hour }), "refuse")
	defer p.Stop()
	result := make(chan error, 1)
	go func() {
		var err error
		for b := make([]byte, 100_000); err == nil; {
			_, err = p.Input().Write(b)
		}
		result <- err
	}()
	eventually(t, "the Write has failed", func() bool { return !p.input.open() })
	_ = p.Input().Close()
	wantStopped(t, ends(t, result))
}

func TestADescendantThatHoldsTheInputDoesNotHoldTheWriter(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		args := []string{}
		if hangs {
			args = append(args, "hang")
		}
		p := feed(t, testRunner(t, nil), "bequeath", args...)
		escapee := readPid(t, p.Output(0))
		result := make(chan error, 1)
		go func() {
			_, err := p.Input().Write(make([]byte, 4<<20))
			result <- err
		}()
		if hangs {
			p.Stop()
			wantStopped(t, ends(t, result))
		} else {
			wantPipeError(t, ends(t, result), "ended before it had read")
			p.Stop()
		}
		if !alive(escapee) {
			t.Error("the helper did not escape, so nothing was shown")
		}
		_ = syscall.Kill(escapee, syscall.SIGKILL)
	}
}

func TestAProgramThatOnlyReadsLivesAsLongAsItIsFed(t *testing.T) {
	for _, stdout := range []string{"unused", "first"} { // "first": closed
		t.Run(stdout, func(t *testing.T) {
			p := feed(t, testRunner(t, func(_ *Config, l *limits) { l.exit = time.Millisecond }), "swallow", "0", stdout)
			result := make(chan error, 1)
			go func() {
				_, err := p.Output(0).Read(make([]byte, 1))
				result <- err
			}()
			if stdout == "first" {
				within(t, "the end of stdout", func() {
					if err := <-result; err != io.EOF {
						t.Errorf("stdout ended with %v", err)
					}
				})
			}
			for n := 100; n <= 10_000; n += 100 {
				if _, err := p.Input().Write(pattern(100)); err != nil {
					t.Fatalf("after %d bytes: %v", n, err)
				}
			}
			eventually(t, "all was read", func() bool { return strings.Contains(p.Stderr(), "got 10000") })
			if err := p.Finish(guard); err != nil {
				t.Errorf("Finish: %v", err)
			}
			if stdout != "first" {
				if err := ends(t, result); err != io.EOF {
					t.Errorf("stdout ended with %v", err)
				}
			}
		})
	}
}

func TestAProgramWithoutInputHasNone(t *testing.T) {
	p := start(t, testRunner(t, nil), "hang")
	defer p.Stop()
	defer func() {
		if recover() == nil {
			t.Error("Input did not panic")
		}
	}()
	p.Input()
}
