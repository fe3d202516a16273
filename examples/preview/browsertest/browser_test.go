package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long anything may take on a busy machine.
const patience = 60 * time.Second

// browserNames are the programs that will do, in this order. CHROMIUM=/path/to/one wins.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// findBrowser skips the test where there is none. With CI set that is a failure.
func findBrowser(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, name := range browserNames {
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

// startBrowser starts a headless Chromium with a profile of its own. The click on Listen is what allows it to play sound.
func startBrowser(t *testing.T, flags ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(findBrowser(t)),
		chromedp.NoSandbox, // it does not work for root
		chromedp.WindowSize(1280, 1000),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(options, flags...)...)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // the first one starts it
		t.Fatalf("%v: the browser does not start", err)
	}
	return ctx
}

// tab is a page in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu      sync.Mutex // guards console
	console []string   // warnings and errors
}

func newTab(t *testing.T, browser context.Context) *tab {
	t.Helper()
	p := &tab{t: t}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(p.hear))
	t.Cleanup(cancel)
	p.ctx = ctx
	if _, err := chromedp.Call(ctx, log.Enable, struct{}{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// hear keeps what the page complains of.
func (p *tab) hear(e any) {
	var line string
	switch e := e.(type) {
	case *runtime.EventExceptionThrown:
		line = e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			line += " " + x.Description
		}
	case *runtime.EventConsoleAPICalled:
		line = "console." + string(e.Type)
		for _, a := range e.Args {
			line += " " + string(a.Value) + a.Description
		}
	case *log.EventEntryAdded:
		line = strings.Join([]string{string(e.Entry.Level), e.Entry.Text, e.Entry.URL}, " ")
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.console = append(p.console, line)
}

// silent fails when the console has anything to show.
func (p *tab) silent() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.console {
		p.t.Errorf("the console says: %s", line)
	}
}

// do runs actions one after the other.
func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.text("body"))
	}
}

// get is one action's value.
func get[T any](p *tab, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// eval evaluates an expression, and waits for it where it is a promise.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	return get(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// text is what a person can read of an element.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return eval[string](p, "document.querySelector('"+selector+"').innerText")
}

// until waits for a condition in JavaScript.
func (p *tab) until(condition string) {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for !eval[bool](p, "(async () => !!("+condition+"))()") {
		if time.Now().After(deadline) {
			p.t.Fatalf("after %v still not: %s\n%s", patience, condition, p.text("body"))
		}
		<-time.After(100 * time.Millisecond)
	}
}

// grows waits until a figure is so much larger than now.
func (p *tab) grows(figure string, by int) {
	p.t.Helper()
	now := eval[float64](p, "(async () => "+figure+" ?? 0)()")
	p.until(fmt.Sprintf("%s > %f", figure, now+float64(by)))
}

// press clicks one of the buttons below the picture.
func (p *tab) press(name string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS("#transport [data-do=" + name + "]")))
}

// slide moves a slider to a value.
func (p *tab) slide(id, value string) {
	p.t.Helper()
	eval[bool](p, fmt.Sprintf("(() => { const s = document.getElementById(%q); s.value = %q; s.dispatchEvent(new Event('input')); "+
		"return s.dispatchEvent(new Event('change')) })()", id, value))
}

// staysAtHome fails when the page has asked another host for anything.
func (p *tab) staysAtHome() {
	p.t.Helper()
	away := eval[string](p, "performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith(location.origin + '/')).join(' ')")
	if away != "" {
		p.t.Errorf("the page has asked for %s", away)
	}
}

// command runs a program.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}
