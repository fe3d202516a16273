//go:build unix

package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTheOutputEndsAsTheProgramDid(t *testing.T) {
	tests := []struct {
		name   string
		role   string
		args   []string
		bytes  int
		crash  bool
		code   int
		signal string
		text   string // of the error
	}{
		{name: "exit 0 after output", role: "write", args: []string{"300000", "0"}, bytes: 300000},
		{name: "exit 0 with no output", role: "write", args: []string{"0", "0"}},
		{name: "exit 0 with complaints", role: "write", args: []string{"10", "0", "careful"}, bytes: 10},
		{name: "exit 1 without output", role: "write", args: []string{"0", "1", "song.mp3: Invalid data found when processing input\n"},
			crash: true, code: 1, text: " exited with code 1: song.mp3: Invalid data found when processing input"},
		{name: "exit 187 at byte 100,000", role: "write", args: []string{"100000", "187"}, bytes: 100000,
			crash: true, code: 187, text: " exited with code 187"},
		{name: "killed", role: "die", args: []string{"9"}, bytes: 100, crash: true, code: -1, signal: "SIGKILL", text: " was killed by SIGKILL"},
		{name: "terminated", role: "die", args: []string{"15"}, bytes: 100, crash: true, code: -1, signal: "SIGTERM", text: " was killed by SIGTERM"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := testRunner(t, func(_ *Config, l *limits) { l.quiet = time.Hour }) // nothing but the end of the pipe can end the output
			p := start(t, r, tt.role, tt.args...)
			data, err := readAll(t, p.Output(0))
			if !bytes.Equal(data, pattern(tt.bytes)) {
				t.Errorf("%d bytes of output, want the %d that were written", len(data), tt.bytes)
			}
			<-p.Done()
			if !tt.crash {
				if err != nil || p.Err() != nil {
					t.Fatalf("read error %v, Err %v, want none", err, p.Err())
				}
				return
			}
			exit := wantCrash(t, err)
			if exit.Code != tt.code || exit.Signal != tt.signal || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("code %d, signal %q, text %q; want %d, %q, …%q…", exit.Code, exit.Signal, err, tt.code, tt.signal, tt.text)
			}
			if p.Err() != err {
				t.Errorf("Err is %v, the reader got %v", p.Err(), err)
			}
			if _, again := p.Output(0).Read(make([]byte, 1)); again != err {
				t.Errorf("a second read at the end: %v, want %v", again, err)
			}
		})
	}
}

func TestOutputOfAnEndedProgramIsReadAtAnyPace(t *testing.T) {
	tests := []struct {
		name  string
		quiet time.Duration
	}{
		{"with the usual patience", defaultLimits.quiet},
		{"when each deadline has passed before the read begins", -time.Hour}, // as after a suspended machine
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, testRunner(t, func(_ *Config, l *limits) { l.quiet = tt.quiet }), "write", "60000", "0")
			<-p.Done()
			var data []byte
			var err error
			for buf := make([]byte, 7000); err == nil; {
				var n int
				n, err = p.Output(0).Read(buf)
				data = append(data, buf[:n]...)
			}
			if err != io.EOF || !bytes.Equal(data, pattern(60000)) {
				t.Errorf("%d bytes and %v, want all 60000 and EOF", len(data), err)
			}
		})
	}
}

func TestStopEndsTheGroupAndTheReader(t *testing.T) {
	for _, role := range []string{"hang", "drip", "deaf", "helper", "closeout"} {
		t.Run(role, func(t *testing.T) {
			p := start(t, testRunner(t, nil), role, "hang")
			helper := 0
			if role == "helper" {
				helper = readPid(t, p.Output(0))
			}
			result := make(chan error, 1)
			reading := make(chan struct{})
			go func() {
				close(reading)
				_, err := io.ReadAll(p.Output(0))
				result <- err
			}()
			<-reading
			within(t, "Stop", p.Stop)
			select {
			case err := <-result:
				wantStopped(t, err)
			case <-time.After(guard):
				t.Fatal("the read went on after Stop")
			}
			select {
			case <-p.Done():
			default:
				t.Error("Stop returned before the program was reaped")
			}
			wantStopped(t, p.Err())
			if alive(p.Pid()) {
				t.Error("the program lives")
			}
			eventually(t, "the helper is dead", func() bool { return helper == 0 || !alive(helper) })
			within(t, "a second Stop", p.Stop)
			wantStopped(t, p.Err())
		})
	}
}

func TestStopAfterTheEndChangesNothing(t *testing.T) {
	r := testRunner(t, nil)
	good, bad := start(t, r, "write", "10", "0"), start(t, r, "write", "10", "3")
	<-good.Done()
	<-bad.Done()
	crash := bad.Err()
	within(t, "Stop", func() { good.Stop(); bad.Stop() })
	if err := good.Err(); err != nil {
		t.Errorf("Err of a program that ended well: %v", err)
	}
	if wantCrash(t, crash); bad.Err() != crash {
		t.Errorf("Err was %v, is %v", crash, bad.Err())
	}
	_, err := good.Output(0).Read(make([]byte, 10))
	wantStopped(t, err)
}

func TestCancellingTheContextStopsWithItsCause(t *testing.T) {
	reason := errors.New("the listener left")
	ctx, cancel := context.WithCancelCause(context.Background())
	p, err := testRunner(t, nil).Start(ctx, Command{Args: []string{"--role=helper", "hang"}})
	if err != nil {
		t.Fatal(err)
	}
	helper := readPid(t, p.Output(0))
	cancel(reason)
	_, err = readAll(t, p.Output(0))
	wantStopped(t, err)
	if !errors.Is(err, reason) || !errors.Is(p.Err(), reason) {
		t.Errorf("read error %v, Err %v, want both to be the cause", err, p.Err())
	}
	<-p.Done()
	if alive(p.Pid()) {
		t.Error("the program lives")
	}
	eventually(t, "the helper is dead", func() bool { return !alive(helper) })
}

func TestAHelperInTheGroupDiesWithItsLeader(t *testing.T) {
	for code := range 2 {
		t.Run(fmt.Sprint("exit ", code), func(t *testing.T) {
			// Nothing but the end of the helper can end the output here.
			p := start(t, testRunner(t, func(_ *Config, l *limits) { l.quiet = time.Hour }), "helper", "hang", fmt.Sprint(code))
			helper := readPid(t, p.Output(0))
			_, err := readAll(t, p.Output(0))
			if code == 0 && err != nil {
				t.Errorf("read error %v, want EOF", err)
			}
			if code != 0 {
				wantCrash(t, err)
			}
			if eventually(t, "the helper is dead", func() bool { return !alive(helper) }); alive(p.Pid()) {
				t.Error("the program lives")
			}
		})
	}
}

func TestAnEscapeeThatHoldsTheOutputDoesNotKeepItOpen(t *testing.T) {
	r := testRunner(t, nil)
	p := start(t, r, "escape", "hang")
	escapee := readPid(t, p.Output(0))
	defer func() { _ = syscall.Kill(escapee, syscall.SIGKILL) }()
	if _, err := readAll(t, p.Output(0)); err != nil {
		t.Errorf("read error %v, want EOF", err)
	}
	if within(t, "the end", func() { <-p.Done() }); !alive(escapee) {
		t.Error("the helper did not escape, so nothing was shown")
	}
}

func TestStopDoesNotWaitForAnEscapee(t *testing.T) {
	p := start(t, testRunner(t, func(_ *Config, l *limits) { l.quiet = time.Hour }), "escape", "hang")
	escapee := readPid(t, p.Output(0))
	defer func() { _ = syscall.Kill(escapee, syscall.SIGKILL) }()
	eventually(t, "the program ended", p.over)
	p.Stop()
	within(t, "the end", func() { <-p.Done() })
	if !alive(escapee) {
		t.Error("the helper did not escape, so nothing was shown")
	}
}

func TestAnEscapeeThatGoesOnWritingIsReadUntilStop(t *testing.T) {
	// It writes each 5 ms: while it does, this patience never ends.
	p := start(t, testRunner(t, func(_ *Config, l *limits) { l.quiet = guard }), "escape", "drip")
	escapee := readPid(t, p.Output(0))
	defer func() { _ = syscall.Kill(escapee, syscall.SIGKILL) }()
	read := func(n int) {
		within(t, "reading on", func() {
			if _, err := io.ReadFull(p.Output(0), make([]byte, n)); err != nil {
				t.Errorf("read error %v while there was output", err)
			}
		})
	}
	read(50) // the exit falls into a read
	eventually(t, "the program ended", p.over)
	read(50)
	p.Stop()
	_, err := p.Output(0).Read(make([]byte, 1))
	wantStopped(t, err)
	eventually(t, "the escapee finds its pipe closed and ends", func() bool { return !alive(escapee) })
}

func TestAProgramThatClosesItsOutputMustExit(t *testing.T) {
	p := start(t, testRunner(t, func(_ *Config, l *limits) { l.exit = 100 * time.Millisecond }), "closeout")
	data, err := readAll(t, p.Output(0))
	exit := wantCrash(t, err)
	if string(data) != "bye" || exit.Signal != "SIGKILL" || !strings.Contains(err.Error(), "closed its output but did not exit within 100ms") {
		t.Errorf("output %q, error %v", data, err)
	}
	if alive(p.Pid()) {
		t.Error("the program lives")
	}
}

func TestTwoOutputsEndEachAlone(t *testing.T) {
	r := testRunner(t, func(_ *Config, l *limits) { l.exit = 100 * time.Millisecond })
	p := startCommand(t, r, Command{Args: []string{"--role=two", "endless"}, Outputs: 2})
	if data, err := readAll(t, p.Output(0)); string(data) != "audio" || err != nil {
		t.Errorf("stdout: %q, %v, want it to end while the other goes on", data, err)
	}
	buf := make([]byte, 100_000)
	within(t, "reading the other", func() {
		if _, err := io.ReadFull(p.Output(1), buf); err != nil || !bytes.HasPrefix(buf, []byte("videovideo")) {
			t.Errorf("descriptor 3: %q…, %v", buf[:10], err)
		}
	})
	p.Stop()
	_, err := readAll(t, p.Output(1))
	wantStopped(t, err)

	p = startCommand(t, testRunner(t, nil), Command{Args: []string{"--role=two"}, Outputs: 2})
	for i, want := range []string{"audio", "video"} {
		if data, err := readAll(t, p.Output(i)); string(data) != want || err != nil {
			t.Errorf("output %d: %q, %v, want %q", i, data, err, want)
		}
	}
}

func TestAFloodOnStderrCostsNoMemoryAndDoesNotDelayTheOutput(t *testing.T) {
	const mib, size = 1024, 4 << 20
	r := testRunner(t, nil)
	var before, after runtime.MemStats
	buf := make([]byte, size)
	runtime.ReadMemStats(&before)
	p := start(t, r, "flood", fmt.Sprint(mib), fmt.Sprint(size))
	within(t, "reading while stderr is flooded", func() {
		if _, err := io.ReadFull(p.Output(0), buf); err != nil {
			t.Error(err)
		}
	})
	_, err := readAll(t, p.Output(0))
	runtime.ReadMemStats(&after)
	if err != nil || !bytes.Equal(buf, pattern(size)) {
		t.Errorf("the output is not what was written (%v)", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("%d KiB were allocated while %d MiB of stderr were drained", n>>10, mib)
	}
	if text := p.Stderr(); len(text) > shownSize || !strings.HasPrefix(text, "something went wrong, and") {
		t.Errorf("the tail has %d bytes and begins with %.40q", len(text), text)
	}
}

func TestTheTailOfStderrIsItsLastWholeLines(t *testing.T) {
	p := start(t, testRunner(t, nil), "lines", "5000")
	_, err := readAll(t, p.Output(0))
	exit := wantCrash(t, err)
	lines := strings.Split(exit.Stderr, "\n")
	for i, line := range lines {
		if want := fmt.Sprint("line ", 5000-len(lines)+i); line != want {
			t.Fatalf("line %d of the tail is %q, want %q", i, line, want)
		}
	}
	if len(exit.Stderr) > shownSize || len(exit.Stderr) < shownSize/2 {
		t.Errorf("the tail has %d bytes, want about %d", len(exit.Stderr), shownSize)
	}
	if !strings.HasSuffix(err.Error(), ": line 4997; line 4998; line 4999") {
		t.Errorf("the error is %q, want its last three lines at the end", err)
	}
}

func TestOnlyNamedVariablesReachAChild(t *testing.T) {
	t.Setenv("BOT_TOKEN", "123456:planted")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "planted")
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("PULSE_SERVER", "here")
	r := testRunner(t, nil)
	for _, inherit := range []bool{false, true} {
		p := startCommand(t, r, Command{Args: []string{"--role=env"}, Inherit: inherit})
		data, err := readAll(t, p.Output(0))
		env := string(data)
		if err != nil || !strings.Contains(env, "LC_ALL=C.UTF-8\n") || !strings.Contains(env, "PATH=") {
			t.Fatalf("error %v, environment:\n%s", err, env)
		}
		if strings.Contains(env, "planted") {
			t.Errorf("a secret reached the child:\n%s", env)
		}
		if strings.Contains(env, "PULSE_SERVER") != inherit {
			t.Errorf("Inherit %v, environment:\n%s", inherit, env)
		}
		if !strings.Contains(env, `STDIN "" <nil>`) {
			t.Errorf("stdin is not empty:\n%s", env)
		}
	}
}

func TestProgramsGetPipesThatBlock(t *testing.T) {
	p := startCommand(t, testRunner(t, nil), Command{Name: "yes"}) // ends with an error when a pipe is full and does not block
	within(t, "reading more than a pipe holds", func() {
		if _, err := io.CopyN(io.Discard, p.Output(0), 8<<20); err != nil {
			t.Error(err)
		}
	})
	p.Stop()
}

func TestAChildInheritsNoOtherDescriptor(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Skip("needs /proc")
	}
	r := testRunner(t, nil)
	other := start(t, r, "hang") // whose pipes must not leak into the next
	defer other.Stop()
	p := startCommand(t, r, Command{Name: "ls", Args: []string{"/proc/self/fd"}, Outputs: 2})
	data, err := readAll(t, p.Output(0))
	plain, plainErr := exec.Command("ls", "/proc/self/fd").Output() // what every child gets from the surroundings of the test
	got, want := strings.Fields(string(data)), strings.Fields(string(plain))
	if err != nil || plainErr != nil || len(got) != len(want)+1 { // descriptor 3
		t.Errorf("descriptors %q (%v), want one more than %q (%v)", got, err, want, plainErr)
	}
}
