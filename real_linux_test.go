package gotgcall_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gotgcall"
)

func TestAnFFmpegKilledInTheMiddleIsOneEndThatSaysSo(t *testing.T) {
	if !apart(t) {
		return
	}
	s := newStudio(t)
	s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
	pids := processesOf(t, "self")
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
	t.Setenv("API_HASH", "planted-secret")
	s := newStudio(t)
	s.join(1)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
	s.join(2)
	must(t, s.client.SetStreamSources(2, gotgcall.FromShell("ffmpeg -i testdata/song.mp3", gotgcall.TrackAudio)))
	must(t, s.client.StartRTMP(3, "rtmp://127.0.0.1:1/live/key")) // the encoder starts, and finds nobody
	must(t, s.client.SetStreamSources(3, gotgcall.FromFile("testdata/song.mp3")))
	looked := 0
	for _, pid := range processesOf(t, "self") {
		environment, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
		if errors.Is(err, os.ErrNotExist) || len(environment) == 0 { // it has ended meanwhile
			continue
		}
		must(t, err)
		looked++
		for variable := range strings.SplitSeq(string(environment), "\x00") {
			if name, _, _ := strings.Cut(variable, "="); name == "BOT_TOKEN" || name == "API_HASH" || strings.Contains(variable, "planted-secret") {
				t.Errorf("process %d has the bot's %s in its environment", pid, name)
			}
		}
	}
	if looked < 3 {
		t.Errorf("of %d children the environment was read: a song, a command and what a broadcast plays were expected", looked)
	}
	for chat := range s.client.Calls() {
		must(t, s.client.Stop(chat))
	}
}
