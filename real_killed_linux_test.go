package gotgcall_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotgcall"
)

// processesOf returns the children of a process, and theirs.
func processesOf(t *testing.T, process string) (pids []int) {
	t.Helper()
	lists, err := filepath.Glob("/proc/" + process + "/task/*/children")
	must(t, err)
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // a thread that has ended meanwhile
		}
		for field := range strings.FieldsSeq(string(text)) {
			pid, err := strconv.Atoi(field)
			must(t, err)
			pids = append(append(pids, pid), processesOf(t, field)...)
		}
	}
	return pids
}

// lives tells whether a process has not ended. One that nobody has reaped yet has.
func lives(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	state := strings.TrimSpace(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

func TestAnFFmpegThatIsStoppedInTheMiddleIsAStall(t *testing.T) {
	s := newStudio(t, gotgcall.WithPatience(0, time.Second))
	s.join(1)
	// As fast as it plays, so that little is read ahead.
	must(t, s.client.SetStreamSources(1, gotgcall.FromShell("ffmpeg -re -i testdata/song.mp3", gotgcall.TrackAudio)))
	pids := processesOf(t, "self")
	if len(pids) != 1 {
		t.Fatalf("%d children while one song plays: %v", len(pids), pids)
	}
	must(t, syscall.Kill(pids[0], syscall.SIGSTOP))
	is(t, s.end(), gotgcall.ErrStalled)
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile(oggFile(t, 10))))
	if err := s.end(); err != nil {
		t.Errorf("the next song ended with %v: or was it another end of the one before?", err)
	}
}

// The environment of the bot that is killed.
const (
	silentPort = "GOTGCALL_TEST_SILENT_PORT"
	ingestPort = "GOTGCALL_TEST_INGEST_PORT"
)

// playEverything is the bot that is killed: it plays a song, a live source that gives nothing, and a broadcast.
func playEverything(t *testing.T) {
	s := newStudio(t)
	for _, chat := range []int64{1, 2} {
		s.join(chat)
	}
	must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3", gotgcall.EncodeOptions{Loop: -1})))
	opening := make(chan error, 1)
	go func() {
		opening <- s.client.SetStreamSources(2, gotgcall.FromURL("rtsp://127.0.0.1:"+os.Getenv(silentPort)+"/live"))
	}()
	port, err := strconv.Atoi(os.Getenv(ingestPort))
	must(t, err)
	must(t, s.client.StartRTMP(3, rtmpURL(port)))
	must(t, s.client.SetStreamSources(3, gotgcall.FromFile("testdata/song.mp3", postcard)))
	for at := uint64(0); at < 300; time.Sleep(time.Millisecond) {
		at, err = s.client.Time(3)
		must(t, err)
	}
	fmt.Println("\nplaying")
	t.Fatal(<-opening) // until it is killed
}

func TestNoChildOutlivesAKilledBotWhateverItPlays(t *testing.T) {
	if inOwnProcess(t) {
		playEverything(t)
		return
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer silent.Close()
	came := make(chan net.Conn, 1)
	go func() {
		conn, _ := silent.Accept()
		came <- conn
	}()
	port := freePort(t)
	server := startIngest(t, port)
	bot := itself(t, fmt.Sprint(silentPort, "=", silent.Addr().(*net.TCPAddr).Port), fmt.Sprint(ingestPort, "=", port))
	out, err := bot.StdoutPipe()
	must(t, err)
	must(t, bot.Start())
	var said []string
	lines, playing := bufio.NewScanner(out), false
	for !playing && lines.Scan() {
		playing = lines.Text() == "playing"
		said = append(said, lines.Text())
	}
	if !playing {
		t.Fatalf("the bot does not play:\n%s", strings.Join(said, "\n"))
	}
	conn := <-came // what asks the live source for something
	defer conn.Close()
	suspend(t, server.cmd.Process) // so that the broadcast's encoder waits for it
	pids := processesOf(t, strconv.Itoa(bot.Process.Pid))
	t.Cleanup(func() {
		for _, pid := range pids {
			if lives(pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	if len(pids) != 4 { // a song, a live source, the film of a broadcast and its encoder
		t.Errorf("the bot has %d children, expected 4: %v; it said\n%s", len(pids), pids, strings.Join(said, "\n"))
	}
	must(t, bot.Process.Kill())
	killed := time.Now()
	_ = bot.Wait()
	for _, pid := range pids {
		for lives(pid) {
			if time.Since(killed) > 10*time.Second {
				t.Fatalf("process %d lives %v after the bot was killed", pid, time.Since(killed).Round(time.Millisecond))
			}
			time.Sleep(time.Millisecond)
		}
	}
	t.Logf("%d children have ended %v after the bot was killed", len(pids), time.Since(killed).Round(time.Millisecond))
}
