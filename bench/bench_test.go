package main

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test's program be the one whose parts have processes of their own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == roleReceive || os.Args[1] == roleSend) {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestEachKindIsMeasured(t *testing.T) {
	const length = 400 * time.Millisecond
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addresses := 1
			if runtime.GOOS == "linux" {
				addresses = 2 // all of 127.0.0.0/8 is there
			}
			r, err := measure(t.Context(), row{What: name, Calls: 2, Addresses: addresses, Length: length, Song: "../testdata/song.mp3"})
			if err != nil {
				t.Fatal(err)
			}
			if r.Row.What != name || r.Packets == 0 || r.CPU <= 0 || r.Wall < length || len(r.Joins) != 2 || r.Gaps.P50 <= 0 {
				t.Errorf("%+v", r)
			}
			if name != "seal" && (len(r.Firsts) != 2 || r.Goroutines <= 0) {
				t.Errorf("%d calls began and there are %d goroutines", len(r.Firsts), r.Goroutines)
			}
			if want := kinds[name].children(2); runtime.GOOS == "linux" && r.Children != want {
				t.Errorf("there are %d child processes, expected %d", r.Children, want)
			}
		})
	}
}

func TestTheOutputIsTheMachineAndATable(t *testing.T) {
	var out, said bytes.Buffer
	if err := run(t.Context(), []string{"-what", "seal,mp3", "-calls", "2", "-for", "1s", "-children", "1"}, nil, &out, &said); err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 5 || !strings.Contains(lines[0], runtime.Version()) || !strings.HasPrefix(lines[4], "| seal and send | 2 |") {
		t.Errorf("the output is:\n%s", &out)
	}
	if !strings.Contains(said.String(), "left out: mp3 with 2 calls would be 2 child processes") {
		t.Errorf("it said:\n%s", &said)
	}
}

func TestWrongFlagsAreRefusedWithWhatWasExpected(t *testing.T) {
	for flags, want := range map[string]string{
		"-what opus,wav":  `-what "wav", expected some of seal, peer, opus`,
		"-calls 0":        `-calls "0", expected numbers of 1 and more`,
		"-calls 1,x":      `-calls "1,x", expected numbers`,
		"-addresses 300":  "-addresses 300, expected 1 to 254",
		"-for 10ms":       "-for 10ms, expected at least 1s",
		"-unheard-of yes": "flag provided but not defined",
	} {
		if _, err := parse(strings.Fields(flags), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, expected %q in it", flags, err, want)
		}
	}
}

func TestThePlanHasTheFloorsOfEachNumberOfCallsFirst(t *testing.T) {
	s, err := parse([]string{"-calls", "5,10", "-what", "opus,peer", "-for", "3s"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range plan(s) {
		got = append(got, r.What)
		if r.Length != 3*time.Second {
			t.Errorf("the length is %v", r.Length)
		}
	}
	if text := strings.Join(got, " "); text != "peer opus peer opus" {
		t.Errorf("the plan is %s", text)
	}
}
