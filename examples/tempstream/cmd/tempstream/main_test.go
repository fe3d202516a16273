package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall/examples/tempstream/internal/testkit"
	"gotgcall/internal/leak"
)

// shell runs commands with the same settings.
type shell struct {
	t       *testing.T
	environ map[string]string
}

func newShell(t *testing.T) *shell {
	return &shell{t, map[string]string{"DB_PATH": filepath.Join(t.TempDir(), "db.sqlite"), "BASE_URL": "https://live.example.org", "ADMIN_ADDR": testkit.FreeAddr(t)}}
}

func (s *shell) run(args ...string) (code int, stdout, stderr string) {
	var out, complaint bytes.Buffer
	code = run(s.t.Context(), program{s.environ, strings.NewReader(""), &out, &complaint}, args)
	return code, out.String(), complaint.String()
}

// good runs a command that succeeds and returns what it prints.
func (s *shell) good(args ...string) string {
	s.t.Helper()
	code, out, complaint := s.run(args...)
	if code != exitGood || complaint != "" {
		s.t.Fatalf("%v: exit code %d, %s", args, code, complaint)
	}
	return out
}

func TestLinksAreMadeListedAndSwitchedOff(t *testing.T) {
	leak.Check(t)
	s := newShell(t)
	if out := s.good("link", "new", "--ttl", "2h", "--label", "friends", "--viewers", "5"); !regexp.MustCompile(
		`^https://live\.example\.org/live/stream/[A-Za-z0-9_-]{32}\nlink 1, until .* UTC; the address is not shown again\n$`).MatchString(out) {
		t.Errorf("got %q", out)
	}
	s.good("link", "new", "--permanent")
	s.good("link", "new")
	list := s.good("link", "list")
	for _, line := range []string{`(?m)^1 +until .* +5 at most +command line +friends$`, `(?m)^2 +permanent +any number +command line *$`, `(?m)^3 +until `} {
		if !regexp.MustCompile(line).MatchString(list) {
			t.Errorf("no %s in\n%s", line, list)
		}
	}
	if out := s.good("link", "off", "1"); out != "link 1 is off\n" {
		t.Errorf("got %q", out)
	}
	if out := s.good("link", "off", "--latest"); out != "link 3 is off\n" {
		t.Errorf("got %q", out)
	}
	if code, _, complaint := s.run("link", "off", "1"); code != exitBad || !strings.Contains(complaint, "link list") {
		t.Errorf("switched off twice: %d %s", code, complaint)
	}
}

func TestKeysAreMadeListedAndRevoked(t *testing.T) {
	leak.Check(t)
	s := newShell(t)
	if code, out, complaint := s.run("key", "new", "anna"); code != exitGood || !strings.Contains(complaint, "MEDIA=mediamtx") ||
		!regexp.MustCompile(`^[A-Za-z0-9_-]{32}\nkey 1 of anna; it is not shown again\n$`).MatchString(out) {
		t.Errorf("%d %q %q", code, out, complaint)
	}
	s.environ["MEDIA"], s.environ["MEDIAMTX_HLS_BASE_URL"], s.environ["MEDIAMTX_HLS_CDN_SECRET"] = "mediamtx", "http://127.0.0.1:8888", "0123456789abcdef"
	if out := s.good("key", "new", "boris"); !strings.Contains(out, "rtmp://HOST:1935/live/stream?user=boris&pass=KEY\n") {
		t.Errorf("got %q", out)
	}
	if out := s.good("key", "revoke", "1"); out != "key 1 of anna is revoked\n" {
		t.Errorf("got %q", out)
	}
	if list := s.good("key", "list"); strings.Contains(list, "anna") || !strings.Contains(list, "boris") {
		t.Errorf("got %q", list)
	}
	if code, _, complaint := s.run("key", "revoke", "1"); code != exitBad || !strings.Contains(complaint, "key list") {
		t.Errorf("revoked twice: %d %s", code, complaint)
	}
}

func TestWhatCannotBeUsedIsOneLineWithTheFix(t *testing.T) {
	leak.Check(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		args  string
		set   [2]string
		code  int
		parts []string
	}{
		{"", [2]string{}, exitUnusable, []string{"demo or serve"}},
		{"stream", [2]string{}, exitUnusable, []string{`"stream"`}},
		{"link", [2]string{}, exitUnusable, []string{"link list"}},
		{"link make", [2]string{}, exitUnusable, []string{`"make"`}},
		{"link new --ttl soon", [2]string{}, exitUnusable, []string{"-ttl", `"soon"`, "1h"}},
		{"link new --ttl 1s", [2]string{}, exitUnusable, []string{"-ttl", `"1s"`, "30m"}},
		{"link new --ttl 1h --permanent", [2]string{}, exitUnusable, []string{"--ttl", "--permanent"}},
		{"link new --viewers many", [2]string{}, exitUnusable, []string{"-viewers", `"many"`}},
		{"link new --viewers -1", [2]string{}, exitUnusable, []string{"--viewers 5"}},
		{"link new --label " + strings.Repeat("x", maxLabel+1), [2]string{}, exitUnusable, []string{"--label", "100"}},
		{"link new now", [2]string{}, exitUnusable, []string{"arguments"}},
		{"link new", [2]string{"BASE_URL", ""}, exitUnusable, []string{"BASE_URL", "https://"}},
		{"link new", [2]string{"BASE_URL", "live.example.org"}, exitUnusable, []string{"BASE_URL", `"live.example.org"`, "https://"}},
		{"link new", [2]string{"DB_PATH", filepath.Join(t.TempDir(), "none", "db.sqlite")}, exitBad, []string{"DB_PATH", "may write to"}},
		{"link off", [2]string{}, exitUnusable, []string{"--latest"}},
		{"link off 1 --latest", [2]string{}, exitUnusable, []string{"--latest"}},
		{"link off one", [2]string{}, exitUnusable, []string{`"one"`}},
		{"key new", [2]string{}, exitUnusable, []string{"operator's name"}},
		{"key new anna&boris", [2]string{}, exitUnusable, []string{`"anna&boris"`, "letters"}},
		{"key revoke anna", [2]string{}, exitUnusable, []string{`"anna"`, "number"}},
		{"serve now", [2]string{}, exitUnusable, []string{"arguments"}},
		{"serve", [2]string{"BASE_URL", ""}, exitUnusable, []string{"BASE_URL"}},
		{"serve", [2]string{"RTMP_ADDR", ":1935"}, exitUnusable, []string{"RTMP_ADDR", "checks no stream key"}},
		{"serve", [2]string{"HTTP_ADDR", taken.Addr().String()}, exitBad, []string{"HTTP_ADDR", "port that is free"}},
		{"status", [2]string{}, exitBad, []string{"ADMIN_ADDR", "tempstream serve"}},
		{"demo one.mp4 two.mp4", [2]string{}, exitUnusable, []string{"one film"}},
		{"demo /none/film.mp4", [2]string{}, exitBad, []string{"film", "/none/film.mp4"}},
	} {
		s := newShell(t)
		if c.set[0] != "" {
			s.environ[c.set[0]] = c.set[1]
		}
		code, _, complaint := s.run(strings.Fields(c.args)...)
		if code != c.code || strings.Count(complaint, "\n") != 1 || !strings.HasPrefix(complaint, "tempstream: ") {
			t.Errorf("%s: exit code %d, %s", c.args, code, complaint)
		}
		for _, part := range c.parts {
			if !strings.Contains(complaint, part) {
				t.Errorf("%s: no %q in %s", c.args, part, complaint)
			}
		}
	}
	s := newShell(t)
	if out := s.good("--help"); out != usage {
		t.Errorf("help: %s", out)
	}
}

// background runs a command until stop is called, which returns its exit code.
func (s *shell) background(stdin io.Reader, args ...string) (stdout, stderr *testkit.Buffer, stop func() int) {
	stdout, stderr = &testkit.Buffer{}, &testkit.Buffer{}
	ctx, cancel := context.WithCancel(context.Background())
	code := make(chan int, 1)
	go func() { code <- run(ctx, program{s.environ, stdin, stdout, stderr}, args) }()
	stop = sync.OnceValue(func() int {
		cancel()
		return <-code
	})
	s.t.Cleanup(func() {
		stop()
		if s.t.Failed() {
			s.t.Logf("%s\n%s", stdout, stderr)
		}
	})
	return stdout, stderr, stop
}

// waitFor waits until a command has printed something, and returns it.
func waitFor(t *testing.T, in *testkit.Buffer, what string) string {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(testkit.Patience)
	for {
		if found := regexp.MustCompile(what).FindString(in.String()); found != "" {
			return found
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no %s in\n%s", what, in)
		}
	}
}

func TestAServiceThatRunsTellsItsStatusAndStopsPolitely(t *testing.T) {
	leak.Check(t)
	s := newShell(t)
	s.environ["HTTP_ADDR"], s.environ["RTMP_ADDR"] = "127.0.0.1:0", testkit.FreeAddr(t)
	_, log, stop := s.background(nil, "serve")
	waitFor(t, log, `"msg":"serving"`)
	if out := s.good("status"); !regexp.MustCompile(`^stream +waiting since .*\nviewers +0\nready +yes\n$`).MatchString(out) {
		t.Errorf("got %q", out)
	}
	if code := stop(); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestTheDemoIsWatchedPausedResumedAndStopped(t *testing.T) {
	leak.Check(t)
	s := newShell(t)
	keys, press := io.Pipe()
	defer press.Close()
	out, _, stop := s.background(keys, "demo", "--addr", "127.0.0.1:0")
	url := waitFor(t, out, `http://\S+`)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	page, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	base, _, _ := strings.Cut(url, "/live/")
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/play/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	ask.AddCookie(page.Cookies()[0])
	events, err := client.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	heard := &testkit.Buffer{}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(heard, events.Body)
		ended <- err
	}()
	for _, step := range [][2]string{{"", "live"}, {"p\n", "paused"}, {"r\n", "live.*\n\n(.*\n)*.*paused.*\n\n(.*\n)*.*live"}, {"q\n", "ended"}} {
		if _, err := io.WriteString(press, step[0]); err != nil {
			t.Fatal(err)
		}
		waitFor(t, heard, step[1])
	}
	if err := <-ended; err != nil {
		t.Errorf("the events: %v", err)
	}
	if code := stop(); code != exitGood || !strings.Contains(out.String(), "stopped") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
