package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestAQuantileIsTheNearestRank(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100-i) * ms
	}
	for _, c := range []struct {
		values []time.Duration
		q      float64
		want   time.Duration
	}{
		{nil, 0.5, 0},
		{[]time.Duration{7 * ms}, 0.99, 7 * ms},
		{[]time.Duration{3 * ms, 1 * ms, 2 * ms}, 0.5, 2 * ms},
		{[]time.Duration{4 * ms, 1 * ms, 2 * ms, 3 * ms}, 0.5, 2 * ms},
		{hundred, 0.5, 50 * ms},
		{hundred, 0.99, 99 * ms},
		{hundred, 1, 100 * ms},
		{hundred, 0, 1 * ms},
	} {
		if got := quantile(c.values, c.q); got != c.want {
			t.Errorf("quantile %v of %d values is %v, expected %v", c.q, len(c.values), got, c.want)
		}
	}
}

func TestPacketsAreTalliedPerCallAndWithinTheWindowOnly(t *testing.T) {
	start := time.Now()
	packet := func(at time.Duration, sequence uint16, timestamp uint32) arrival {
		return arrival{start.Add(at), sequence, timestamp}
	}
	var all tally
	all.add([]arrival{
		packet(-1*ms, 65533, 0), // before
		packet(0, 65534, 4294966336), packet(21*ms, 65535, 0), packet(40*ms, 1, 1920), packet(59*ms, 2, 2880), packet(60*ms, 0, 960),
		packet(101*ms, 3, 3840), // after
	}, start, start.Add(100*ms))
	all.add([]arrival{packet(10*ms, 7, 100), packet(31*ms, 8, 1060)}, start, start.Add(100*ms))
	all.add(nil, start, start.Add(100*ms))
	r := all.report()
	if r.Packets != 7 || r.Lost != 0 {
		t.Errorf("%d packets and %d lost, expected 7 and 0: number 0 came late", r.Packets, r.Lost)
	}
	if want := (gaps{P50: 19 * ms, P99: 21 * ms, Max: 21 * ms}); r.Gaps != want {
		t.Errorf("the gaps are %+v, expected %+v", r.Gaps, want)
	}
	if r.Drift != -1*ms && r.Drift != -20*ms { // of the calls: 20 ms of media in 21; and 40 in 60, for the last packet is the late one
		t.Errorf("the drift is %v", r.Drift)
	}
	var lossy tally
	lossy.add([]arrival{packet(0, 10, 0), packet(60*ms, 13, 2880)}, start, start.Add(100*ms))
	if r := lossy.report(); r.Lost != 2 || r.Drift != 0 {
		t.Errorf("%d lost with a drift of %v, expected 2 with none", r.Lost, r.Drift)
	}
}

func TestCostsAreDividedByPacketsCallsAndTime(t *testing.T) {
	r := result{
		Row: row{Calls: 4}, Wall: 10 * time.Second, CPU: 2 * time.Second, ChildrenCPU: time.Second, ReceiverCPU: 4 * time.Second,
		Packets: 99_000, Lost: 1000, Heap: 400_000, Allocs: 250_000, Busy: -1,
	}
	if got := r.perPacket(); got != 20*time.Microsecond {
		t.Errorf("a packet costs %v, expected 20µs: lost ones were sent, too", got)
	}
	if got := r.allocsPerPacket(); got != 2.5 {
		t.Errorf("a packet costs %v allocations, expected 2.5", got)
	}
	if got := r.perCall(r.Heap); got != 100_000 {
		t.Errorf("a call has %v bytes, expected 100000", got)
	}
	if got := r.cores(r.CPU); got != 0.2 {
		t.Errorf("the sender takes %v cores, expected 0.2", got)
	}
	if got := (result{}).perPacket(); got != 0 {
		t.Errorf("without packets one costs %v", got)
	}
}

func TestAMachineIsSaturatedByBothProcessesTogetherOrByOthers(t *testing.T) {
	second := result{Wall: time.Second, Busy: -1}
	for name, c := range map[string]struct {
		change func(*result)
		want   bool
	}{
		"idle":                        {func(*result) {}, false},
		"busy with half of it":        {func(r *result) { r.CPU = time.Second }, false},
		"sender, children, receiver":  {func(r *result) { r.CPU, r.ChildrenCPU, r.ReceiverCPU = 700*ms, 500*ms, 700*ms }, true},
		"other programs":              {func(r *result) { r.Busy = 0.95 }, true},
		"other programs, with a rest": {func(r *result) { r.Busy = 0.6 }, false},
	} {
		r := second
		c.change(&r)
		if got := r.saturation(2); got != c.want {
			t.Errorf("%s: saturated is %t, expected %t", name, got, c.want)
		}
	}
}

func TestTheTableHasARatioWhereTheFloorWasMeasured(t *testing.T) {
	row := func(what string, calls int, perPacket time.Duration) result {
		return result{
			Row: row{What: what, Calls: calls}, Wall: time.Second, CPU: 100 * perPacket, Packets: 100, Busy: 0.25,
			Joins: []time.Duration{5 * ms}, Firsts: []time.Duration{3 * ms},
		}
	}
	text := table([]result{
		row("seal", 10, 5*time.Microsecond), row("peer", 10, 20*time.Microsecond), row("opus", 10, 25*time.Microsecond), row("opus", 20, 9*time.Microsecond),
	})
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 6 {
		t.Fatalf("the table has %d lines, expected 6:\n%s", len(lines), text)
	}
	for i, want := range []string{
		"|  | calls | µs/packet | × peer |", "| --- | ---: |", "| seal and send | 10 | 5.0 | 0.25 |", "| bare PeerConnection | 10 | 20.0 | 1.00 |",
		"| Opus file | 10 | 25.0 | 1.25 |", "| Opus file | 20 | 9.0 | – |",
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %q, expected %q at its beginning", i, lines[i], want)
		}
		if n := strings.Count(lines[i], "|"); n != len(columns)+1 {
			t.Errorf("line %d has %d columns, expected %d", i, n-1, len(columns))
		}
	}
	if !strings.Contains(lines[2], "| – | – |") || !strings.Contains(lines[4], "| 5.0 / 5.0 | 3.0 / 3.0 |") || !strings.Contains(lines[4], "machine 25 % busy") {
		t.Errorf("joins and load are not as measured:\n%s", text)
	}
}

func TestTheFolderOfProfilesIsMade(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "not", "there")
	stop, err := cpuProfile(row{What: "opus", Calls: 7, Profile: folder})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	for _, name := range []string{"opus-7.cpu", "opus-7.base"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestTheCPUHasAName(t *testing.T) {
	if got := cpuModel("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nmodel name\t: Other\n"); got != "Some CPU @ 3 GHz" {
		t.Errorf("got %q", got)
	}
	if got := cpuModel(""); got != "unknown CPU" {
		t.Errorf("got %q", got)
	}
}
