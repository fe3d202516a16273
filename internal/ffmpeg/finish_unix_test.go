//go:build unix

package ffmpeg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"gotgcall/models"
)

// wantNothingHeld fails when a process still has a descriptor or is known to its Runner.
func wantNothingHeld(t testing.TB, p *Process) {
	t.Helper()
	for i, o := range p.outputs {
		if conn, err := o.file.SyscallConn(); err == nil && conn.Control(func(uintptr) {}) == nil {
			t.Errorf("output %d is open", i)
		}
	}
	if p.input != nil {
		if conn, err := p.input.file.SyscallConn(); err == nil && conn.Control(func(uintptr) {}) == nil {
			t.Error("the input is open")
		}
	}
	p.runner.mu.Lock()
	defer p.runner.mu.Unlock()
	if _, known := p.runner.procs[p]; known {
		t.Error("the Runner still knows the process")
	}
}

func finish(t testing.TB, p *Process, timeout time.Duration) (err error) {
	t.Helper()
	within(t, "Finish", func() { err = p.Finish(timeout) })
	return err
}

func TestFinishLetsAProgramEndByItself(t *testing.T) {
	tests := []struct {
		name    string
		command Command
		crash   string // text of the error
	}{
		{name: "exit 0 at the end of input", command: Command{Args: []string{"--role=swallow", "0"}, Input: true}},
		{name: "exit 4 at the end of input", command: Command{Args: []string{"--role=swallow", "4"}, Input: true}, crash: "; got 300000"},
		{name: "no input", command: Command{Args: []string{"--role=write", "0", "0"}}},
		{name: "two unread outputs", command: Command{Args: []string{"--role=two"}, Outputs: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := startCommand(t, testRunner(t, nil), tt.command)
			if tt.command.Input {
				if _, err := p.Input().Write(pattern(300_000)); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				err := finish(t, p, guard)
				if tt.crash == "" && err != nil {
					t.Errorf("Finish: %v", err)
				} else if tt.crash != "" && (wantCrash(t, err) == nil || !strings.Contains(err.Error(), tt.crash) || err != p.Err()) {
					t.Errorf("Finish: %v, want Err with %q", err, tt.crash)
				}
			}
			wantNothingHeld(t, p)
		})
	}
}

func TestFinishKeepsWhatNobodyHasRead(t *testing.T) {
	for _, code := range []string{"0", "7"} {
		t.Run("exit "+code, func(t *testing.T) {
			p := start(t, testRunner(t, nil), "write", "60000", code)
			begin := make([]byte, 1000)
			if _, err := io.ReadFull(p.Output(0), begin); err != nil {
				t.Fatal(err)
			}
			ended := finish(t, p, guard)
			wantNothingHeld(t, p)
			rest, err := readAll(t, p.Output(0))
			if data := append(begin, rest...); !bytes.Equal(data, pattern(60000)) {
				t.Errorf("%d bytes, want all 60000", len(data))
			}
			if err != ended || (err == nil) != (code == "0") {
				t.Errorf("the output ended with %v, Finish with %v", err, ended)
			}
		})
	}
}

func TestFinishKillsAProgramThatGoesOn(t *testing.T) {
	p := feed(t, testRunner(t, nil), "swallow", "0", "hang")
	if _, err := p.Input().Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it reads", func() bool { return strings.Contains(p.Stderr(), "got 1") })
	err := finish(t, p, 20*time.Millisecond)
	exit := wantCrash(t, err)
	want := "did not exit within 20ms after the end of its input: ffmpeg.test was killed by SIGKILL: got 1"
	if exit.Signal != "SIGKILL" || !strings.Contains(err.Error(), want) || p.Err() != err {
		t.Errorf("Finish: %v, want %q", err, want)
	}
	if alive(p.Pid()) {
		t.Error("the program lives")
	}
	wantNothingHeld(t, p)
}

func TestFinishDecidesHowLongAProgramMayTakeAfterItsOutput(t *testing.T) {
	p := feed(t, testRunner(t, func(_ *Config, l *limits) { l.exit = time.Millisecond }), "swallow", "0", "last", "hang")
	if _, err := p.Input().Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it reads", func() bool { return strings.Contains(p.Stderr(), "got 1") })
	result := make(chan error, 1)
	go func() {
		_, err := p.Output(0).Read(make([]byte, 1))
		result <- err
	}()
	err := finish(t, p, 500*time.Millisecond)
	if wantCrash(t, err); !strings.Contains(err.Error(), "after the end of its input") {
		t.Errorf("Finish: %v", err)
	}
	if read := ends(t, result); read != err {
		t.Errorf("the reader got %v, want %v", read, err)
	}
}

func TestAProgramThatIsFedNoMoreAndClosedItsOutputMustExit(t *testing.T) {
	p := feed(t, testRunner(t, func(_ *Config, l *limits) { l.exit = 10 * time.Millisecond }), "swallow", "0", "last", "hang")
	_ = p.Input().Close()
	_, err := readAll(t, p.Output(0))
	if wantCrash(t, err); !strings.Contains(err.Error(), "closed its output but did not exit within 10ms") {
		t.Errorf("error %v", err)
	}
	wantNothingHeld(t, p)
}

func TestFinishAndStop(t *testing.T) {
	r := testRunner(t, nil)
	p := feed(t, r, "hang")
	p.Stop()
	wantStopped(t, finish(t, p, guard))

	p = feed(t, r, "hang")
	result := make(chan error, 1)
	go func() { result <- p.Finish(time.Hour) }()
	eventually(t, "Finish waits", func() bool { return p.isFinishing() && !p.input.open() })
	p.Stop()
	wantStopped(t, ends(t, result))
	wantNothingHeldSoon(t, p)

	p = feed(t, r, "swallow", "0")
	if err := finish(t, p, guard); err != nil {
		t.Errorf("Finish: %v", err)
	}
	if p.Stop(); p.Err() != nil {
		t.Errorf("Err after Finish and Stop: %v", p.Err())
	}
}

func TestAnUnkillableChildHoldsUpNoWriterAndNoFinish(t *testing.T) { // simulated
	for _, way := range []string{"Stop", "Finish"} {
		r, last, _ := stubbornRunner(t)
		p := startCommand(t, r, Command{Input: true})
		result := writer(t, p)
		timeout := time.Millisecond
		if way == "Stop" {
			p.Stop()
			wantStopped(t, ends(t, result))
			result <- os.ErrClosed
			timeout = time.Hour // Finish knows better
		}
		err := finish(t, p, timeout)
		if !errors.Is(err, models.ErrFFmpegCrashed) || !strings.Contains(err.Error(), "4242") {
			t.Errorf("Finish: %v, want a crash that names the pid", err)
		}
		wantStopped(t, ends(t, result))
		wantStopped(t, p.Err())
		close(last().end)
		<-p.Done()
		wantNothingHeldSoon(t, p)
		closeAtLast(t, r)
	}
}

func TestFinishLeavesAnOutputToItsReader(t *testing.T) {
	p := start(t, testRunner(t, nil), "write", "60000", "0")
	p.outputs[0].turn.Lock() // as a reader does that the machine has not let run yet
	err := finish(t, p, guard)
	p.outputs[0].turn.Unlock()
	data, readErr := readAll(t, p.Output(0))
	if err != nil || readErr != nil || !bytes.Equal(data, pattern(60000)) {
		t.Errorf("Finish: %v; %d bytes and %v, want all 60000 and EOF", err, len(data), readErr)
	}
	wantNothingHeld(t, p)
}

// wantNothingHeldSoon gives the supervisor the moment it needs after the end.
func wantNothingHeldSoon(t testing.TB, p *Process) {
	t.Helper()
	eventually(t, "the Runner forgets the process", func() bool {
		p.runner.mu.Lock()
		defer p.runner.mu.Unlock()
		return len(p.runner.procs) == 0
	})
	wantNothingHeld(t, p)
}
