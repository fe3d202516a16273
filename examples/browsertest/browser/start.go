// Package browser drives a headless Chromium and the programs that it looks at, for tests.
package browser

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long anything may take on a busy machine.
const Patience = 60 * time.Second

// names are the programs that will do, in this order. CHROMIUM=/path/to/one wins.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Find skips the test where there is none. With CI set that is a failure.
func Find(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "there is no Chromium in PATH; sh scripts/ensure-chromium.sh installs it, CHROMIUM=/path/to/it names one"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip("SKIPPED:", missing)
	return ""
}

// Browser is a running one.
type Browser struct {
	t   *testing.T
	ctx context.Context // of chromedp
}

// Start starts one, with a profile of its own, until the test is over. Sound is played after a click alone, as people have it.
func Start(t *testing.T) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(Find(t)),
		chromedp.NoSandbox, // it does not work for root
		chromedp.WindowSize(1280, 1000),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // the first one starts it
		t.Fatalf("%v: the browser does not start", err)
	}
	return &Browser{t, ctx}
}
