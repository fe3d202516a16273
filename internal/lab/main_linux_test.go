package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// The environment variables of the lab.
const (
	roleVariable = "LAB_ROLE" // what a process of this binary is: see the roles
	rootVariable = "LAB_ROOT" // not empty: root started it
	fullVariable = "LAB_FULL" // not empty: the long tests run, too
)

// What the test binary is when it starts itself again.
const (
	roleBot   = "bot"   // the tests, on the bot's host
	roleFlood = "flood" // a sender of datagrams, on the server's host
)

// The first thread stays with the main goroutine: whoever else locked it could not end it, and its network would be another one for good.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case roleFlood:
		os.Exit(floodMain(os.Args[1:]))
	case roleBot:
		if err := build(); err != nil {
			os.Exit(without(m, fmt.Errorf("the hosts cannot be set up: %w", err), os.Getenv("CI") != "" && os.Getenv(rootVariable) != ""))
		}
		os.Exit(m.Run())
	}
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin") // where the tools are, and not in every user's PATH
	for _, tool := range []string{"ip", "tc", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			os.Exit(without(m, fmt.Errorf("%w; make lab-tools installs it", err), false))
		}
	}
	code, err := enter()
	if err != nil {
		os.Exit(without(m, fmt.Errorf("no network namespace can be made, which takes root or user namespaces: %w", err), false))
	}
	os.Exit(code)
}

// without runs the tests without a lab: they are skipped, or fail where the lab has to work.
func without(m *testing.M, reason error, fatal bool) int {
	if fatal {
		fmt.Fprintln(os.Stderr, "the network lab does not work here, and CI must have it:", reason)
		return 1
	}
	fmt.Fprintln(os.Stderr, "SKIPPED, the network lab:", reason)
	lab.missing = reason
	return m.Run()
}

// enter runs this binary again on a host of its own, the bot's, and returns its exit code. The host ends with it.
func enter() (code int, err error) {
	cmd := exec.Command("/proc/self/exe", append(os.Args[1:], "-test.parallel=32")...) // they wait most of the time
	cmd.Env = append(os.Environ(), roleVariable+"="+roleBot)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL} // comes when this thread ends: init keeps it
	if os.Geteuid() == 0 {
		cmd.Env = append(cmd.Env, rootVariable+"=yes") // others may be refused anything, also in a namespace of their own
	} else {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code, nil
	}
	fmt.Fprintln(os.Stderr, "the tests ended by", strings.TrimSpace(cmd.ProcessState.String()))
	return 1, nil
}
