package gotgcall_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// ownProcess is the environment variable that tells a test that it is in a process of its own; its value is the test's name.
const ownProcess = "GOTGCALL_TEST_IN_ITS_OWN_PROCESS"

// inOwnProcess tells whether this process was made by itself for the calling test.
func inOwnProcess(t *testing.T) bool { return os.Getenv(ownProcess) == t.Name() }

// apart runs a test that mostly waits beside others, each of them in a process of its own, where what it leaves behind is not taken for another test's. There
// it returns true; elsewhere it makes that process, reports what came of it, and returns false. Coverage is measured in one process.
func apart(t *testing.T) bool {
	t.Helper()
	if inOwnProcess(t) || testing.CoverMode() != "" {
		return true
	}
	t.Parallel()
	passesAlone(t, itself(t))
	return false
}

// itself is a command that runs the calling test in a process of its own, where inOwnProcess is true.
func itself(t *testing.T, environment ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), path, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout="+(2*hang).String())
	cmd.Env = append(append(os.Environ(), environment...), ownProcess+"="+t.Name(), "GORACE=atexit_sleep_ms=0")
	return cmd
}

// passesAlone fails the test unless it has passed, or was skipped, in the process that cmd makes.
func passesAlone(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err == nil && strings.Contains(string(out), "--- SKIP: "+t.Name()) {
		t.Skipf("in a process of its own:\n%s", out)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v\n%s", err, out)
		return
	}
	t.Logf("in a process of its own:\n%s", out)
}
