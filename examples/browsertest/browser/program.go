package browser

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Main is the main package of an example, compiled when it is first needed.
type Main struct {
	folder string // of its source
	build  func() (string, error)

	dir string // of what was compiled; owned by build, and after the tests by Test
}

// NewMain names the folder of a main package.
func NewMain(folder string) *Main {
	m := &Main{folder: folder}
	m.build = sync.OnceValues(m.compile)
	return m
}

func (m *Main) compile() (path string, err error) {
	if m.dir, err = os.MkdirTemp("", "browsertest"); err != nil {
		return "", err
	}
	path = filepath.Join(m.dir, filepath.Base(m.folder))
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".")
	build.Dir = m.folder
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, said)
	}
	return path, nil
}

// Path is the program's.
func (m *Main) Path(t *testing.T) string {
	t.Helper()
	path, err := m.build()
	if err != nil {
		t.Fatalf("building %s: %v", m.folder, err)
	}
	return path
}

// Test runs a package's tests and removes the program after them; it is for TestMain.
func (m *Main) Test(tests *testing.M) int {
	code := tests.Run()
	if m.dir != "" {
		if err := os.RemoveAll(m.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// Program is a program under test while it runs.
type Program struct {
	t    *testing.T
	cmd  *exec.Cmd
	keys io.WriteCloser
	over chan struct{} // closed when it has ended
	err  error         // of its end; read after over

	mu      sync.Mutex // guards what follows
	output  strings.Builder
	changed chan struct{} // closed and made anew with each line
}

// Run starts a program until the test is over. env is added to this process's.
func Run(t *testing.T, env []string, path string, args ...string) *Program {
	t.Helper()
	p := &Program{t: t, cmd: exec.Command(path, args...), over: make(chan struct{}), changed: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.keys, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(out)
	t.Cleanup(p.Stop)
	return p
}

// read keeps what it prints, until it has ended.
func (p *Program) read(out io.Reader) {
	defer close(p.over)
	for s := bufio.NewScanner(out); s.Scan(); {
		p.mu.Lock()
		p.output.WriteString(s.Text() + "\n")
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
	}
	p.err = p.cmd.Wait()
}

// Said is all that it has printed.
func (p *Program) Said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// Says waits for a text and returns what follows it up to white space.
func (p *Program) Says(text string) string {
	p.t.Helper()
	late := time.After(Patience)
	for {
		p.mu.Lock()
		said, changed := p.output.String(), p.changed
		p.mu.Unlock()
		if _, rest, ok := strings.Cut(said, text); ok {
			return strings.Fields(rest + " .")[0]
		}
		select {
		case <-changed:
		case <-p.over:
			p.t.Fatalf("the program has ended, %v, without saying %q: %s", p.err, text, p.Said())
		case <-late:
			p.t.Fatalf("after %v the program has not said %q: %s", Patience, text, p.Said())
		}
	}
}

// Type sends it keys.
func (p *Program) Type(keys string) {
	p.t.Helper()
	if _, err := io.WriteString(p.keys, keys); err != nil {
		p.t.Fatalf("the program does not take %q: %v: %s", keys, err, p.Said())
	}
}

// Stop is Ctrl-C, which ends it without an error.
func (p *Program) Stop() {
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
	select {
	case <-p.over:
	case <-time.After(Patience):
		p.t.Errorf("the program still runs, %v after Ctrl-C\n%s", Patience, p.Said())
		_ = p.cmd.Process.Kill()
		<-p.over
	}
	if p.err != nil {
		p.t.Errorf("%v after Ctrl-C\n%s", p.err, p.Said())
	}
}

// Command runs a program to its end.
func Command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}
