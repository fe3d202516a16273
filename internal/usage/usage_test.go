package usage

import (
	"testing"
	"time"
)

func TestProcStatIsReadBehindANameWithParentheses(t *testing.T) {
	const text = "4711 (a ) b (c) S 42 1 1 0 -1 4194560 100 200 0 0 7 3 90 91 20 0 3 0 100 1000 50\n"
	if s, ok := parseProcStat([]byte(text)); !ok || s.parent != 42 || s.cpu != 100*time.Millisecond {
		t.Errorf("got %+v, %t, expected parent 42 and 100ms", s, ok)
	}
	for _, bad := range []string{"", "1 (x)", "1 (x) S a 1 1 0 -1 0 0 0 0 0 7 3", "1 (x) S 1 1 1 0 -1 0 0 0 0 0 7 x"} {
		if s, ok := parseProcStat([]byte(bad)); ok {
			t.Errorf("%q gives %+v", bad, s)
		}
	}
}

func TestTheMachinesTimeIsBusyButForIdlingAndWaiting(t *testing.T) {
	before := parseMachineTime("cpu  10 0 10 80 0 0 0 0 5 5\ncpu0 …")
	after := parseMachineTime("cpu  20 0 15 160 10 0 5 0 9 9\n")
	if got := after.Since(before); got < 0.1818 || got > 0.1819 {
		t.Errorf("the machine was busy for %v of the time, expected 20 of 110", got)
	}
	for _, unknown := range []string{"", "cpu 1 2", "cpu  a 0 10 80 0 0 0 0 5 5"} {
		if t0 := parseMachineTime(unknown); t0 != (MachineTime{}) {
			t.Errorf("%q gives %+v", unknown, t0)
		}
	}
	if got := (MachineTime{}).Since(MachineTime{}); got != -1 {
		t.Errorf("of an unknown machine the part is %v, expected -1", got)
	}
}

func TestThisProcessUsesCPUTimeAndHasDescriptors(t *testing.T) {
	before, err := CPUTime()
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for after := before; after <= before; {
		if time.Now().After(deadline) {
			t.Fatal("30 s of work took no CPU time")
		}
		if after, err = CPUTime(); err != nil {
			t.Fatal(err)
		}
	}
	if n := OpenDescriptors(); n != 0 && n < 3 {
		t.Errorf("%d descriptors are open, expected the three standard ones at least, or 0 where that is not known", n)
	}
}

func FuzzParseProcStat(f *testing.F) {
	f.Add([]byte("1 (x) S 1 1 1 0 -1 0 0 0 0 0 7 3"))
	f.Fuzz(func(_ *testing.T, text []byte) { parseProcStat(text) })
}

func FuzzParseMachineTime(f *testing.F) {
	f.Add("cpu  10 0 10 80 0 0 0 0 5 5\n")
	f.Fuzz(func(_ *testing.T, text string) { parseMachineTime(text) })
}
