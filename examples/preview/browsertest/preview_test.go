package browsertest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// preview is the program under test.
type preview struct {
	t       *testing.T
	address string
	cmd     *exec.Cmd
	done    chan error

	mu     sync.Mutex // guards output
	output strings.Builder
}

var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "preview")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "preview")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".")
	build.Dir = ".." // the library's module
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		_, _ = os.Stderr.Write(out)
	}
	return path, err
})

// start runs the program until the test is over.
func start(t *testing.T, args ...string) *preview {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	p := &preview{t: t, cmd: exec.Command(path, args...), done: make(chan error, 1)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	for line := range lines {
		p.keep(line)
		if _, rest, ok := strings.Cut(line, "http://"); ok {
			address, _, _ := strings.Cut(rest, " ")
			p.address = "http://" + address
			break
		}
	}
	if p.address == "" {
		t.Fatalf("the program has ended, %v: %s", p.cmd.Wait(), p.said())
	}
	go func() {
		for line := range lines {
			p.keep(line)
		}
		p.done <- p.cmd.Wait()
	}()
	return p
}

func (p *preview) keep(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output.WriteString(line + "\n")
}

// said is all that it has printed.
func (p *preview) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// stop is Ctrl-C, which ends it without an error.
func (p *preview) stop() {
	if p.address == "" {
		return
	}
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
	if err := <-p.done; err != nil {
		p.t.Errorf("%v after Ctrl-C\n%s", err, p.said())
	}
	p.done <- nil // for a second stop
}

// listen opens the page and joins.
func (p *preview) listen(page *tab) {
	p.t.Helper()
	page.do(chromedp.Navigate(p.address), chromedp.WaitEnabled(chromedp.CSS("#listen")), chromedp.Click(chromedp.CSS("#listen")))
}
