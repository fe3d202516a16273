package gotgcall_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotgcall"
	"gotgcall/sfutest"
)

// udpSockets returns how many UDP sockets this process has.
func udpSockets(t *testing.T) (n int) {
	t.Helper()
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/self/net/udp", "/proc/self/net/udp6"} {
		text, err := os.ReadFile(table)
		must(t, err)
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 9 {
				inodes["socket:["+fields[9]+"]"] = true
			}
		}
	}
	descriptors, err := filepath.Glob("/proc/self/fd/*")
	must(t, err)
	for _, d := range descriptors {
		if target, err := os.Readlink(d); err == nil && inodes[target] {
			n++
		}
	}
	return n
}

func TestCallsToDifferentServersShareASocketIfAsked(t *testing.T) {
	for name, c := range map[string]struct {
		options []gotgcall.Option
		sockets int
	}{
		"alone":  {nil, 2},
		"shared": {[]gotgcall.Option{gotgcall.WithSharedUDPMux()}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t, c.options...)
			other, err := sfutest.NewServer(sfutest.WithTolerances(sfutest.Patient()))
			must(t, err)
			defer other.Close()
			before := udpSockets(t)
			s.join(1)
			params, err := s.client.CreateCall(2)
			must(t, err)
			answer, err := other.Join(2, params)
			must(t, err)
			must(t, s.client.Connect(2, answer))
			if got := udpSockets(t) - before; got != c.sockets {
				t.Errorf("two calls to two servers have %d sockets, expected %d", got, c.sockets)
			}
		})
	}
}

func TestAnAnswerThatIsRefusedOpensNoSharedSocket(t *testing.T) {
	s := newStudio(t, gotgcall.WithSharedUDPMux())
	before := udpSockets(t)
	params, err := s.client.CreateCall(1)
	must(t, err)
	answer, err := s.server.Join(1, params)
	must(t, err)
	for what, spoil := range refused {
		is(t, s.client.Connect(1, changed(t, answer, spoil)), gotgcall.ErrInvalidParams)
		if n := udpSockets(t) - before; n != 0 {
			t.Fatalf("%s: %d sockets were opened for an answer that is refused", what, n)
		}
	}
	must(t, s.client.Connect(1, answer))
	if n := udpSockets(t) - before; n != 1 {
		t.Errorf("%d sockets were opened for the right answer, expected one", n)
	}
}
