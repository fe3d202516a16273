package lab

import (
	"encoding/json"
	"fmt"

	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
	"gotgcall/sfutest"
)

// floodRate is how many datagrams a second a flood has.
const floodRate = 50_000

const (
	// maxFlooded is which part of a processor a flooded process may use: less than one.
	maxFlooded = 1.0
	// maxGrowth is how many bytes the heap may be larger afterwards: what a flood of strangers is remembered by is bounded.
	maxGrowth = 2 << 20
)

// TestAFloodAtOurPortDoesNotDisturbTheMedia sends every kind of flood at the port of a call that plays. The sender is a process of its own, so that
// its processor time does not count.
func TestAFloodAtOurPortDoesNotDisturbTheMedia(t *testing.T) {
	required(t)
	leak.Check(t)
	t.Run("a socket of its own", func(t *testing.T) { flooded(t) })
	if full() {
		t.Run("a shared socket", func(t *testing.T) { flooded(t, gotgcall.WithSharedUDPMux()) })
	}
}

func flooded(t *testing.T, options ...gotgcall.Option) {
	length, kinds := time.Second, []string{floodMedia, floodStrangers}
	if full() {
		length, kinds = 2*time.Second, floodKinds
	}
	w := newWire(t)
	server := w.serve(serverPort)
	c := newCall(t, w, options...)
	ep := c.start(server, song{time.Minute})
	quiet := newMeter()
	c.hear(ep, perSecond)
	t.Logf("without a flood: %.1f %% of a processor", quiet.share()*100)
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	for _, kind := range kinds {
		c.endure(ep, kind, int(length/time.Second)*floodRate)
	}
	until(t, "the goroutines that the floods have started to end", func() bool { return runtime.NumGoroutine() <= goroutines+spare })
	grown := int64(heapInUse()) - int64(heap)
	t.Logf("the heap has grown by %d KB", grown>>10)
	if grown > maxGrowth {
		t.Errorf("the heap has grown by %d bytes, expected %d at most", grown, maxGrowth)
	}
	c.reaches(gotgcall.Connected)
	if ends := c.ended(); len(ends) > 0 || slices.Contains(c.history(), gotgcall.Failed) {
		t.Errorf("the states were %v, the ends %q", c.history(), ends)
	}
	for _, v := range server.Violations() {
		t.Errorf("violation: %s", v)
	}
}

// endure has the call flooded once, and measures what that costs.
func (c *call) endure(ep *sfutest.Endpoint, kind string, count int) {
	c.t.Helper()
	arrived := c.wire.rules("iifname %q udp dport "+strconv.Itoa(int(c.port()))+" counter accept", lab.bot)
	before, begin, meter := ep.Stats(ep.AudioSSRC()), time.Now(), newMeter()
	took := c.wire.flood(kind, c.port(), count)
	share := meter.share()
	c.hear(ep, 1)
	after := ep.Stats(ep.AudioSSRC())
	c.t.Logf("%s: %d datagrams arrived in %s; %.1f %% of a processor; %d packets of sound, %d lost, the longest gap %s; states %v", kind,
		arrived.counts(c.t)[0], took.Round(time.Millisecond), share*100, after.Packets-before.Packets, after.Lost-before.Lost, longestGap(ep, begin), c.history())
	arrived.lift()
	if full() && share > maxFlooded { // beside other tests, and under the race detector, it tells of the machine
		c.t.Errorf("%s: the process used %.0f %% of a processor", kind, share*100)
	}
	if after.Lost > before.Lost {
		c.t.Errorf("%s: %d packets of sound were lost", kind, after.Lost-before.Lost)
	}
}

// spare is how many goroutines may be more than before: a timer that happens to run has one.
const spare = 10

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // a pool keeps what it has through one
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// port returns the call's local port.
func (c *call) port() uint16 {
	c.t.Helper()
	local, err := netip.ParseAddrPort(c.link().Local)
	must(c.t, err)
	return local.Port()
}

// flood sends datagrams to a port of the bot's host, from another process on the server's, and returns how long that took.
func (w *wire) flood(kind string, port uint16, count int) time.Duration {
	w.t.Helper()
	var report floodReport
	must(w.t, lab.server.do(func() error {
		order, err := json.Marshal(floodOrder{
			Kind: kind, Count: count, Rate: floodRate,
			From: netip.AddrPortFrom(w.server, serverPort), To: netip.AddrPortFrom(w.bot, port),
		})
		if err != nil {
			return err
		}
		cmd := exec.Command("/proc/self/exe", string(order))
		cmd.Env = append(os.Environ(), roleVariable+"="+roleFlood)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("the flood: %w: %s", err, out)
		}
		return json.Unmarshal(out, &report)
	}))
	return report.Took
}

// longestGap returns the longest time between two packets of sound since a moment.
func longestGap(ep *sfutest.Endpoint, since time.Time) (longest time.Duration) {
	records := ep.Records(ep.AudioSSRC())
	for i, p := range records[1:] {
		if p.Arrival.After(since) {
			longest = max(longest, p.Arrival.Sub(records[i].Arrival))
		}
	}
	return longest.Round(time.Millisecond)
}
