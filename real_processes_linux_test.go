package gotgcall_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"gotgcall"
)

// groupFolder is the environment variable by which a process finds the control group that it is in.
const groupFolder = "GOTGCALL_TEST_CONTROL_GROUP"

// rouseThreads makes threads, which stay: a program that gets none any more dies of that, whatever its libraries do.
func rouseThreads(t *testing.T, n int) {
	t.Helper()
	var pipe [2]int
	must(t, syscall.Pipe(pipe[:]))
	var threads sync.WaitGroup
	for range n {
		threads.Go(func() { _, _ = syscall.Read(pipe[0], make([]byte, 1)) }) // by the system itself, so that it takes a thread
	}
	until(t, "as many threads", func() bool { // each of those that wait has one to itself
		all, err := os.ReadDir("/proc/self/task")
		return err == nil && len(all) > n
	})
	_, err := syscall.Write(pipe[1], make([]byte, n))
	must(t, err)
	threads.Wait()
	must(t, syscall.Close(pipe[0]))
	must(t, syscall.Close(pipe[1]))
}

// startBeyondTheLimit starts more processes at once than there may be.
func startBeyondTheLimit(t *testing.T, group *controlGroup) {
	const chats, room = 16, 4
	s := newStudio(t)
	ep := s.join(chats)
	must(t, s.client.SetStreamSources(chats, gotgcall.FromFile("testdata/song.mp3", gotgcall.EncodeOptions{Loop: -1})))
	rouseThreads(t, 64)
	for chat := range int64(chats) {
		_, err := s.client.CreateCall(chat)
		must(t, err)
	}
	source := gotgcall.FromShell("tail -c +0 -f "+oggFile(t, 100), gotgcall.TrackAudio) // one process of one thread
	now, err := strconv.Atoi(group.get("pids.current"))
	must(t, err)
	must(t, group.set("pids.max", strconv.Itoa(now+room)))
	var errs [chats]error
	var starts sync.WaitGroup
	for chat := range int64(chats) {
		starts.Go(func() { errs[chat] = s.client.SetStreamSources(chat, source) })
	}
	starts.Wait()
	heard := ep.Stats(ep.AudioSSRC()).Packets
	must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), heard+10)) // the other call plays on
	must(t, group.set("pids.max", "max"))
	plays := 0
	for chat, err := range errs {
		if err == nil {
			plays++
			continue
		}
		is(t, err, gotgcall.ErrFFmpegSpawn)
		is(t, err, syscall.EAGAIN)
		if text := fmt.Sprint(err); !strings.Contains(text, "pids limit") {
			t.Errorf("the error does not say what to do: %v", err)
		}
		must(t, s.client.SetStreamSources(int64(chat), source)) // now there is room
	}
	if plays == 0 || plays > room {
		t.Errorf("%d of %d processes were started where there was room for %d", plays, chats, room)
	}
	select {
	case err := <-s.ends:
		t.Errorf("something ended: %v", err)
	default:
	}
}

func TestProcessesBeyondTheSystemsLimitAreErrorsAndTheOthersPlayOn(t *testing.T) {
	if inOwnProcess(t) {
		startBeyondTheLimit(t, &controlGroup{t, os.Getenv(groupFolder)})
		return
	}
	group := newControlGroup(t, "pids")
	group.limit("max", "pids.max")
	passesAlone(t, group.inside(itself(t, groupFolder+"="+group.folder)))
}
