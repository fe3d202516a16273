package ffmpeg

import (
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"gotgcall/internal/leak"
)

func TestBothWaysToWaitLeaveTheChildToBeReaped(t *testing.T) {
	ways := map[string]func(c *unixChild) bool{
		"by the poller": (*unixChild).awaitPolling,
		"on a thread":   func(c *unixChild) bool { c.awaitBlocking(); return true },
	}
	for name, await := range ways {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer null.Close()
			s, err := spawn(spec{path: self(t), args: []string{"x", "--role=hang"}, env: []string{}, files: []*os.File{null, null, null}})
			if err != nil {
				t.Fatal(err)
			}
			c := s.(*unixChild)
			if c.hasExited() {
				t.Error("it has exited before it was killed")
			}
			waited := make(chan bool, 1)
			go func() { waited <- await(c) }()
			c.kill()
			within(t, "waiting", func() {
				if !<-waited {
					t.Error("this system does not offer it")
				}
			})
			if err := syscall.Kill(c.id, 0); err != nil {
				t.Errorf("the pid is given up already: %v", err)
			}
			if st := c.reap(); st.signal != "SIGKILL" || st.err != nil {
				t.Errorf("status %+v", st)
			}
			if st := wait4(c.id); st.err == nil || !strings.Contains(st.err.Error(), "reaps all children") {
				t.Errorf("a status of nobody: %+v", st)
			}
			c.awaitBlocking() // returns, as when somebody else has reaped it
		})
	}
}

func TestAPidThatWasGivenUpIsNotSignalled(t *testing.T) {
	leak.Check(t)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	ours, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	c, err := spawn(spec{path: self(t), args: []string{"x", "--role=helper", "drip", "0"}, env: []string{}, files: []*os.File{null, theirs, null}})
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	helper := readPid(t, ours)
	within(t, "waiting", c.await)
	if st := c.reap(); !st.ok() {
		t.Errorf("status %+v", st)
	}
	c.kill() // the helper stands for a stranger that got the number of the group
	within(t, "reading on", func() {
		if _, err := io.CopyN(io.Discard, ours, 200); err != nil { // more than it had written before
			t.Errorf("somebody was killed who has the number now: %v", err)
		}
	})
	if err := syscall.Kill(-c.pid(), syscall.SIGKILL); err != nil {
		t.Errorf("the helper was not in the group, so nothing was shown: %v", err)
	}
	eventually(t, "the helper is dead", func() bool { return !alive(helper) })
}
