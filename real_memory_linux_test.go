package gotgcall_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotgcall"
)

// memoryGroup makes a control group whose processes have so much memory together, or skips the test. It returns the group's folder.
func memoryGroup(t *testing.T, bytes int) string {
	t.Helper()
	var why error
	for _, version := range []struct{ root, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
		{"/sys/fs/cgroup", "memory.max"},
	} {
		folder := filepath.Join(version.root, fmt.Sprint("gotgcall-test-", os.Getpid()))
		if why = os.Mkdir(folder, 0o755); why != nil {
			continue
		}
		t.Cleanup(func() { removeGroup(t, folder) })
		if why = setting(filepath.Join(folder, version.limit), strconv.Itoa(bytes)); why == nil {
			_ = setting(filepath.Join(folder, "memory.swap.max"), "0") // of version 2, where there is swap
			return folder
		}
	}
	t.Skipf("skipped: a control group that limits memory takes root, and a system that lets it make one: %v", why)
	return ""
}

// setting writes a file of a control group, which must be there: it is not one where it is not.
func setting(path, value string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}

// removeGroup removes a control group, with what a program that was killed has left in it.
func removeGroup(t *testing.T, folder string) {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		err := os.Remove(folder)
		if err == nil {
			return
		}
		left, _ := os.ReadFile(filepath.Join(folder, "cgroup.procs"))
		for field := range strings.FieldsSeq(string(left)) {
			if pid, err := strconv.Atoi(field); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if time.Now().After(deadline) {
			t.Error(err)
			return
		}
	}
}

// memory is what there is for the program and its children, in bytes.
func memory() int {
	if underRace {
		return 256 << 20
	}
	return 64 << 20
}

// playInLittleMemory plays what fits, and tries what does not.
func playInLittleMemory(t *testing.T) {
	s := newStudio(t)
	for chat := range int64(3) {
		s.join(chat + 1)
	}
	ep := s.server.Endpoint(1)
	must(t, s.client.SetStreamSources(1, song{packets: 5000}))
	must(t, s.client.SetStreamSources(2, lasting()))
	// So that the program is larger than what it starts.
	own, err := syscall.Mmap(-1, 0, memory()*3/8, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANONYMOUS|syscall.MAP_POPULATE)
	must(t, err)
	for range 3 {
		err := s.client.SetStreamSources(3, gotgcall.FromShell("tail /dev/zero", gotgcall.TrackAudio)) // keeps all of a line that never ends
		is(t, err, gotgcall.ErrFFmpegCrashed)
		if err != nil && !strings.Contains(err.Error(), "ran out of memory") {
			t.Errorf("the error does not say why: %v", err)
		}
	}
	must(t, syscall.Munmap(own))
	must(t, s.client.SetStreamSources(3, gotgcall.FromFile("testdata/song.mp3"))) // for which there is room again
	heard := ep.Stats(ep.AudioSSRC()).Packets
	must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), heard+50))
	for chat := range int64(3) {
		if stats, err := s.client.Stats(chat + 1); err != nil || !stats.Audio.Playing {
			t.Errorf("chat %d does not play: %+v, %v", chat+1, stats.Audio, err)
		}
	}
}

func TestAProgramInLittleMemoryLosesOnlyWhatDoesNotFit(t *testing.T) {
	if inOwnProcess(t) {
		playInLittleMemory(t)
		return
	}
	group := memoryGroup(t, memory())
	cmd := itself(t, fmt.Sprint("GOMEMLIMIT=", memory()/2))
	cmd.Path = "/bin/sh" // is in the group before the program begins
	cmd.Args = append([]string{"sh", "-c", `echo $$ >"$0/cgroup.procs" && exec "$@"`, group}, cmd.Args...)
	passesAlone(t, cmd)
}
