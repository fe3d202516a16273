package gotgcall_test

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gotgcall"
)

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
	group := newControlGroup(t, "memory")
	group.limit(strconv.Itoa(memory()), "memory.limit_in_bytes", "memory.max") // of version 1, of version 2
	_ = group.set("memory.swap.max", "0")                                      // of version 2, where there is swap
	passesAlone(t, group.inside(itself(t, fmt.Sprint("GOMEMLIMIT=", memory()/2))))
}
