package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is a page in a browser.
type Tab struct {
	t   *testing.T
	ctx context.Context // of chromedp: the page

	mu      sync.Mutex // guards console
	console []string   // warnings and errors
}

// NewTab opens an empty page.
func (b *Browser) NewTab() *Tab {
	b.t.Helper()
	p := &Tab{t: b.t}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithListener(p.hear))
	b.t.Cleanup(cancel)
	p.ctx = ctx
	if _, err := chromedp.Call(ctx, log.Enable, struct{}{}); err != nil {
		b.t.Fatal(err)
	}
	return p
}

// hear keeps what the page complains of.
func (p *Tab) hear(e any) {
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

// Silent fails when the console has anything to show.
func (p *Tab) Silent() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.console {
		p.t.Errorf("the console says: %s", line)
	}
}

// Do runs actions one after the other.
func (p *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.Text("body"))
	}
}

// Eval evaluates an expression, and waits for it where it is a promise.
func Eval[T any](p *Tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%v, from %s", err, expression)
	}
	return value
}

// Text is what a person can read of an element.
func (p *Tab) Text(selector string) string {
	p.t.Helper()
	return Eval[string](p, "document.querySelector('"+selector+"').innerText")
}

// Until waits for a condition in JavaScript.
func (p *Tab) Until(condition string) {
	p.t.Helper()
	deadline := time.Now().Add(Patience)
	for !Eval[bool](p, "(async () => !!("+condition+"))()") {
		if time.Now().After(deadline) {
			p.t.Fatalf("after %v still not: %s\n%s", Patience, condition, p.Text("body"))
		}
		<-time.After(100 * time.Millisecond)
	}
}

// Grows waits until a figure is so much larger than now.
func (p *Tab) Grows(figure string, by int) {
	p.t.Helper()
	now := Eval[float64](p, "(async () => "+figure+" ?? 0)()")
	p.Until(fmt.Sprintf("%s > %f", figure, now+float64(by)))
}

// StaysAtHome fails when the page has asked another host for anything.
func (p *Tab) StaysAtHome() {
	p.t.Helper()
	away := Eval[string](p, "performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith(location.origin + '/')).join(' ')")
	if away != "" {
		p.t.Errorf("the page has asked for %s", away)
	}
}

// Context is chromedp's of the page, for what Tab has no method for.
func (p *Tab) Context() context.Context { return p.ctx }

// Screenshot keeps a picture of the whole page for people to look at, and says where: in the folder ARTIFACTS, or in the system's temporary one.
func (p *Tab) Screenshot(name string) {
	p.t.Helper()
	dir := os.Getenv("ARTIFACTS")
	if dir == "" {
		dir = os.TempDir()
	}
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	path := filepath.Join(dir, "gotgcall-"+name+".png")
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.t.Logf("screenshot: %s", path)
}

// Dark makes it the page of somebody who likes it dark.
func (p *Tab) Dark() {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// Before runs a script in every page that is opened from now on, before its own.
func (p *Tab) Before(script string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	if err != nil {
		p.t.Fatal(err)
	}
}
