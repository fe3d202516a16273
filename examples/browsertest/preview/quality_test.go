package preview

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall/examples/browsertest/browser"
)

// figures are what receiver.js finds between two moments.
type figures struct {
	Seconds          float64 `json:"seconds"`
	Samples          float64 `json:"samples"`
	ConcealedSamples float64 `json:"concealedSamples"`
	StretchedSamples float64 `json:"stretchedSamples"`
	AudioLost        float64 `json:"audioLost"`
	VideoLost        float64 `json:"videoLost"`
	FramesDecoded    float64 `json:"framesDecoded"`
	FramesDropped    float64 `json:"framesDropped"`
	Freezes          float64 `json:"freezes"`
	AudioReports     float64 `json:"audioReports"`
	VideoReports     float64 `json:"videoReports"`
	AudioRate        float64 `json:"audioRate"`
	VideoRate        float64 `json:"videoRate"`
	AudioDelay       float64 `json:"audioDelay"`
	VideoDelay       float64 `json:"videoDelay"`

	Offset *float64 `json:"offset"` // of the last moment alone
}

// TestQuality measures what Chromium receives of a film. It takes QUALITY=60s, and FILM=path for another film than its own; without QUALITY it is
// skipped. The figures are for docs/QUALITY.md: a busy machine spoils them, so nothing but their existence is a condition.
func TestQuality(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("QUALITY"))
	if err != nil {
		t.Skip("it measures only with QUALITY=60s, or another duration; make quality does that")
	}
	const warmUp = 5 * time.Second // the first pictures, and a jitter buffer that finds its depth
	name := os.Getenv("FILM")
	switch {
	case name == "":
		name = film(t, strconv.Itoa(int((length + 4*warmUp).Seconds())))
	case !filepath.IsAbs(name) && !strings.Contains(name, "://"):
		name = filepath.Join("../../..", name) // make runs in the project's folder
	}
	load := loadNow()
	p := open(t)
	start(t, name).listen(p)
	p.Until(connected)
	p.Until(video + ".framesDecoded > 30")
	browser.Eval[bool](p.Tab, "(async () => { globalThis.first = await preview.totals(); return true })()")
	sinceFirst := func() figures {
		return browser.Eval[figures](p.Tab, "(async () => preview.between(first, await preview.totals()))()")
	}
	for sinceFirst().Seconds < warmUp.Seconds() {
		time.Sleep(100 * time.Millisecond) // this is a measurement: the time is the point
	}
	begin := sinceFirst()
	browser.Eval[bool](p.Tab, "(async () => { globalThis.first = await preview.totals(); return true })()")
	beside := startTicker(t)
	var offsets []float64
	var f figures
	var notes strings.Builder
	var lastLate time.Duration // of the half second before: the browser tells of what was concealed a little later
	for f.Seconds < length.Seconds() {
		time.Sleep(500 * time.Millisecond)
		before := f.ConcealedSamples
		if f = sinceFirst(); f.Offset != nil {
			offsets = append(offsets, *f.Offset)
		}
		late := beside.worst()
		if f.ConcealedSamples > before {
			fmt.Fprintf(&notes, "\nat %.1f s %.0f samples were concealed; beside it the bare ticker was late by %.1f ms",
				f.Seconds, f.ConcealedSamples-before, max(late, lastLate).Seconds()*1000)
		}
		lastLate = late
	}
	if f.Samples == 0 || f.FramesDecoded == 0 || len(offsets) == 0 {
		t.Fatalf("nothing to measure: %+v", f)
	}
	t.Logf("%s, %d processors, load %s at the beginning and %s at the end\n%s%s", version(t), runtime.NumCPU(), load, loadNow(),
		table(f, begin, offsets, beside.ever), notes.String())
	t.Logf("the library says:\n%s", p.Text("#stats")) // gaps and pictures that were too late tell of a machine that was busy
	p.Screenshot("preview-quality")
}

// ticker is the bare ticker of a process that does nothing else: how late it is tells of the machine.
type ticker struct {
	ever time.Duration // owned by the test

	mu    sync.Mutex // guards since
	since time.Duration
}

// startTicker starts one that ends with the test.
func startTicker(t *testing.T) *ticker {
	k := &ticker{}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { k.run(done) })
	t.Cleanup(func() { close(done); running.Wait() })
	return k
}

func (k *ticker) run(done <-chan struct{}) {
	const every = 10 * time.Millisecond // as often as a browser's sound device asks for samples
	due := time.Now()
	for {
		due = due.Add(every)
		select {
		case <-done:
			return
		case <-time.After(time.Until(due)):
		}
		late := time.Since(due)
		k.mu.Lock()
		k.since = max(k.since, late)
		k.mu.Unlock()
	}
}

// worst is how late it was at most since the last time it was asked.
func (k *ticker) worst() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	worst := k.since
	k.since = 0
	k.ever = max(k.ever, worst)
	return worst
}

// table are the figures as docs/QUALITY.md has them. warm is the time before, late the bare ticker's worst.
func table(f, warm figures, offsets []float64, late time.Duration) string {
	slices.Sort(offsets)
	far := max(math.Abs(offsets[0]), math.Abs(offsets[len(offsets)-1]))
	percent := func(part float64) string {
		return fmt.Sprintf("%.0f of %.0f, %.3f %%", part, f.Samples, 100*part/f.Samples)
	}
	var s strings.Builder
	row := func(what, wanted, got string) { fmt.Fprintf(&s, "| %s | %s | %s |\n", what, wanted, got) }
	fmt.Fprintf(&s, "| over %.0f s | wanted | measured |\n|---|---|---|\n", f.Seconds)
	row("samples stretched", "0.1 % at most", percent(f.StretchedSamples))
	row("samples concealed", "0", percent(f.ConcealedSamples))
	row("freezes of the picture", "0", fmt.Sprintf("%.0f", f.Freezes))
	row("Sender Reports, sound and picture", "one each second", fmt.Sprintf("%.2f and %.2f", f.AudioReports/f.Seconds, f.VideoReports/f.Seconds))
	row("sound ahead of picture", "40 ms at most", fmt.Sprintf("%.0f ms in the median, %.0f at the farthest", offsets[len(offsets)/2], far))
	row("packets lost, sound and picture", "0", fmt.Sprintf("%.0f and %.0f", f.AudioLost, f.VideoLost))
	row("pictures decoded, dropped by the browser", "", fmt.Sprintf("%.1f/s, %.0f", f.FramesDecoded/f.Seconds, f.FramesDropped))
	row("in the jitter buffer, sound and picture", "", fmt.Sprintf("%.0f ms and %.0f ms", f.AudioDelay, f.VideoDelay))
	row("bit rate, sound and picture", "", fmt.Sprintf("%.0f and %.0f kbit/s", f.AudioRate, f.VideoRate))
	row("a bare ticker beside it, late at most", "", fmt.Sprintf("%.1f ms", late.Seconds()*1000))
	row(fmt.Sprintf("in the %.0f s before: stretched, concealed", warm.Seconds), "", fmt.Sprintf("%.0f and %.0f samples", warm.StretchedSamples, warm.ConcealedSamples))
	return s.String()
}

// loadNow is how many processes wanted a processor in the last minute, where the system tells.
func loadNow() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(text))[0]
}

// version is the browser's.
func version(t *testing.T) string {
	t.Helper()
	out, err := exec.Command(browser.Find(t), "--version").Output()
	if err != nil {
		return filepath.Base(browser.Find(t))
	}
	return strings.TrimSpace(string(out))
}
