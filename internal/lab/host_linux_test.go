package lab

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// lab is what the tests of this process work in. TestMain sets it up; it does not change afterwards.
var lab struct {
	missing error // why there is none; nil: there is
	bot     *host // where this process is
	server  *host
	names   atomic.Uint32 // of wires and rules
}

// build makes the two hosts. The process is on the bot's.
func build() error {
	lab.bot = &host{name: "bot"}
	var err error
	if lab.server, err = newHost("server"); err != nil {
		return err
	}
	for _, h := range []*host{lab.bot, lab.server} {
		if _, err := h.run("", "ip", "link", "set", "lo", "up"); err != nil {
			return err
		}
	}
	// A kernel may lack what the tests need; better to know now than in the middle of one.
	r, err := lab.bot.filter("input", "udp dport 9 numgen random mod 100 < 1 counter drop")
	if err != nil {
		return err
	}
	return r.lift()
}

// required skips the test where there is no lab.
func required(t *testing.T) {
	t.Helper()
	if lab.missing != nil {
		t.Skip(lab.missing)
	}
}

// full tells whether there is time for the long scenarios.
func full() bool { return os.Getenv(fullVariable) != "" }

// host is a machine with a network of its own: a network namespace. It ends with this process.
type host struct {
	name string
	ns   *os.File // nil: that of this process
}

func newHost(name string) (*host, error) {
	h := &host{name: name}
	return h, onThread(func() (err error) {
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("making the host %s: %w", name, err)
		}
		h.ns, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
}

// onThread runs f on a thread that nothing else uses, and that ends with f.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: a locked thread ends with its goroutine
		done <- f()
	}()
	return <-done
}

// do runs f on the host: what f itself opens and starts, sockets and programs, stays there. The goroutines that it starts do not run there.
func (h *host) do(f func() error) error {
	if h.ns == nil {
		return f()
	}
	return onThread(func() error {
		if err := unix.Setns(int(h.ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering the host %s: %w", h.name, err)
		}
		return f()
	})
}

// run runs a program on the host and returns what it printed.
func (h *host) run(input, program string, args ...string) (output string, err error) {
	err = h.do(func() error {
		cmd := exec.Command(program, args...)
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s %s %s on the host %s: %w: %s", program, strings.Join(args, " "), input, h.name, err, out)
		}
		output = string(out)
		return nil
	})
	return output, err
}
