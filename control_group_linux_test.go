package gotgcall_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// controlGroup is the folder of a control group of the test's own.
type controlGroup struct {
	t      testing.TB
	folder string
}

// newControlGroup makes a group below a controller, of version 1 or 2, or skips the test.
func newControlGroup(t *testing.T, controller string) *controlGroup {
	t.Helper()
	var why error
	for _, root := range []string{filepath.Join("/sys/fs/cgroup", controller), "/sys/fs/cgroup"} {
		g := &controlGroup{t, filepath.Join(root, fmt.Sprint("gotgcall-test-", os.Getpid()))}
		if why = os.Mkdir(g.folder, 0o755); why == nil {
			t.Cleanup(g.remove)
			return g
		}
	}
	t.Skipf("skipped: a control group takes root, and a system that lets it make one: %v", why)
	return nil
}

// limit sets a limit, which has one of these names, or skips the test.
func (g *controlGroup) limit(value string, names ...string) {
	g.t.Helper()
	var why error
	for _, name := range names {
		if why = g.set(name, value); why == nil {
			return
		}
	}
	g.t.Skipf("skipped: this system does not let a control group have a limit: %v", why)
}

// set writes a file of the group, which must be there: it is not one where it is not.
func (g *controlGroup) set(name, value string) error {
	f, err := os.OpenFile(filepath.Join(g.folder, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// get reads a file of the group, "" for none.
func (g *controlGroup) get(name string) string {
	text, _ := os.ReadFile(filepath.Join(g.folder, name)) // none says nothing
	return strings.TrimSpace(string(text))
}

// inside is a command that is in the group before its program begins.
func (g *controlGroup) inside(cmd *exec.Cmd) *exec.Cmd {
	cmd.Path = "/bin/sh"
	cmd.Args = append([]string{"sh", "-c", `echo $$ >"$0/cgroup.procs" && exec "$@"`, g.folder}, cmd.Args...)
	return cmd
}

// remove removes the group, with what a program that was killed has left in it.
func (g *controlGroup) remove() {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		err := os.Remove(g.folder)
		if err == nil {
			return
		}
		for field := range strings.FieldsSeq(g.get("cgroup.procs")) {
			if pid, err := strconv.Atoi(field); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if time.Now().After(deadline) {
			g.t.Error(err)
			return
		}
	}
}
