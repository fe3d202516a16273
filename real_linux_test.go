package gotgcall_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gotgcall"
)

// children returns the process ids of this process's children.
func children(t *testing.T) (pids []int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	must(t, err)
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that has ended meanwhile
		}
		for field := range strings.FieldsSeq(string(text)) {
			pid, err := strconv.Atoi(field)
			must(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestAnFFmpegKilledInTheMiddleIsOneEndThatSaysSo(t *testing.T) {
	s := newStudio(t)
	s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
	pids := children(t)
	if len(pids) != 1 {
		t.Fatalf("%d children while one song plays: %v", len(pids), pids)
	}
	must(t, syscall.Kill(pids[0], syscall.SIGKILL))
	err := s.end()
	is(t, err, gotgcall.ErrFFmpegCrashed)
	if err != nil && !strings.Contains(err.Error(), "kill") {
		t.Errorf("the error does not name the signal: %v", err)
	}
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/pages1s.ogg"))) // the call has survived
	if err := s.end(); err != nil {
		t.Error(err)
	}
}

func TestTheBotsEnvironmentStaysWithTheBot(t *testing.T) {
	t.Setenv("BOT_TOKEN", "planted-secret")
	s := newStudio(t)
	s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
	for _, pid := range children(t) {
		environment, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		must(t, err)
		if strings.Contains(string(environment), "planted-secret") {
			t.Errorf("process %d has the bot's token in its environment", pid)
		}
	}
	must(t, s.client.Stop(1))
}
