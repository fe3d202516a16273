// Package preview tests examples/preview in a browser.
package preview

import (
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"gotgcall/examples/browsertest/browser"
)

var program = browser.NewMain("../../preview")

func TestMain(m *testing.M) { os.Exit(program.Test(m)) }

// preview is the program under test.
type preview struct {
	*browser.Program
	address string
}

// start runs the program until the test is over.
func start(t *testing.T, args ...string) *preview {
	t.Helper()
	return startIn(t, nil, args...)
}

// startIn does so with changes to its environment.
func startIn(t *testing.T, env []string, args ...string) *preview {
	t.Helper()
	p := &preview{Program: browser.Run(t, env, program.Path(t), args...)}
	p.address = "http://" + p.Says("http://")
	return p
}

// listen opens the page and joins.
func (p *preview) listen(page tab) {
	page.Do(chromedp.Navigate(p.address), chromedp.WaitEnabled(chromedp.CSS("#listen")), chromedp.Click(chromedp.CSS("#listen")))
}

// tab is the program's page.
type tab struct{ *browser.Tab }

// open starts a browser with an empty page.
func open(t *testing.T) tab {
	t.Helper()
	return tab{browser.Start(t).NewTab()}
}

// press clicks one of the buttons below the picture.
func (p tab) press(name string) {
	p.Do(chromedp.Click(chromedp.CSS("#transport [data-do=" + name + "]")))
}

// slide moves a slider to a value.
func (p tab) slide(id, value string) {
	browser.Eval[bool](p.Tab, fmt.Sprintf("(() => { const s = document.getElementById(%q); s.value = %q; s.dispatchEvent(new Event('input')); "+
		"return s.dispatchEvent(new Event('change')) })()", id, value))
}
